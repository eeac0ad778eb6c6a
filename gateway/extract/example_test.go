package extract_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/extract"
	"letterbox/models"
)

func example(t *testing.T, name string) models.Profile {
	t.Helper()
	all, err := extract.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if strings.HasPrefix(p.Name, name) {
			return p
		}
	}
	t.Fatalf("no example %q", name)
	return models.Profile{}
}

func fieldsOf(o *extract.Outcome) []string {
	var out []string
	for _, f := range o.Fields {
		out = append(out, f.Name+"="+f.Value)
	}
	return out
}

func TestExamplesHaveNothingDoubtfulButTheirKey(t *testing.T) {
	all, err := extract.Examples()
	if err != nil || len(all) < 3 {
		t.Fatalf("%d examples, %v", len(all), err)
	}
	x := models.Extraction{Profiles: all, Correlate: models.Correlation{By: "field"}}
	if got := extract.Lint(x); len(got) != 0 {
		t.Errorf("Lint = %v", got)
	}
}

func TestExampleReadsDispatchXML(t *testing.T) {
	raw, err := os.ReadFile("testdata/eroeffnung.xml")
	if err != nil {
		t.Fatal(err)
	}
	o := run(t, example(t, "Einsatzdaten als XML"), extract.Source{Subject: "Einsatz", Text: "siehe Anlage", Files: []extract.File{{Name: "einsatz.XML", Data: raw}}}).Outcome
	if o == nil {
		t.Fatal("no match")
	}
	want := []string{
		"Einsatznummer=2026-11-00412", "Stichwort=B2 Wohnungsbrand", "Meldebild=Rauch aus Fenster im 2. OG & Brandgeruch", "Straße=Musterstraße",
		"Hausnummer=12a", "Gemeinde=Neudorf", "Breite=50.1234", "Länge=7.5678", "Koordinaten=50.123400, 7.567800",
		"Einsatzmittel=LZ1, Gruppe 2, DLK 23", "Alarmzeit=2026-11-21 14:05 +01:00", "Dringlichkeit=1",
	}
	if diff := cmp.Diff(fieldsOf(o), want); diff != "" {
		t.Errorf("fields (-got +want):\n%s", diff)
	}
	if o.Title != "B2 Wohnungsbrand – Musterstraße 12a, Neudorf" || o.Key != "2026-11-00412" || o.Priority == nil || *o.Priority != models.PriorityUrgent {
		t.Errorf("outcome = %+v", o)
	}
	if diff := cmp.Diff(o.Labels, []string{"B2 Wohnungsbrand", "LZ1", "Gruppe 2", "DLK 23"}); diff != "" {
		t.Errorf("labels (-got +want):\n%s", diff)
	}
}

func TestExampleReadsPlainDispatchText(t *testing.T) {
	text := "Alarm der Leitstelle\n\nStichwort: H1 Ölspur\nOrt: Hauptstraße 5, 12345 Neudorf\nEinsatznummer: 4711/26\nEinheiten: LF 10; RW\nBeginn: 21.11.2026 14:05\nKoordinaten: 50,1234 7,5678\n"
	o := run(t, example(t, "Stichwort / Ort / Nummer"), extract.Source{Subject: "Alarm", Text: text}).Outcome
	if o == nil {
		t.Fatal("no match")
	}
	want := []string{"Stichwort=H1 Ölspur", "Ort=Hauptstraße 5, 12345 Neudorf", "Nummer=4711/26", "Einheiten=LF 10, RW", "Beginn=2026-11-21 14:05", "Koordinaten=50.123400, 7.567800"}
	if diff := cmp.Diff(fieldsOf(o), want); diff != "" {
		t.Errorf("fields (-got +want):\n%s", diff)
	}
	if o.Title != "H1 Ölspur – Hauptstraße 5, 12345 Neudorf" || o.Key != "4711/26" {
		t.Errorf("title %q, key %q", o.Title, o.Key)
	}
}

func TestExampleReadsMonitoringJSON(t *testing.T) {
	file := `{"alert":{"id":"a-17","service":"mail queue","host":{"name":"mx1"},"severity":"critical","tags":["mail","night"]},"metrics":[{"name":"load","value":12.5}]}`
	o := run(t, example(t, "Monitoring"), extract.Source{Subject: "alert", Files: []extract.File{{Name: "alert.json", Data: []byte(file)}}}).Outcome
	if o == nil || o.Title != "mail queue on mx1: critical" || o.Key != "a-17" || o.Priority == nil || *o.Priority != models.PriorityUrgent || len(o.Labels) != 2 {
		t.Errorf("outcome = %+v", o)
	}
}

// What is proposed for a mail reads that mail.
func TestSuggestionReadsTheMailItWasMadeOf(t *testing.T) {
	raw, err := os.ReadFile("testdata/eroeffnung.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		src  extract.Source
		key  string
		want []string
	}{
		{
			"lines", extract.Source{Text: "Hallo,\nhier die Meldung:\n\nStörung: Pumpe 3\nTicket-Nr.: 77\nZeit: 21.11.2026 10:00\nsiehe https://example.org\n"}, "77",
			[]string{"Störung=Pumpe 3", "Ticket Nr=77", "Zeit=2026-11-21 10:00"},
		},
		{
			"XML", extract.Source{Files: []extract.File{{Name: "e.xml", Data: raw}}}, "2026-11-00412",
			[]string{
				"art=Eroeffnung", "prio=1", "Einsatznummer=2026-11-00412", "Alarmzeit=2026-11-21 14:05 +01:00", "Stichwort=B2 Wohnungsbrand", "Meldebild=Rauch aus Fenster im 2. OG & Brandgeruch",
				"Strasse=Musterstraße", "Hausnummer=12a", "Gemeinde=Neudorf", "breite=50.1234", "laenge=7.5678", "Name=LZ1/Gruppe 2",
			},
		},
		{
			"JSON", extract.Source{Files: []extract.File{{Name: "a.json", Data: []byte(`{"id":"x-1","host":{"name":"mx1","load avg":1.5},"tags":["a","b"],"list":[{"k":"v"}],"ok":true}`)}}}, "",
			[]string{"load avg=1.5", "name=mx1", "id=x-1", "k=v", "ok=true", "tags=a, b"},
		},
	} {
		p := extract.Suggest(c.src)
		o := run(t, p, c.src).Outcome
		if o == nil {
			t.Errorf("%s: the proposal does not match: %+v", c.what, p)
			continue
		}
		if diff := cmp.Diff(fieldsOf(o), c.want); diff != "" {
			t.Errorf("%s: fields (-got +want):\n%s", c.what, diff)
		}
		if c.key != "" && o.Key != c.key {
			t.Errorf("%s: key = %q, want %q", c.what, o.Key, c.key)
		}
	}
}
