package outbound

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"testing"
	"time"
)

func written(t *testing.T, m Mail) (*mail.Message, string) {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	return parsed, b.String()
}

func plain() Mail {
	return Mail{
		From: Address{"Support", "support@here.example"}, To: []Address{{"Jörg Müller", "joerg@kunde.example"}}, Subject: "Re: [#1] Größe",
		Date: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), MessageID: "a@here.example", Text: "Guten Tag\n.\nEnde", HTML: HTML("Guten Tag", "de"),
	}
}

// Whatever stands in a field, it stays in that field (SEC-54).
func TestNothingEscapesItsHeaderField(t *testing.T) {
	evil := "x\r\nBcc: eve@evil.example\r\n\r\nbody\n\x00\u2028"
	m := plain()
	m.Subject, m.From.Name, m.To[0].Name, m.InReplyTo, m.References, m.Language, m.Automatic, m.Loop = evil, evil, evil, evil, []string{evil, "good@x"}, evil, evil, evil
	m.Files = []File{{Name: evil, ContentType: evil, Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}}
	got, raw := written(t, m)
	if got.Header.Get("Bcc") != "" || strings.Contains(raw, "\nBcc:") || strings.Contains(raw, "\x00") {
		t.Errorf("a line end was smuggled in:\n%s", raw)
	}
	if refs := got.Header.Get("References"); refs != "<good@x>" {
		t.Errorf("References = %q, want the one that is a Message-ID", refs)
	}
	for _, address := range []string{"", "a", "a@", "@b", "a@b\r\nBcc: c@d", "a@b,c@d", "<a@b>", "a b@c", "j\u202eg@b.example", "a@\u2028.example", `"a b"@c`, strings.Repeat("a", 65) + "@b", "a@b>", "a@[127.0.0.1]"} {
		m := plain()
		m.To[0].Address = address
		if err := m.Write(io.Discard); !errors.Is(err, ErrUnusable) {
			t.Errorf("address %q: error %v, want ErrUnusable", address, err)
		}
	}
}

func TestAutomaticMailSaysSo(t *testing.T) {
	m := plain()
	m.Automatic, m.Loop, m.Language = "auto-replied", "abc", "de"
	got, _ := written(t, m)
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "auto_reply", "X-Letterbox-Loop": "abc", "Content-Language": "de",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Header.Get(name), want)
		}
	}
	m.Automatic = ""
	if got, _ := written(t, m); got.Header.Get("Auto-Submitted") != "" || got.Header.Get("X-Letterbox-Loop") != "" {
		t.Error("what a person wrote says that it is automatic")
	}
}

func TestReferencesKeepTheFirstAndTheLastTen(t *testing.T) {
	m := plain()
	for n := range 40 {
		m.References = append(m.References, fmt.Sprintf("%d@x.example", n))
	}
	got, raw := written(t, m)
	ids := strings.Fields(got.Header.Get("References"))
	if len(ids) != 11 || ids[0] != "<0@x.example>" || ids[1] != "<30@x.example>" || ids[10] != "<39@x.example>" {
		t.Errorf("References = %v", ids)
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 200 || strings.Contains(line, "\n") {
			t.Errorf("a line of %d octets, or with a bare line end", len(line))
		}
	}
}

func TestFilesAreStreamed(t *testing.T) {
	m := plain()
	size := int64(4 << 20)
	m.Files = []File{{Name: "größe.bin", ContentType: "application/x", Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}}
	var n counter
	if err := m.Write(&n); err != nil {
		t.Fatal(err)
	}
	if int64(n) > m.Size()+8<<10 || int64(n) < size {
		t.Errorf("%d octets, estimated %d", n, m.Size())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func TestQuotationAndHTML(t *testing.T) {
	if got, want := Quote("Erika:", "a\n> b\n\nc"), "Erika:\n> a\n>> b\n>\n> c"; got != want {
		t.Errorf("Quote = %q, want %q", got, want)
	}
	if got := Quote("Erika:", "  \n"); got != "" {
		t.Errorf("Quote of nothing = %q", got)
	}
	got := HTML("Hi <b>\nsee https://x.example/?a=1&b=2.\n\n> old\n", "de")
	for _, want := range []string{"Hi &lt;b&gt;<br>", `<a href="https://x.example/?a=1&amp;b=2">`, "<blockquote", "<p>old</p>", "</blockquote>", `lang="de"`} {
		if !strings.Contains(got, want) {
			t.Errorf("HTML lacks %s: %s", want, got)
		}
	}
}

func TestSubjectsOfStrangersAdvertiseNothing(t *testing.T) {
	for given, want := range map[string]string{
		"Drucker im 2. Stock": "Drucker im 2. Stock", "Win at https://evil.example/x?y now": "Win at … now", "www.evil.example": "…", "visit evil.com today": "visit … today",
		"a\r\nBcc: b": "a Bcc: b", "": "",
	} {
		if got := HarmlessSubject(given); got != want {
			t.Errorf("HarmlessSubject(%q) = %q, want %q", given, got, want)
		}
	}
	if got := []rune(HarmlessSubject(strings.Repeat("ä", 200))); len(got) != 60 {
		t.Errorf("%d characters, want 60", len(got))
	}
}

func TestLanguageIsGuessedFromCommonWords(t *testing.T) {
	for given, want := range map[string]string{
		"Der Drucker ist kaputt und wir haben keine Zeit": "de", "The printer is broken and we have no time": "en", "Error 0x1234": "", "": "",
	} {
		if got := Language(given); got != want {
			t.Errorf("Language(%q) = %q, want %q", given, got, want)
		}
	}
}

// SEC-50: who gets no automatic answer, whatever else.
func TestAutomaticAnswersGoToPeopleOnly(t *testing.T) {
	tests := []struct {
		mail Incoming
		want string
	}{
		{Incoming{From: "erika@kunde.example"}, ""},
		{Incoming{From: "erika@kunde.example", Automatic: true}, "automatic"},
		{Incoming{From: "erika@kunde.example", List: true}, "list"},
		{Incoming{From: "erika@kunde.example", Own: true}, "own"},
		{Incoming{From: "erika@kunde.example", Loop: true}, "loop"},
		{Incoming{From: "erika@kunde.example", Unwanted: true}, "unwanted"},
		{Incoming{}, "no_sender"}, {Incoming{From: "root"}, "no_sender"},
	}
	for _, local := range []string{
		"noreply", "no-reply", "No_Reply", "do-not-reply", "donotreply+x", "MAILER-DAEMON", "postmaster", "owner-list", "list-owner", "list-request", "list-bounces",
		"bounce-12", "bounces+x=y", "nobody", "prvs=12=x", "SRS0=a=b", "nicht-antworten", "auto-reply", "shop-noreply",
	} {
		tests = append(tests, struct {
			mail Incoming
			want string
		}{Incoming{From: local + "@x.example"}, "robot"})
	}
	for _, test := range tests {
		if ok, got := MayAnswer(test.mail); got != test.want || ok != (test.want == "") {
			t.Errorf("%+v: %v %q, want %q", test.mail, ok, got, test.want)
		}
	}
}
