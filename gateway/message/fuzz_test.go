package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"
)

// seeds adds the mails of testdata as seeds, and those of a folder that the variable names.
func seeds(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil {
		f.Fatal(err)
	}
	if dir := os.Getenv("LETTERBOX_FUZZ_MAILS"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*", "*.eml"))
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
}

type memorySink struct{ data map[int]*bytes.Buffer }

type memoryFile struct{ *bytes.Buffer }

func (memoryFile) Close() error { return nil }

func (s *memorySink) open(i int) (io.WriteCloser, error) {
	s.data[i] = &bytes.Buffer{}
	return memoryFile{s.data[i]}, nil
}

// checkText fails unless s is what every text of a Message must be.
func checkText(t *testing.T, what, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%s is no valid UTF-8: %q", what, s)
	}
	if !norm.NFC.IsNormalString(s) {
		t.Fatalf("%s is not in NFC: %q", what, s)
	}
	for _, r := range s {
		if r == 0 || unicode.IsControl(r) && r != '\n' && r != '\t' {
			t.Fatalf("%s has the control character %U: %q", what, r, s)
		}
	}
}

func checkMessage(t *testing.T, m *Message) {
	t.Helper()
	for what, s := range map[string]string{"Subject": m.Subject, "MessageID": m.MessageID, "Text": m.Text, "Reply": m.Reply, "Quoted": m.Quoted, "Signature": m.Signature, "HeaderText": m.HeaderText, "Auto": m.Auto.Reason} {
		checkText(t, what, s)
	}
	if strings.ContainsAny(m.Subject, "\n\t") {
		t.Fatalf("Subject has more than a line: %q", m.Subject)
	}
	for _, list := range [][]Address{m.From, m.To, m.Cc, m.ReplyTo} {
		for _, a := range list {
			checkText(t, "address", a.Address)
			checkText(t, "name", a.Name)
		}
	}
	for _, a := range m.Attachments {
		checkText(t, "attachment name", a.Name)
		if a.Name == "" || a.Name != CleanName(a.Name) {
			t.Fatalf("attachment name = %q, want a clean one", a.Name)
		}
	}
	for _, d := range m.Defects {
		checkText(t, "defect", d.Detail)
		if d.Code == DefectInternal {
			t.Fatalf("the program failed on a part of the mail: %v", d)
		}
	}
	checkHTML(t, m.HTML)
	if _, err := json.Marshal(Inspection{File: "x", Message: m}); err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	if err := WriteReadable(io.Discard, m, "x"); err != nil {
		t.Fatalf("WriteReadable: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	for _, h := range hostile {
		f.Add([]byte(h.build(5)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := &memorySink{map[int]*bytes.Buffer{}}
		m, err := Parse(bytes.NewReader(raw), Options{Sink: s.open})
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		checkMessage(t, m)
		if m.FeedbackReport != nil {
			checkText(t, "feedback", *m.FeedbackReport)
		}
		for i, a := range m.Attachments {
			sum := sha256.Sum256(s.data[i].Bytes())
			if got := hex.EncodeToString(sum[:]); got != a.SHA256 || int64(s.data[i].Len()) != a.Size {
				t.Fatalf("attachment %d: the sink got %d octets %s, want %d octets %s", i, s.data[i].Len(), got, a.Size, a.SHA256)
			}
		}
		again, err := Parse(iotestOneByte(raw), Options{})
		if err != nil {
			t.Fatalf("Parse in small reads: %v", err)
		}
		if again.Text != m.Text || len(again.Attachments) != len(m.Attachments) || again.Subject != m.Subject {
			t.Fatalf("small reads give another message")
		}
		plain, err := Parse(bytes.NewReader(raw), Options{})
		if err != nil {
			t.Fatalf("Parse without a sink: %v", err)
		}
		sameFromMemory(t, plain, string(raw))
	})
}

// iotestOneByte reads in pieces of three octets.
func iotestOneByte(raw []byte) io.Reader { return &smallReader{raw} }

type smallReader struct{ b []byte }

func (r *smallReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 3)], r.b)
	r.b = r.b[n:]
	return n, nil
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"Subject: a\r\n b\r\nFrom: =?utf-8?q?=C3?= <a@b>\r\n", "no colon\r\nSubject : x", "\xef\xbb\xbfFrom x\nDate: 1 Jan 2020", "Content-Type: multipart/mixed; boundary=\"a\r\n\r\n--a\r\n", "Date: Mo, 2. Nov 2026 10:00 MEZ"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(bytes.NewReader(raw), Options{})
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		checkMessage(t, m)
		if y := m.Date.Year(); !m.Date.IsZero() && (y < 0 || y > 10_000) {
			t.Fatalf("Date = %v", m.Date)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"A <a@b>", `"x, y" <a@b>, c@d (e)`, "g: a@b, c@d;", "Foo, Bar <a@b.c>", "<<a@b>>", "=?utf-8?q?a?= <=?utf-8?q?b=40c?=>", "a @ b . c", `"\"a" <"x y"@b>`, "((a)", "@a,@b:c@d", "<a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := &parser{m: newMessage(), lim: Limits{}.withDefaults()}
		list := p.parseAddresses(s, "", 1000)
		for _, a := range list {
			checkText(t, "address", a.Address)
			checkText(t, "name", a.Name)
			if a.Address == "" && a.Name == "" {
				t.Fatalf("an empty address came out of %q", s)
			}
			if strings.ContainsAny(a.Address, "\r\n") {
				t.Fatalf("Address = %q, want one line", a.Address)
			}
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"Hi\n\nOn Mon, 2 Nov 2026 at 10:00, A <a@b.example> wrote:\n> x\n> y\n", "Danke\n\nVon: A <a@b.example>\nGesendet: Montag\nAn: B\nBetreff: x\n\nalt", "a\n-- \nsig", "> a\nb\n> c\nd", "Am 1.1.2026 um 10:00 schrieb X:\n> y\n\nz", "x\n\nGesendet von meinem iPhone", "a On Mon, 1 Jan 2026, b wrote:\n> c"} {
		f.Add(s)
	}
	words := func(s string) []string {
		w := strings.Fields(s)
		sort.Strings(w)
		return w
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = clean(newlines(s))
		reply, quoted, signature := Split(s)
		got, want := words(reply+"\n"+quoted+"\n"+signature), words(s)
		// A rule of dashes may be taken off an attribution that shares a line with words.
		if len(got) < len(want)-1 || len(got) > len(want) {
			t.Fatalf("Split(%q) = %q, %q, %q: %d words, want %d", s, reply, quoted, signature, len(got), len(want))
		}
	})
}

func FuzzCharset(f *testing.F) {
	for _, set := range []string{"utf-8", "utf-7", "utf-16", "iso-2022-jp", "iso-2022-kr", "hz-gb-2312", "gb18030", "big5", "koi8-r", "x-unknown", "", "de_DE.UTF-8", "macintosh"} {
		f.Add([]byte("a \xe4\xf6 \x1b$B$3\x1b(B ~{<:~} +AGE- \xff\xfe"), set)
	}
	f.Fuzz(func(t *testing.T, b []byte, set string) {
		s, _ := decodeText(b, set)
		if !utf8.ValidString(s) {
			t.Fatalf("decodeText(%q, %q) = %q, want valid UTF-8", b, set, s)
		}
		c := clean(s)
		checkText(t, "clean", c)
		if again := clean(c); again != c {
			t.Fatalf("clean(%q) = %q, want no change", c, again)
		}
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefSample())
	f.Add(tnefSample()[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &tnefReader{set: "windows-1252"}
		r.read(b, 0)
		if n := r.body(); n != nil && len(n.raw) > 4*maxRTF {
			t.Fatalf("a body of %d octets came out of %d", len(n.raw), len(b))
		}
	})
}

func FuzzRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}a\'e4{\*\htmltag72 </p>}\htmlrtf\par\htmlrtf0}`))
	f.Add([]byte(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}a\par b\u8364?c}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _ := readRTF(b)
		checkText(t, "RTF", s)
		out, _ := decompressRTF(b)
		if len(out) > maxRTF+17 {
			t.Fatalf("unpacked to %d octets", len(out))
		}
	})
}

func FuzzBounce(f *testing.F) {
	for _, s := range []string{"Final-Recipient: 0\x7f 00\nAction: \x01\n", "<a@b.example>: 550 5.1.1 unknown user", "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n", "--- Below this line is a copy of the message.\n\nMessage-ID: <x@y>\n", "The following addresses had permanent fatal errors:\n a@b.example"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, head := range []string{"From: MAILER-DAEMON@example.com\r\nReturn-Path: <>\r\nSubject: Undelivered Mail\r\n\r\n", "Content-Type: message/delivery-status\r\n\r\n"} {
			m, err := Parse(bytes.NewReader(append([]byte(head), b...)), Options{})
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			checkMessage(t, m)
			if m.Bounce == nil {
				continue
			}
			for _, r := range m.Bounce.Recipients {
				checkText(t, "recipient", r.Address)
				checkText(t, "action", r.Action)
			}
		}
	})
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"../../etc/passwd", `C:\x\y.txt`, "CON.txt", "a\u202egpj.exe", "\u200b.htaccess", "...", " a . ", "1/2 Angebot.pdf", strings.Repeat("ä", 300) + ".pdf", "a\x00b", "COM1", "_CON"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := CleanName(s)
		checkText(t, "name", n)
		if again := CleanName(n); again != n {
			t.Fatalf("CleanName(%q) = %q, want no change", n, again)
		}
		if strings.ContainsAny(n, "/\\\n\t") || strings.HasPrefix(n, ".") || strings.HasSuffix(n, ".") || strings.HasSuffix(n, " ") || len(n) > maxName {
			t.Fatalf("CleanName(%q) = %q", s, n)
		}
		for _, r := range n {
			if hidden(r) {
				t.Fatalf("CleanName(%q) = %q holds %U", s, n, r)
			}
		}
	})
}

// checkHTML fails unless s holds nothing but what SafeHTML lets through, read as a browser reads it.
func checkHTML(t *testing.T, s string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("a comment or doctype is left in %q", s)
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			allowed, ok := keptElements[tok.Data]
			if !ok {
				t.Fatalf("<%s> is left in %q", tok.Data, s)
			}
			for _, a := range tok.Attr {
				checkAttr(t, tok.Data, allowed, a)
			}
		}
	}
}

func checkAttr(t *testing.T, element, allowed string, a html.Attribute) {
	t.Helper()
	v := strings.ToLower(a.Val)
	switch {
	case a.Key == "rel" || a.Key == "target":
		if element != "a" {
			t.Fatalf("%s on <%s>", a.Key, element)
		}
	case a.Key == "href":
		if !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "https://") && !strings.HasPrefix(v, "mailto:") {
			t.Fatalf("href = %q", a.Val)
		}
	case a.Key == "src":
		if !strings.HasPrefix(v, "cid:") {
			t.Fatalf("src = %q", a.Val)
		}
	case a.Key == "data-remote-src":
		if element != "img" || !strings.HasPrefix(v, "http://") && !strings.HasPrefix(v, "https://") {
			t.Fatalf("data-remote-src = %q on <%s>", a.Val, element)
		}
	case a.Key == "style":
		if strings.Contains(v, "url") && strings.Contains(v, "(") || strings.Contains(v, "expression(") || strings.Contains(v, "\\") || strings.Contains(v, "@") {
			t.Fatalf("style = %q", a.Val)
		}
	case !listed(allowed, a.Key) && !listed(commonAttrs, a.Key):
		t.Fatalf("attribute %s on <%s>", a.Key, element)
	}
}

// checkDOM fails unless the document that a browser builds of s holds allowed elements and attributes alone.
func checkDOM(t *testing.T, s string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		return // Deeper than the parser goes; the tokens were checked.
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			allowed, ok := keptElements[n.Data]
			if !ok && n.Data != "head" || n.Namespace != "" {
				t.Fatalf("<%s> in namespace %q stands in the document of %q", n.Data, n.Namespace, s)
			}
			for _, a := range n.Attr {
				checkAttr(t, n.Data, allowed, a)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
}

func FuzzSafeHTML(f *testing.F) {
	for _, s := range []string{"<p onclick=x>a</p>", "<img src=x onerror=alert(1)>", "<a href='jav&#x09;ascript:alert(1)'>x</a>", "<svg><style><img src=x onerror=1>", "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>", "<p style='background:url(http://x)'>", "<img src=cid:a@b>", "<img src=//x>", "<noscript><p title='</noscript><img src=x onerror=1>'>", "<table><td><form><input name=x>", "<title><a title='</title><script>1</script>'>", "<xmp><script>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := SafeHTML(s)
		checkHTML(t, out)
		checkDOM(t, out)
		if once, twice := strings.ReplaceAll(out, "data-remote-src=", "src="), SafeHTML(strings.ReplaceAll(out, "data-remote-src=", "src=")); strings.ReplaceAll(twice, "data-remote-src=", "src=") != once {
			t.Fatalf("SafeHTML is not stable: %q becomes %q", once, twice)
		}
		checkText(t, "text of HTML", clean(HTMLText(s)))
		if !utf8.ValidString(out) {
			t.Fatalf("SafeHTML(%q) = %q, want valid UTF-8", s, out)
		}
	})
}
