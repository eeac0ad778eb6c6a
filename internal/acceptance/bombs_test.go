package acceptance_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

const bombScript = `function onEmail(mail, ctx) {
	if (mail.subject.startsWith("Loop")) for (;;);
	const all = []
	for (;;) all.push("x".repeat(1 << 20) + all.length)
}`

// What is written to take time and memory takes them from its own message only: the memory of the server stays flat, and
// mail of others comes to its result meanwhile.
func TestBombsCostTheirOwnMessageOnly(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	k := p.desk()
	scripted := p.addInbox(with(at(d.IMAPAddr), object{"name": "Scripted", "address": "scripted@here.example"}))
	p.call("PUT", fmt.Sprintf("/inboxes/%d/script", scripted), object{"source": bombScript}, nil)
	read := p.addInbox(with(at(d.IMAPAddr), object{"name": "Read", "address": "read@here.example", "username": "bob", "reject_subject": []string{"^(a+)+$"}}))
	field := func(from, by, expr string) []object {
		return []object{{"name": "n", "from": from, "by": by, "expr": expr, "required": true}}
	}
	profiles, err := json.Marshal([]object{
		{"name": "xml", "fields": field("file", "xml", "//*//*//*//n"), "title": "{n}"}, {"name": "pattern", "fields": field("text", "pattern", "^((b+)+)$"), "title": "{n}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	k.submit(fmt.Sprintf("/inboxes/%d/extraction", read), url.Values{
		"base": {"1"}, "no_match": {"go_on"}, "correlate_by": {"references"}, "window_days": {"7"}, "reopen": {"true"}, "profiles": {string(profiles)}, "do": {"save"},
	})
	calm := p.addInbox(object{"name": "Calm", "address": "calm@here.example", "receive": "push"})
	hand := func(n int) {
		t.Helper()
		subject := fmt.Sprintf("Calm %d", n)
		var m message
		if p.post("/inbound/Calm", letterOf(subject+"@calm.example", "a@calm.example", "calm@here.example", subject, nil, plain(subject)), &m); m.State != "created" {
			t.Errorf("mail of others: %s %s, want created", m.State, m.Reason)
		}
	}
	hand(0)
	before := p.most()

	write := func(subject string, b body) []byte {
		return letterOf(fmt.Sprint(len(subject), len(b))+"@bomb.example", "x@bomb.example", "y@here.example", subject, nil, b)
	}
	deliverTo(t, d, "alice", write("Loop 1", plain("1")), write("Loop 2", plain("2")), write("Memory", plain("3")))
	await(t, time.Minute, func() error {
		if all := p.messages(scripted); len(all) == 0 || all[0].State == "known" {
			return fmt.Errorf("no bomb is under way: %q", described(all))
		}
		return nil
	})
	hand(1)
	if all := p.messages(scripted); len(all) == 3 && !slices.ContainsFunc(all, func(m message) bool { return !m.final() }) {
		t.Error("mail of others has waited for the bombs")
	}

	attached := func(name string, content []byte) body {
		return multipart("mixed", "Content-Type: text/plain\n\nSee there.\n", "Content-Type: application/xml; name="+name+"\nContent-Disposition: attachment; filename="+name+
			"\nContent-Transfer-Encoding: base64\n\n"+wrapped(content))
	}
	laughs := `<!DOCTYPE l [<!ENTITY a "ha">`
	for c := 'b'; c < 'z'; c++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	deliverTo(t, d, "bob",
		write(strings.Repeat("a", 400)+"!", plain("pattern of the gate")),
		write("Pattern of a format", plain(strings.Repeat("b", 5_000)+"!")),
		write("Entities", attached("a.xml", []byte(laughs+"]><l>&y;</l>"))),
		write("Deep XML", attached("a.xml", []byte(strings.Repeat("<a>", 60)+strings.Repeat("<b/>", 10_000)+strings.Repeat("</a>", 60)))),
		write("Archive", attached("a.zip", zeros(t, 4<<20))),
		write("Parts in parts", nestedParts(500)),
		write("Many parts", multipart("mixed", slices.Repeat([]string{"Content-Type: text/plain\n\nx\n"}, 2_000)...)),
		write("Deep HTML", "MIME-Version: 1.0\nContent-Type: text/html\n\n"+body(strings.Repeat(strings.Repeat("<div>", 10)+"\n", 1_000))),
		letterOf("header@bomb.example", "x@bomb.example", "y@here.example", "Many fields", slices.Repeat([]string{"X-Bomb: " + strings.Repeat("x", 500)}, 1_000), plain("x")))
	log := append(p.quiet(scripted, 3), p.quiet(read, 9)...)
	for i, m := range log {
		want := []string{"quarantined"} // Scripts and patterns: their time is up, or their memory.
		switch {
		case m.Subject == "Deep XML":
			want = []string{"created", "quarantined"} // What is faster on this machine.
		case i > 4:
			want = []string{"created"}
		}
		if !slices.Contains(want, m.State) || m.Attempts != 1 {
			t.Errorf("%.20q: %s %s after %d attempts, want %q after one", m.Subject, m.State, m.Reason, m.Attempts, want)
		}
	}
	for _, m := range log[3:8] {
		k.page(fmt.Sprintf("/messages/%d", m.ID))
	}
	hand(2)
	p.quiet(calm, 3)
	grown := p.most() - before
	t.Logf("the server had %d MiB at most, and %d MiB more with the bombs", before>>20, grown>>20)
	if grown > 1<<28 {
		t.Errorf("the memory of the server has grown by %d octets", grown)
	}
	p.stop()
}

var peak = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// most is how much memory the server has had at most, in octets.
func (p *program) most() int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	n, err := strconv.Atoi(string(peak.FindSubmatch(text)[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return n << 10
}

// zeros is an archive that becomes so many octets when somebody opens it.
func zeros(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	w, err := z.Create("zeros")
	if err == nil {
		_, err = io.CopyN(w, zero{}, n)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zero struct{}

func (zero) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// nestedParts is a part within a part, and so on.
func nestedParts(depth int) body {
	var b strings.Builder
	b.WriteString("MIME-Version: 1.0\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\nWithin.\n")
	return body(b.String())
}
