package extract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/extract"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// run compiles one profile and tries it on a mail.
func run(t *testing.T, p models.Profile, src extract.Source) extract.Result {
	t.Helper()
	if p.Name == "" {
		p.Name = "Test"
	}
	set, err := extract.Compile(models.Extraction{Profiles: []models.Profile{p}})
	if err != nil {
		t.Fatal(err)
	}
	return set.Run(src)
}

// outcome writes what one field of a mail came to: its value, or "! code".
func outcome(t *testing.T, f models.ProfileField, src extract.Source) string {
	t.Helper()
	if f.Name == "" {
		f.Name = "x"
	}
	r := run(t, models.Profile{Fields: []models.ProfileField{f}}, src)
	if len(r.Attempts) != 1 || len(r.Attempts[0].Fields) == 0 {
		t.Fatalf("attempts = %+v", r.Attempts)
	}
	got := r.Attempts[0].Fields[0]
	if got.Problem != nil {
		return "! " + got.Problem.Code
	}
	return got.Value
}

func TestFieldsAreTakenFromWhereTheyStand(t *testing.T) {
	mail := extract.Source{
		Subject: "Alarm [LZ1] B2.3",
		Text:    "Guten Tag,\n\n  Stichwort : B2 Wohnung\nOrt:\n   Marktplatz 1, 56073 Koblenz\n*Einsatz-Nr.:* 2026/00412\nLink: https://example.org/a:b\nKräfte\tLZ 1\nNotiz=siehe Anlage\nWert | 12\n",
		Files: []extract.File{
			{Name: "liesmich.txt", Data: []byte("Straße: Löhrstraße\n")},
			{Name: "alt.txt", Data: []byte("Strasse: L\xf6hrstra\xdfe\r\n")},
			{Name: "e.xml", Data: []byte(`<?xml version="1.0" encoding="ISO-8859-1"?><n:E xmlns:n="urn:x" prio="1"><Ort typ="haus">M` + "\xfc" + `lheim</Ort><Ort typ="wald">&lt;Nord&gt;</Ort><F><Name>A</Name></F><F><Name>B</Name></F></n:E>`)},
			{Name: "e.json", Data: []byte(`{"a":{"b c":[1,2.50,true,null,{"d":"x"}],"n":12345678901234567890}}`)},
			{Name: "bild.png", ContentType: "image/png", Data: []byte("Stichwort: falsch")},
		},
	}
	for _, c := range []struct {
		what  string
		field models.ProfileField
		want  string
	}{
		{"line with blanks before the colon", models.ProfileField{From: "text", By: "line", Expr: "stichwort"}, "B2 Wohnung"},
		{"value in the next line", models.ProfileField{From: "text", By: "line", Expr: "Ort"}, "Marktplatz 1, 56073 Koblenz"},
		{"one of several keys, in bold", models.ProfileField{From: "text", By: "line", Expr: "Nummer|Einsatz-Nr."}, "2026/00412"},
		{"colons in the value", models.ProfileField{From: "text", By: "line", Expr: "Link"}, "https://example.org/a:b"},
		{"tab", models.ProfileField{From: "text", By: "line", Expr: "Kräfte"}, "LZ 1"},
		{"equals sign", models.ProfileField{From: "text", By: "line", Expr: "Notiz"}, "siehe Anlage"},
		{"bar of a table", models.ProfileField{From: "text", By: "line", Expr: "Wert", Type: "number"}, "12"},
		{"no such line", models.ProfileField{From: "text", By: "line", Expr: "Fehlt"}, "! missing"},
		{"key in a combining spelling", models.ProfileField{From: "text", By: "line", Expr: "Kra\u0308fte"}, "LZ 1"},
		{"group of the name of the field", models.ProfileField{Name: "zug", From: "subject", By: "pattern", Expr: `(\w+) \[(?<zug>\w+)\]`}, "LZ1"},
		{"first group", models.ProfileField{From: "subject", By: "pattern", Expr: `\[(\w+)\]`}, "LZ1"},
		{"no group", models.ProfileField{From: "subject", By: "pattern", Expr: `b\d\.\d`}, "B2.3"},
		{"line ends", models.ProfileField{From: "text", By: "pattern", Expr: `^Notiz=(.*)$`}, "siehe Anlage"},
		{"the whole subject", models.ProfileField{From: "subject", By: "whole"}, "Alarm [LZ1] B2.3"},
		{"UTF-8 file", models.ProfileField{From: "file", File: "lies*", By: "line", Expr: "Straße"}, "Löhrstraße"},
		{"Windows-1252 file", models.ProfileField{From: "file", File: "ALT.TXT", By: "line", Expr: "Strasse"}, "Löhrstraße"},
		{"first file that has it", models.ProfileField{From: "file", By: "line", Expr: "Strasse"}, "Löhrstraße"},
		{"pictures are no text", models.ProfileField{From: "file", By: "line", Expr: "Stichwort"}, "! missing"},
		{"no such file", models.ProfileField{From: "file", File: "*.pdf", By: "whole"}, "! no_file"},
		{"path from the root", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/E/Ort"}, "Mülheim"},
		{"path with a prefix", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/n:E/Ort[2]"}, "<Nord>"},
		{"attribute", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/E/Ort[2]/@typ"}, "wald"},
		{"attribute of the root", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/E/@prio", Type: "number"}, "1"},
		{"anywhere", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "//Name", Type: "list"}, "A, B"},
		{"anywhere without slashes", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "F/Name"}, "A"},
		{"below anything", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/*/F[2]//Name"}, "B"},
		{"not in the document", models.ProfileField{From: "file", File: "*.xml", By: "xml", Expr: "/Ort"}, "! missing"},
		{"XML that is none", models.ProfileField{From: "text", By: "xml", Expr: "/a"}, "! xml"},
		{"member with a blank", models.ProfileField{From: "file", File: "*.json", By: "json", Expr: `$.a["b c"][1]`}, "2.50"},
		{"all of an array", models.ProfileField{From: "file", File: "*.json", By: "json", Expr: `a['b c'][*]`, Type: "list", Format: ";"}, `1, 2.50, true, {"d":"x"}`},
		{"an array is a list", models.ProfileField{From: "file", File: "*.json", By: "json", Expr: `a['b c']`, Type: "list", Format: ";"}, `1, 2.50, true, {"d":"x"}`},
		{"a number as it is written", models.ProfileField{From: "file", File: "*.json", By: "json", Expr: `a.n`}, "12345678901234567890"},
		{"past the end of an array", models.ProfileField{From: "file", File: "*.json", By: "json", Expr: `a["b c"][9]`}, "! missing"},
		{"JSON that is none", models.ProfileField{From: "text", By: "json", Expr: "a"}, "! json"},
	} {
		if got := outcome(t, c.field, mail); got != c.want {
			t.Errorf("%s = %q, want %q", c.what, got, c.want)
		}
	}
}

func TestTypesReadWhatPeopleAndMachinesWrite(t *testing.T) {
	for _, c := range []struct{ kind, format, text, want string }{
		{"text", "", "  a b ", "a b"},
		{"number", "", "12", "12"}, {"number", "", "-1,5", "-1.5"}, {"number", "", "1.234,56", "1234.56"}, {"number", "", "1,234.56", "1234.56"},
		{"number", "", "1 234 567", "1234567"}, {"number", "", "1.234.567", "1234567"}, {"number", "", "+3.25", "3.25"},
		{"number", "", "12 km", "! number"}, {"number", "", "Inf", "! number"}, {"number", "", "1e9", "! number"}, {"number", "", "0x10", "! number"},
		{"date", "", "21.11.2026", "2026-11-21"}, {"date", "", "1.2.26", "2026-02-01"}, {"date", "", "21.11.2026 14:05 Uhr", "2026-11-21 14:05"},
		{"date", "", "2026-11-21T14:05:06+01:00", "2026-11-21 14:05 +01:00"}, {"date", "", "2026-11-21 14:05", "2026-11-21 14:05"},
		{"date", "", "Sat, 21 Nov 2026 14:05:06 +0100", "2026-11-21 14:05 +01:00"}, {"date", "", "20261121140506", "2026-11-21 14:05"},
		{"date", "", "31.02.2026", "! date"}, {"date", "", "bald", "! date"},
		{"date", "DD/MM/YYYY HH:mm", "03/04/2026 07:08", "2026-04-03 07:08"}, {"date", "TT.MM.JJJJ", "03.04.2026", "2026-04-03"},
		{"date", "DD/MM/YYYY", "2026-04-03", "! date"},
		{"list", "", "a, b;c", "a, b, c"}, {"list", "/", "LZ1/Gruppe2", "LZ1, Gruppe2"}, {"list", "/", " / ", "! empty"},
		{"coordinates", "", "50.3569, 7.5890", "50.356900, 7.589000"}, {"coordinates", "", "50,3569 7,5890", "50.356900, 7.589000"},
		{"coordinates", "", "-33.5/151.25", "-33.500000, 151.250000"},
		{"coordinates", "", `N 50° 21' 36" E 7° 35' 24"`, "50.360000, 7.590000"}, {"coordinates", "", `50°21'36"N 7°35'24"O`, "50.360000, 7.590000"},
		{"coordinates", "", "E 7.59 N 50.36", "50.360000, 7.590000"}, {"coordinates", "", "33.5 S, 70.6 W", "-33.500000, -70.600000"},
		{"coordinates", "", "91, 7", "! coordinates"}, {"coordinates", "", "50.1", "! coordinates"}, {"coordinates", "", "N 50 N 7", "! coordinates"},
		{"coordinates", "", "50° 61' N 7° 0' E", "! coordinates"},
	} {
		f := models.ProfileField{From: "subject", By: "whole", Type: c.kind, Format: c.format}
		if got := outcome(t, f, extract.Source{Subject: c.text}); got != c.want {
			t.Errorf("%s %q %q = %q, want %q", c.kind, c.format, c.text, got, c.want)
		}
	}
}

func TestProfilesAreTriedInTheirOrder(t *testing.T) {
	field := func(name, expr string, required bool) models.ProfileField {
		return models.ProfileField{Name: name, From: "text", By: "line", Expr: expr, Required: required}
	}
	set, err := extract.Compile(models.Extraction{Profiles: []models.Profile{
		{Name: "needs both", Fields: []models.ProfileField{field("a", "A", true), field("b", "B", true)}},
		{Name: "needs a number", Fields: []models.ProfileField{{Name: "n", From: "text", By: "line", Expr: "A", Type: "number", Required: true}}},
		{Name: "needs nothing", Fields: []models.ProfileField{field("a", "A", false), field("b", "B", false)}},
		{Name: "never asked", Fields: []models.ProfileField{field("a", "A", false)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"A: x\nB: y": "needs both", "A: 5": "needs a number", "A: x": "needs nothing", "C: x": ""} {
		got := ""
		r := set.Run(extract.Source{Text: text})
		if a, ok := r.Matched(); ok {
			got = a.Profile
		}
		if got != want || (r.Outcome == nil) != (want == "") {
			t.Errorf("%q matched %q, want %q", text, got, want)
		}
	}
	if r := (*extract.Set)(nil).Run(extract.Source{Text: "A: x"}); len(r.Attempts) != 0 {
		t.Errorf("no profiles made %d attempts", len(r.Attempts))
	}
}

func TestFieldsSetTheIssue(t *testing.T) {
	p := models.Profile{
		Name: "Alarm",
		Fields: []models.ProfileField{
			{Name: "Kopf", From: "subject", By: "pattern", Expr: `(?<wort>\w+) (?<stufe>\d)`, Required: true},
			{Name: "Ort", From: "text", By: "line", Expr: "Ort"},
			{Name: "Ortsteil", From: "text", By: "line", Expr: "Ortsteil"},
			{Name: "Einheit", From: "text", By: "line", Expr: "Einheit", Type: "list", Format: "/"},
			{Name: "bis", From: "text", By: "line", Expr: "Bis", Type: "date"},
		},
		Title: "{wort}{stufe} – {Ort}, {Ortsteil}", Text: "Wo: {Ort}\nTeil: {Ortsteil}\n\n{text}", Priority: "{stufe}", Priorities: []string{"2 = high", "3=urgent"},
		Labels: "Alarm, {Einheit}, {wort} {stufe}", Assignee: "{wort}", Due: "{bis}", Key: "{wort}-{stufe}",
	}
	r := run(t, p, extract.Source{Subject: "Brand 3", Text: "Ort: {Einheit}\nEinheit: LZ1/Gruppe2\nBis: 24.12.2026 18:00"})
	o := r.Outcome
	if o == nil {
		t.Fatalf("no match: %+v", r.Attempts)
	}
	urgent, day := models.PriorityUrgent, time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	want := &extract.Outcome{
		Profile: "Alarm", Title: "Brand3 – {Einheit}", Text: "Wo: {Einheit}\n\nOrt: {Einheit}\nEinheit: LZ1/Gruppe2\nBis: 24.12.2026 18:00",
		Priority: &urgent, Labels: []string{"Alarm", "LZ1", "Gruppe2", "Brand 3"}, Assignee: "Brand", Due: &day, Key: "Brand-3", Update: true,
	}
	var names []string
	for _, f := range o.Fields {
		names = append(names, f.Name+"="+f.Value)
	}
	o.Fields = nil
	if diff := cmp.Diff(o, want); diff != "" {
		t.Errorf("outcome (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(names, []string{"Kopf=Brand", "stufe=3", "wort=Brand", "Ort={Einheit}", "Einheit=LZ1, Gruppe2", "bis=2026-12-24 18:00"}); diff != "" {
		t.Errorf("fields (-got +want):\n%s", diff)
	}
}

func TestSettingThatCannotBeUsedIsToldAndLeftOut(t *testing.T) {
	p := models.Profile{Fields: []models.ProfileField{{Name: "a", From: "text", By: "whole"}}, Priority: "{a}", Due: "{a}", Key: strings.Repeat("{a}", 60)}
	o := run(t, p, extract.Source{Text: "irgend, was"}).Outcome
	if o == nil || o.Priority != nil || o.Due != nil || o.Key != "" || len(o.Problems) != 3 {
		t.Errorf("outcome = %+v, want three problems and nothing set", o)
	}
}

func TestWrongProfilesAreRefusedWithTheirPlace(t *testing.T) {
	ok := models.ProfileField{Name: "a", From: "text", By: "line", Expr: "A"}
	one := func(change func(p *models.Profile)) models.Extraction {
		p := models.Profile{Name: "P", Fields: []models.ProfileField{ok}}
		change(&p)
		return models.Extraction{Profiles: []models.Profile{p}}
	}
	for _, c := range []struct {
		what, field, code string
		x                 models.Extraction
	}{
		{"no name", "profiles.0.name", "E-EXTRACT-01", one(func(p *models.Profile) { p.Name = " " })},
		{"no fields", "profiles.0.fields", "E-EXTRACT-03", one(func(p *models.Profile) { p.Fields = nil })},
		{"field twice", "profiles.0.fields.1.name", "E-EXTRACT-02", one(func(p *models.Profile) {
			p.Fields = append(p.Fields, models.ProfileField{Name: "A", From: "text", By: "whole"})
		})},
		{"reserved name", "profiles.0.fields.0.name", "E-EXTRACT-02", one(func(p *models.Profile) { p.Fields[0].Name = "Text" })},
		{"braces in a name", "profiles.0.fields.0.name", "E-EXTRACT-04", one(func(p *models.Profile) { p.Fields[0].Name = "{a}" })},
		{"pattern", "profiles.0.fields.0.expr", "E-RX-00", one(func(p *models.Profile) { p.Fields[0].By, p.Fields[0].Expr = "pattern", "(a" })},
		{"XML path", "profiles.0.fields.0.expr", "E-EXTRACT-09", one(func(p *models.Profile) { p.Fields[0].By, p.Fields[0].Expr = "xml", "/a/b[last()]" })},
		{"JSON path", "profiles.0.fields.0.expr", "E-EXTRACT-09", one(func(p *models.Profile) { p.Fields[0].By, p.Fields[0].Expr = "json", "a..b" })},
		{"unknown placeholder", "profiles.0.title", "E-EXTRACT-05", one(func(p *models.Profile) { p.Title = "{b}" })},
		{"later field", "profiles.0.fields.0.expr", "E-EXTRACT-05", one(func(p *models.Profile) {
			p.Fields = []models.ProfileField{{Name: "j", From: "fields", Expr: "{a}"}, ok}
		})},
		{"priority", "profiles.0.priorities", "E-EXTRACT-06", one(func(p *models.Profile) { p.Priorities = []string{"B3 sofort"} })},
		{"source", "profiles.0.fields.0.from", "E-GATE-03", one(func(p *models.Profile) { p.Fields[0].From = "header" })},
		{"policy", "no_match", "E-GATE-03", models.Extraction{NoMatch: "delete"}},
		{"window", "correlate.window", "E-EXTRACT-07", models.Extraction{Correlate: models.Correlation{Window: "7d"}}},
		{"too many", "profiles", "E-EXTRACT-08", models.Extraction{Profiles: make([]models.Profile, 51)}},
	} {
		_, err := extract.Compile(c.x)
		f, ok := errors.AsType[*rule.Finding](err)
		if !ok || f.Field != c.field || f.Code != c.code {
			t.Errorf("%s: Compile = %v, want %s: %s", c.what, err, c.field, c.code)
		}
	}
}

func TestKeyWithoutMergingIsWarnedOf(t *testing.T) {
	x := models.Extraction{Profiles: []models.Profile{{Name: "P", Fields: []models.ProfileField{{Name: "n", From: "text", By: "line", Expr: "N", Required: true}}, Key: "{n}"}}}
	if got := extract.Lint(x); len(got) != 1 || got[0].Code != "W-07" {
		t.Errorf("Lint = %v, want W-07", got)
	}
	x.Correlate.By = "field"
	if got := extract.Lint(x); len(got) != 0 {
		t.Errorf("Lint = %v, want nothing", got)
	}
	x.Profiles[0].Fields[0] = models.ProfileField{Name: "n", From: "text", By: "pattern", Expr: `^(a+)+$`}
	var codes []string
	for _, f := range extract.Lint(x) {
		codes = append(codes, f.Code)
	}
	if diff := cmp.Diff(codes, []string{"W-EXTRACT-02", "W-EXTRACT-01"}); diff != "" {
		t.Errorf("careless profile (-got +want):\n%s", diff)
	}
}

// What a profile says is what the issue has then: a label and a title are one line, without what cannot be kept.
func TestLabelsAndTitlesAreAsTheyAreKept(t *testing.T) {
	p := models.Profile{
		Name: "A", Fields: []models.ProfileField{{Name: "Ort", From: "text", By: "whole"}}, Title: "{Ort}", Labels: "{Ort}",
	}
	s, err := extract.Compile(models.Extraction{Profiles: []models.Profile{p}})
	if err != nil {
		t.Fatal(err)
	}
	o := s.Run(extract.Source{Text: "Alter \"Hafen\"\n\tKai\x01 4, Tor 2"}).Outcome
	if o.Title != "Alter \"Hafen\" Kai 4, Tor 2" || len(o.Labels) != 1 || o.Labels[0] != "Alter Hafen Kai 4 Tor 2" {
		t.Errorf("title %q, labels %q", o.Title, o.Labels)
	}
}
