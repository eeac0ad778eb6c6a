package inboxfile_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// odd are texts that a careless writer of YAML breaks.
var odd = []string{
	"plain", "", "yes", "null", "12", "1e3", "0x10", "2026-11-21", "~", "- a", "a: b", "# no remark", "a #b", "'", `"`, " lead", "trail ", "\ttab", "a\tb", "two\nlines", "two\nlines\n",
	"\nfirst is empty", "trailing blanks  \nhere", "  indented\nless", "a\r\nb", "ü ß 漢 🙂", "\u0000\u0007\u0085\u2028\ufeff", "%percent", "@at", "`tick", "{a: 1}", "[1]", "*alias", "&anchor", "!tag", "|", ">",
	"key:\n\n\n", "a\\b", "...", "---\n---", "<<", "=", strings.Repeat("long words ", 100), "a\n# b\n  c\n\td",
}

// fill sets every field below v to something that is not its zero value, each to another one.
func fill(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Duration:
		*x = time.Duration(*n) * time.Second
		return
	case **time.Time:
		return // When something happened is no setting.
	case *map[string]string:
		*x = map[string]string{"de": odd[*n%len(odd)] + "!", "en": fmt.Sprint("text ", *n)}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(odd[*n%len(odd)] + fmt.Sprint(*n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem())) // Of a switch: false is something else than nothing.
		if v.Elem().Kind() == reflect.Struct {
			fill(v.Elem(), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("no value for " + v.Type().String())
	}
}

func full() inboxfile.Inbox {
	var in inboxfile.Inbox
	n := 0
	fill(reflect.ValueOf(&in).Elem(), &n)
	in.Name, in.Password, in.ClientSecret, in.Certificate = "Support", "keep", "none", "${env:APP_CERTIFICATE}"
	in.Sending.Password, in.Sending.ClientSecret, in.Sending.Certificate = "${file:/run/secrets/smtp}", "${env:APP}", "none"
	return in
}

func TestEveryFieldComesBackAndIsWrittenTheSame(t *testing.T) {
	want := full()
	raw, err := inboxfile.Write(want)
	if err != nil {
		t.Fatal(err)
	}
	list, err := inboxfile.Read(raw)
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	got, wrong := list[0].Lay(inboxfile.Inbox{})
	for _, e := range wrong {
		t.Errorf("line %d: %s %s %v", e.Line, e.Field, e.Code, e.Args)
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("read back (-got +want):\n%s", d)
	}
	again, err := inboxfile.Write(got)
	if err != nil || !bytes.Equal(again, raw) {
		t.Errorf("written again, it is another file (%v):\n%s", err, cmp.Diff(string(again), string(raw)))
	}
}

func TestEveryTextComesBack(t *testing.T) {
	for _, text := range odd {
		want := inboxfile.Inbox{Name: "A", Address: text, Rules: models.Rules{Domains: []string{text, "x"}, Script: models.Script{Source: text}}}
		raw, err := inboxfile.Write(want)
		if err != nil {
			t.Fatal(err)
		}
		list, err := inboxfile.Read(raw)
		if err != nil {
			t.Errorf("%q: %v in\n%s", text, err, raw)
			continue
		}
		got, _ := list[0].Lay(inboxfile.Inbox{})
		if got.Address != text || got.Rules.Domains[0] != text || got.Rules.Script.Source != text {
			t.Errorf("%q came back as %q, %q and %q", text, got.Address, got.Rules.Domains[0], got.Rules.Script.Source)
		}
	}
}

func TestWhatAFileLeavesOutStays(t *testing.T) {
	base := full()
	list, err := inboxfile.Read([]byte("inboxes:\n  - name: Support\n    settings: {port: 143}\n    rules:\n      domains: []\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Settings.Port, want.Rules.Domains = 143, []string{}
	got, wrong := list[0].Lay(base)
	if d := cmp.Diff(got, want); d != "" || len(wrong) > 0 {
		t.Errorf("laid over (-got +want), %v:\n%s", wrong, d)
	}
	if !list[0].Says("settings.port") || list[0].Says("settings.host") {
		t.Error("what the file says is not told from what it leaves out")
	}
}

func TestWrongFilesAreRefusedWithTheirLine(t *testing.T) {
	const in = "inboxes:\n  - name: A\n"
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "0 inboxes E-CONF-09"},
		{"no mapping", "- a\n", "1 inboxes E-CONF-09"},
		{"no inboxes", "format: letterbox-inboxes/1\n", "1 inboxes E-CONF-09"},
		{"an empty list", "inboxes: []\n", "1 inboxes E-CONF-09"},
		{"no YAML", "inboxes:\n\t- a: [\n", "2 file E-CONF-01"},
		{"another format", "format: letterbox-inboxes/9\n" + in, "1 format E-CONF-10"},
		{"two documents", in + "---\n" + in, "3 file E-CONF-03"},
		{"an alias", "inboxes:\n  - &a\n    name: A\n  - *a\n", "2 file E-CONF-03, 4 file E-CONF-03"},
		{"a misspelled key", in + "    setings: {}\n", "3 setings E-API-01 settings"},
		{"a misspelled key below", in + "    settings:\n      receive: imap\n      poll_intervall: 1m\n", "5 settings.poll_intervall E-API-01 poll_interval"},
		{"an unknown key", in + "    qqqqqqqqqq: 1\n", "3 qqqqqqqqqq E-API-12"},
		{"a key twice", in + "    global: true\n    global: false\n", "4 global E-CONF-02"},
		{"no name", "inboxes:\n  - global: true\n", "2 name E-API-08"},
		{"a name twice", in + "  - name: a\n", "3 name E-CONF-08"},
		{"a text for a number", in + "    settings: {port: many}\n", "3 settings.port E-API-02"},
		{"a number for a list", in + "    rules: {domains: 3}\n", "3 rules.domains E-API-02"},
		{"a time without a unit", in + "    settings:\n      poll_interval: 60\n", "4 settings.poll_interval E-API-02"},
		{"a word for a switch", in + "    global: on\n", "3 global E-API-02"},
		{"nothing for a text", in + "    address:\n", "3 address E-API-02"},
		{"a secret", in + "    password: hunter2\n", "3 password E-CONF-04"},
		{"a name in a flow rule", in + "    rules:\n      flow:\n        rules:\n          - name: a\n            wen: all\n", "7 rules.flow.rules.0.wen E-API-01 when"},
	} {
		var got []string
		list, err := inboxfile.Read([]byte(c.file))
		wrong, _ := err.(models.InvalidList)
		for _, e := range list {
			_, more := e.Lay(inboxfile.Inbox{})
			wrong = append(wrong, more...)
		}
		for _, e := range wrong {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", e.Line, e.Field, e.Code, e.Args["nearest"])))
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSecretsAreReferences(t *testing.T) {
	for text, want := range map[string]string{
		"${env:IMAP_PASSWORD}": "env IMAP_PASSWORD true", "${file:/run/secrets/imap}": "file /run/secrets/imap true", "keep": "  false", "${env:}": "  false", "$HOME": "  false", "a ${env:B}": "  false",
	} {
		kind, name, ok := inboxfile.Reference(text)
		if got := fmt.Sprint(kind, " ", name, " ", ok); got != want {
			t.Errorf("Reference(%q) = %s, want %s", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	raw, err := inboxfile.Write(full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Add([]byte("inboxes:\n  - name: A\n    rules: {domains: [a, &b c]}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := inboxfile.Read(raw)
		if _, refused := err.(models.InvalidList); err != nil && !refused {
			t.Fatalf("Read = %v, want a list", err)
		}
		for _, e := range list {
			in, wrong := e.Lay(inboxfile.Inbox{})
			if len(wrong) > 0 {
				continue
			}
			if _, err := inboxfile.Write(in); err != nil {
				t.Errorf("what was read cannot be written: %v", err)
			}
		}
	})
}
