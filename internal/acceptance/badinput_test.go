package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bad is a mail that is not as it should be, and what people have to see of it. Line ends are CRLF after writing, except
// that a mail marked exact is taken as it stands.
type bad struct {
	id, name string // Row of the table of bad input.
	mail     string
	exact    bool
	want     outcome
	defects  []string // Codes that the trace has to name.
	check    func(p *program, m seen)
}

// seen is a message with all that people can see of it.
type seen struct {
	message
	issue issue
	text  string // Of the description or comment.
	files []attachment
	trace []traced
}

// traced is a line of the story of a message.
type traced struct {
	Step, Code, Text string
	Args             map[string]string
}

func (s seen) codes() (all []string) {
	for _, e := range s.trace {
		all = append(all, e.Code)
		if d := e.Args["defect"]; d != "" {
			all = append(all, d)
		}
	}
	return all
}

// look collects what people see of a message. Every line of its story has to be a sentence in both languages.
func (p *program) look(m message) seen {
	p.t.Helper()
	s := seen{message: m}
	for _, language := range []string{"de", "en"} {
		var full struct {
			message
			Trace []traced
		}
		p.call("GET", fmt.Sprintf("/messages/%d", m.ID), nil, &full, "Accept-Language", language)
		s.trace = full.Trace
		for _, e := range full.Trace {
			if len(e.Text) < 5 || strings.ContainsAny(e.Text, "{}") {
				p.t.Errorf("message %d: %s says in %s %q, want a sentence", m.ID, e.Code, language, e.Text)
			}
		}
	}
	if m.Issue == nil {
		return s
	}
	p.call("GET", fmt.Sprintf("/issues/%d", *m.Issue), nil, &s.issue)
	s.text = s.issue.Description
	for _, c := range list[comment](p, fmt.Sprintf("/issues/%d/comments", *m.Issue)) {
		if m.Comment != nil && c.ID == *m.Comment {
			s.text = c.Body
		}
	}
	for _, f := range list[attachment](p, fmt.Sprintf("/issues/%d/attachments", *m.Issue)) {
		if m.Comment == nil && f.Comment == nil || m.Comment != nil && f.Comment != nil && *m.Comment == *f.Comment {
			s.files = append(s.files, f)
		}
	}
	return s
}

// takeIn imports mails into an inbox and returns what became of them, in their order.
func (p *program) takeIn(inbox string, all []bad) []seen {
	p.t.Helper()
	folder, err := os.MkdirTemp(p.dir, "mails-")
	if err != nil {
		p.t.Fatal(err)
	}
	hashes := make([]string, len(all))
	for i, b := range all {
		raw := b.mail
		if !b.exact {
			raw = strings.ReplaceAll(raw, "\n", "\r\n")
		}
		hashes[i] = hash([]byte(raw))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%04d.eml", i)), []byte(raw), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	p.must(nil, "import", "--inbox", inbox, folder)
	log := list[message](p, "/messages?inbox="+inbox)
	out := make([]seen, len(all))
	for i, h := range hashes {
		n := slices.IndexFunc(log, func(m message) bool { return m.SHA256 == h })
		if n < 0 {
			p.t.Fatalf("%s %s: the mail is not in the log", all[i].id, all[i].name)
		}
		out[i] = p.look(log[n])
	}
	return out
}

// verify imports mails and checks each.
func (p *program) verify(inbox string, all []bad) []seen {
	p.t.Helper()
	results := p.takeIn(inbox, all)
	for i, b := range all {
		got := results[i]
		p.t.Run(b.id+" "+b.name, func(t *testing.T) {
			q := *p
			q.t = t
			q.verifyOne(b, got)
		})
	}
	return results
}

func (p *program) verifyOne(b bad, got seen) {
	p.t.Helper()
	if got.State != b.want.State || got.Reason != b.want.Reason {
		p.t.Errorf("the mail is %s (%s), want %s (%s); trace %v", got.State, got.Reason, b.want.State, b.want.Reason, got.codes())
	}
	if b.want.Issue != 0 && (got.Issue == nil || *got.Issue != b.want.Issue) {
		p.t.Errorf("the mail belongs to issue %v, want %d", got.Issue, b.want.Issue)
	}
	if got.State == "created" && b.want.Title != "*" && got.issue.Title != b.want.Title {
		p.t.Errorf("title = %q, want %q", got.issue.Title, b.want.Title)
	}
	if !strings.Contains(got.text, b.want.Text) {
		p.t.Errorf("text = %.300q, want a part %q", got.text, b.want.Text)
	}
	for _, code := range b.defects {
		if !slices.Contains(got.codes(), code) {
			p.t.Errorf("the trace names %v, want %q among them", got.codes(), code)
		}
	}
	if b.check != nil {
		b.check(p, got)
	}
}

var mailSerial atomic.Int64

// note writes a mail from a header and a body; usual fields that the header has not are added.
func note(header, body string) string {
	serial := mailSerial.Add(1)
	for _, f := range []struct{ name, value string }{
		{"From", "Carla <carla@there.example>"}, {"To", "open@here.example"}, {"Subject", "A subject"},
		{"Message-ID", fmt.Sprintf("<bad-%d@there.example>", serial)}, {"Date", "Mon, 02 Nov 2026 10:00:00 +0100"},
	} {
		switch {
		case strings.Contains("\n"+header, "\n-"+f.name+"\n"):
			header = strings.TrimPrefix(strings.ReplaceAll("\n"+header, "\n-"+f.name+"\n", "\n"), "\n")
		case !strings.Contains("\n"+strings.ToLower(header), "\n"+strings.ToLower(f.name)+":"):
			header += f.name + ": " + f.value + "\n"
		}
	}
	return header + "\n" + body
}

func shows(texts ...string) func(p *program, m seen) {
	return func(p *program, m seen) {
		p.t.Helper()
		page := p.browse()
		for i, language := range []string{"de", "en"} {
			if got := page(fmt.Sprintf("/issues/%d", m.issue.Number), language); !strings.Contains(got, texts[min(i, len(texts)-1)]) {
				p.t.Errorf("in %s the page of the issue does not show %q", language, texts[min(i, len(texts)-1)])
			}
		}
	}
}

func reporter(address, name string) func(p *program, m seen) {
	return func(p *program, m seen) {
		p.t.Helper()
		if got := m.issue.Reporter; got.Address != address || name != "" && got.Name != name {
			p.t.Errorf("reporter = %+v, want %q <%s>", got, name, address)
		}
	}
}

func names(want ...string) func(p *program, m seen) {
	return func(p *program, m seen) {
		p.t.Helper()
		var got []string
		for _, f := range m.files {
			got = append(got, f.Name)
		}
		if !slices.Equal(got, want) {
			p.t.Errorf("attachments = %q, want %q", got, want)
		}
	}
}

// received checks that the time of receipt is taken when that of the mail cannot be.
func received(p *program, m seen) {
	p.t.Helper()
	if age := time.Since(m.issue.CreatedAt); age < 0 || age > 10*time.Minute {
		p.t.Errorf("the issue was made at %v, want the time of receipt", m.issue.CreatedAt)
	}
}

func all(checks ...func(*program, seen)) func(*program, seen) {
	return func(p *program, m seen) {
		p.t.Helper()
		for _, c := range checks {
			c(p, m)
		}
	}
}

const unknownReporter = "unknown@sender.invalid"

// badMails are mails that stand by themselves. The inbox lets everybody in.
func badMails() []bad {
	a := created("A subject", "readable")
	const text = "It is readable.\n"
	long := strings.Repeat("very long ", 500)
	html := "Content-Type: text/html; charset=utf-8\n"
	attached := func(name, content string) string {
		return "--=_limit\nContent-Type: application/octet-stream\nContent-Disposition: attachment" + name + "\n\n" + content + "\n"
	}
	mixed := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_limit\"\n"
	return []bad{
		{id: "B01", name: "no subject", mail: note("-Subject\n", text), want: created("", "readable"), check: shows("(kein Betreff)", "(no subject)")},
		{id: "B01", name: "blank subject", mail: note("Subject:    \n", text), want: created("", "readable"), check: shows("(kein Betreff)", "(no subject)")},
		{id: "B02", name: "5,000 characters", mail: note("Subject: "+long+"\n", text), want: created("*", "readable"), check: func(p *program, m seen) {
			if got := m.issue.Title; !strings.HasSuffix(got, "…") || len(got) > 255 || !strings.HasPrefix(got, "very long very long") {
				p.t.Errorf("title = %q, want at most 255 octets that end with …", got)
			}
			if len(m.Subject) < 900 {
				p.t.Errorf("the log keeps %d octets of the subject, want about 990", len(m.Subject))
			}
		}},
		{id: "B02", name: "line end", mail: note("Subject: =?utf-8?q?one=0D=0ABcc:_two?=\n", text), want: created("one Bcc: two", "readable")},
		{id: "B02", name: "emoji", mail: note("Subject: =?utf-8?q?Help_=F0=9F=99=82?=\n", text), want: created("Help 🙂", "readable")},
		{id: "B02", name: "direction override", mail: note("Subject: =?utf-8?q?abc=E2=80=AEfdp.exe?=\n", text), want: created("*", "readable"), check: shows("abc\ufffdfdp.exe")},
		{id: "B03", name: "no From", mail: note("-From\n", text), want: a, defects: []string{"from"}, check: reporter(unknownReporter, "")},
		{id: "B03", name: "empty From", mail: note("From: <>\n", text), want: a, check: reporter(unknownReporter, "")},
		{id: "B03", name: "two Froms", mail: note("From: a@there.example\nFrom: b@there.example\n", text), want: a, check: reporter(unknownReporter, "")},
		{id: "B03", name: "no address in From", mail: note("From: root\n", text), want: a, check: reporter(unknownReporter, "")},
		{id: "B03", name: "unparsable From", mail: note("From: \"<@@;\n", text), want: a, check: reporter(unknownReporter, "")},
		{id: "B04", name: "8-bit name", mail: note("From: M\xfcller <mueller@there.example>\n", text), want: a, check: reporter("mueller@there.example", "Müller")},
		{id: "B04", name: "final dot", mail: note("From: Dot <dot@there.example.>\n", text), want: a},
		{id: "B04", name: "dots side by side", mail: note("From: Dots <a..b@there.example>\n", text), want: a, check: reporter("a..b@there.example", "Dots")},
		{id: "B05", name: "empty body", mail: note("", ""), want: created("A subject", ""), check: shows("(kein Text)", "(no text)")},
		{id: "B05", name: "only a picture", mail: note("MIME-Version: 1.0\nContent-Type: image/png; name=p.png\nContent-Transfer-Encoding: base64\n", "iVBORw0KGgo=\n"),
			want: created("A subject", ""), check: all(shows("(kein Text)", "(no text)"), names("p.png"))},
		{id: "B05", name: "only an attachment", mail: note(mixed, attached("; filename=a.bin", "x")+"--=_limit--\n"), want: created("A subject", ""), check: all(shows("(kein Text)", "(no text)"), names("a.bin"))},
		{id: "B05", name: "only a signature", mail: note("", "-- \nCarla\n"), want: created("A subject", "Carla")},
		{id: "B06", name: "deeply nested HTML", mail: note("MIME-Version: 1.0\n"+html, strings.Repeat("<div>", 50000)+"readable"), want: a},
		{id: "B06", name: "2 MB of HTML", mail: note("MIME-Version: 1.0\n"+html, "<p>readable</p>"+strings.Repeat("<p class=MsoNormal><o:p>&nbsp;</o:p></p>\n", 50000)), want: a},
		{id: "B07", name: "no boundary", mail: note("MIME-Version: 1.0\nContent-Type: multipart/mixed\n", "--x\nContent-Type: text/plain\n\n"+text+"--x--\n"), want: a, defects: []string{"boundary"}},
		{id: "B07", name: "no end", mail: note(mixed, "--=_limit\nContent-Type: text/plain\n\n"+text), want: a, defects: []string{"unclosed"}},
		{id: "B07", name: "outer boundary inside", mail: note(mixed, "--=_limit\nContent-Type: multipart/alternative; boundary=in\n\n--in\nContent-Type: text/plain\n\n"+text+"--=_limit\nContent-Type: text/csv; name=t.csv\n\na\n--=_limit--\n"), want: a},
		{id: "B08", name: "bad base64", mail: note("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n", "SXQgaXMgcmVh!!!ZGFibGUu=\n"), want: a, defects: []string{"base64"}},
		{id: "B08", name: "bad quoted-printable", mail: note("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n", "=ZZ It is readable =4\n"), want: a, defects: []string{"quoted_printable"}},
		{id: "B08", name: "unknown transfer encoding", mail: note("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: x-own\n", text), want: a, defects: []string{"transfer_encoding"}},
		{id: "B08", name: "unknown charset", mail: note("MIME-Version: 1.0\nContent-Type: text/plain; charset=x-klingon\n", text), want: a, defects: []string{"charset"}},
		{id: "B09", name: "depth 10,000", mail: note(nested(10000)), want: created("A subject", ""), defects: []string{"depth_limit"}},
		{id: "B09", name: "200,000 parts", mail: note(mixed, "--=_limit\n\n"+text+strings.Repeat("--=_limit\n\nx\n", 200000)+"--=_limit--\n"), want: a, defects: []string{"part_limit"}},
		{id: "B09", name: "2 MB of header", mail: note("X-Long: "+strings.Repeat("x", 2<<20)+"\n", text), want: created("*", ""), defects: []string{"header_limit"}},
		{id: "B11", name: "300 attachments", mail: note(mixed, "--=_limit\n\n"+text+strings.Repeat(attached("; filename=same.txt", "x"), 300)+"--=_limit--\n"), want: a, defects: []string{"attachment_limit"},
			check: func(p *program, m seen) {
				if len(m.files) != 200 {
					p.t.Errorf("%d attachments are kept, want 200", len(m.files))
				}
			}},
		{id: "B11", name: "names of attachments", mail: note(mixed, "--=_limit\n\n"+text+attached("; filename=same.txt", "1")+attached("; filename=SAME.txt", "2")+attached("", "3")+attached("; filename=\"../../a.exe\"", "4")+
			attached("; filename=.htaccess", "5")+attached("; filename*=utf-8''%E2%80%AEfdp.exe", "6")+attached("; filename=empty.bin", "")+"--=_limit--\n"), want: a,
			check: cleanNames},
		{id: "B16", name: "no Message-ID", mail: note("-Message-ID\n", text), want: a, defects: []string{"message_id"}},
		{id: "B25", name: "no Date", mail: note("-Date\n", text), want: a, check: received},
		{id: "B25", name: "1970", mail: note("Date: Thu, 01 Jan 1970 00:00:00 +0000\n", text), want: a, check: received},
		{id: "B25", name: "2099", mail: note("Date: Thu, 01 Jan 2099 00:00:00 +0000\n", text), want: a, check: received},
		{id: "B25", name: "bad zone", mail: note("Date: Mon, 02 Nov 2026 10:00:00 +9999\n", text), want: a, check: received},
		{id: "B25", name: "hour that does not exist", mail: note("Date: Sun, 29 Mar 2026 02:30:00 CET\n", text), want: a, check: received},
		{id: "B25", name: "no date at all", mail: note("Date: yesterday\n", text), want: a, defects: []string{"date"}, check: received},
		{id: "B26", name: "NUL", mail: note("", "It is\x00 readable.\n"), want: created("A subject", "It is readable.")},
		{id: "B26", name: "bare CR", mail: "From: carla@there.example\r\nSubject: A subject\r\n\r\nIt is\rreadable.\r\n", exact: true, want: a},
		{id: "B26", name: "bare LF", mail: note("", "It is\nreadable LF.\n"), exact: true, want: created("A subject", "It is\nreadable LF.")},
		{id: "B26", name: "lone dots", mail: note("", "before\n.\n..\n.\nreadable\n"), want: created("A subject", "before\n.\n..\n.\nreadable")},
		{id: "B26", name: "smuggled end", mail: "From: carla@there.example\r\nSubject: A subject\r\n\r\nbefore\n.\n+OK readable\r\n", exact: true, want: a},
		{id: "B26", name: "line of 1 MB", mail: note("", strings.Repeat("x", 1000000)+" readable\n"), want: a},
		{id: "B27", name: "mbox line first", mail: ">From carla@there.example Mon Nov  2 10:00:00 2026\n" + note("", text), want: a, defects: []string{"mbox_line"}},
		{id: "B27", name: "leading blank", mail: " " + note("", text), want: a},
		{id: "B27", name: "line without colon", mail: note("X-One: 1\nhere is no colon\n", text), want: a, defects: []string{"header_line"}},
		{id: "B27", name: "8-bit field name", mail: note("X-\xdcber: x\n", text), want: a},
		{id: "B27", name: "nothing", mail: "\n", want: created("", ""), check: reporter(unknownReporter, "")},
	}
}

// nested writes a multipart in a multipart in a multipart.
func nested(depth int) (header, body string) {
	var b strings.Builder
	for i := 1; i < depth; i++ {
		fmt.Fprintf(&b, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i-1, i)
	}
	return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n", b.String()
}

// cleanNames checks that no name of a file can do harm, and that nothing is left out.
func cleanNames(p *program, m seen) {
	p.t.Helper()
	if len(m.files) != 7 {
		p.t.Errorf("%d attachments are kept, want 7", len(m.files))
	}
	taken := map[string]bool{}
	for _, f := range m.files {
		lower := strings.ToLower(f.Name)
		if f.Name == "" || strings.HasPrefix(f.Name, ".") || strings.ContainsAny(f.Name, "/\\\u202e") || taken[lower] {
			p.t.Errorf("a file is called %q, want a clean name that stands once", f.Name)
		}
		taken[lower] = true
	}
}

func TestBadMailIsTakenInAndExplained(t *testing.T) {
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	p.addInbox(object{"name": "open", "address": "open@here.example", "receive": "push"})
	p.verify("open", badMails())
	p.stop()
}
