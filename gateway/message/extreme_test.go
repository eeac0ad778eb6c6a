package message

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// extreme is one dimension that mails are made large in. What happens beyond its limit stands in the row of that name
// in the table "Limits" of docs/conformance.md.
type extreme struct {
	name   string
	limit  int    // As the generator uses it; the table says it for the limits by default when shown is 0.
	shown  int    // What the table says.
	lim    Limits // Small ones, so that a hundred times as much is made quickly.
	runs   int    // Mails of each size; 0 for extremeRuns.
	far    int    // The factor of the largest; 0 for 100.
	build  func(n int, g *generator) string
	kept   func(m *Message) int // How much of n is there, -1 for not known; nil when it cannot be counted.
	inText string               // What must be in the text, however large the mail is.
}

const extremeRuns = 11

// generator makes the parts of a mail that the dimension leaves open: line ends, order, filler, what stands around.
type generator struct {
	*rand.Rand
	eol string
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), eol: "\r\n"}
	if g.IntN(3) == 0 {
		g.eol = "\n"
	}
	return g
}

// word is one of the letters, long enough to be no word of a mail program.
func (g *generator) word(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "bdfhklmprtvz"[g.IntN(12)]
	}
	return string(b)
}

// mail is a header section without defects, the fields given in any order, and a body.
func (g *generator) mail(body string, fields ...string) string {
	fields = append(fields, "From: Anna <anna@example.org>", "Date: Mon, 02 Nov 2026 10:00:00 +0100", "Message-ID: <"+g.word(8)+"@example.org>")
	for range g.IntN(4) {
		fields = append(fields, "X-"+g.word(5)+": "+g.word(20))
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return strings.Join(fields, g.eol) + g.eol + g.eol + body
}

// multipart is a body of that many parts with a boundary of its own.
func (g *generator) multipart(kind string, n int, part func(i int) string) (field, body string) {
	mark := g.word(10 + g.IntN(20))
	var b strings.Builder
	if g.IntN(2) == 0 {
		b.WriteString("A preamble." + g.eol)
	}
	for i := range n {
		b.WriteString("--" + mark + g.eol + part(i) + g.eol)
	}
	return "Content-Type: multipart/" + kind + "; boundary=" + mark, b.String() + "--" + mark + "--" + g.eol
}

// beside puts a part behind a text, in a mail of its own or with others around it.
func (g *generator) beside(part string) string {
	list := []string{g.eol + "hello", part}
	if g.IntN(2) == 0 {
		list = append(list, "Content-Type: image/png"+g.eol+g.eol+"x")
	}
	field, body := g.multipart("mixed", len(list), func(i int) string { return list[i] })
	return g.mail(body, field)
}

// filler is n octets of fields of at most 900 octets each.
func (g *generator) filler(n int) string {
	var b strings.Builder
	for n > 0 {
		size := min(n, 60+g.IntN(800))
		if n-size < 20 {
			size = n
		}
		b.WriteString("X-Filler: " + strings.Repeat("a", size-10-len(g.eol)) + g.eol)
		n -= size
	}
	return b.String()
}

func extremes() []extreme {
	count := func(word string) func(*Message) int {
		return func(m *Message) int { return strings.Count(m.Text, word) }
	}
	return []extreme{
		{name: "parts", limit: 20, shown: 1_000, lim: Limits{Parts: 20}, build: func(n int, g *generator) string {
			field, body := g.multipart("mixed", n-1, func(int) string { return g.eol + "word" })
			return g.mail(body, field)
		}, kept: func(m *Message) int { return 1 + strings.Count(m.Text, "word") }},
		{name: "depth of parts in parts", limit: 5, shown: 30, lim: Limits{Depth: 5}, build: func(n int, g *generator) string {
			inner := "Content-Type: text/plain" + g.eol + g.eol + "word"
			for range n {
				part := inner
				field, body := g.multipart("mixed", 1, func(int) string { return part })
				inner = field + g.eol + g.eol + body
				if len(inner) > 1<<20 {
					break
				}
			}
			field, rest, _ := strings.Cut(inner, g.eol+g.eol)
			return g.mail(rest, field)
		}},
		{name: "octets of the header section", limit: 4_000, shown: 1 << 20, lim: Limits{Header: 4_000}, inText: "hello", build: func(n int, g *generator) string {
			head := "Message-ID: <a@example.org>" + g.eol
			return head + g.filler(n-len(head)) + g.eol + "hello"
		}},
		{name: "octets of the header section of a part", limit: maxPartHeader, inText: "word", runs: 6, build: func(n int, g *generator) string {
			return g.beside(g.filler(n) + g.eol + "word")
		}},
		{name: "octets of one header line", limit: windowSize - 1, inText: "hello", build: func(n int, g *generator) string {
			return g.mail("hello", "Subject: "+strings.Repeat("a", n-9-len(g.eol)))
		}},
		{name: "header fields", limit: maxFields, inText: "hello", runs: 6, build: func(n int, g *generator) string {
			return "Message-ID: <a@example.org>" + g.eol + strings.Repeat("X: y"+g.eol, n-1) + g.eol + "hello"
		}},
		{name: "addresses", limit: 10, shown: 1_000, lim: Limits{Addresses: 10}, build: func(n int, g *generator) string {
			first, second := n-1, "" // From has one.
			if first > 5 && g.IntN(2) == 0 {
				first -= 4
				second = "Cc: " + strings.TrimSuffix(strings.Repeat(g.word(5)+"@example.com, ", 4), ", ")
			}
			to := "To: " + strings.Repeat(g.word(6)+" <a@example.com>,"+g.eol+" ", first-1) + "z@example.com"
			if second == "" {
				return g.mail("hello", to)
			}
			return g.mail("hello", to, second)
		}, kept: func(m *Message) int { return len(m.From) + len(m.To) + len(m.Cc) }},
		{name: "attachments", limit: 8, shown: 200, lim: Limits{Attachments: 8}, build: func(n int, g *generator) string {
			field, body := g.multipart("mixed", n, func(int) string { return "Content-Type: image/png" + g.eol + g.eol + g.word(5) })
			return g.mail(body, field)
		}, kept: func(m *Message) int { return len(m.Attachments) }},
		{name: "octets of text shown", limit: 1_000, shown: 1 << 20, lim: Limits{Text: 1_000}, build: func(n int, g *generator) string {
			return g.mail(g.word(n))
		}, kept: func(m *Message) int { return len(m.Text) }},
		{name: "octets of HTML shown", limit: 2_000, shown: 2 << 20, lim: Limits{Text: 1_000}, build: func(n int, g *generator) string {
			return g.mail("<p>hello</p>"+strings.Repeat(" ", n-12), "Content-Type: text/html")
		}, inText: "hello"},
		{name: "plain texts of one alternative", limit: maxForms, lim: Limits{Parts: 100_000}, runs: 6, build: func(n int, g *generator) string {
			field, body := g.multipart("alternative", n, func(i int) string { return g.eol + "word " + strconv.Itoa(i) })
			return g.mail(body, field)
		}, kept: count("word")},
		{name: "elements of HTML in each other", limit: maxNesting, inText: "word", build: func(n int, g *generator) string {
			return g.mail(strings.Repeat("<div>", n)+"word", "Content-Type: text/html")
		}, kept: func(m *Message) int { return strings.Count(m.HTML, "<div>") }},
		{name: "quotations of HTML in each other", limit: maxQuoteMarks, build: func(n int, g *generator) string {
			return g.mail("<p>x</p>"+strings.Repeat("<blockquote>", n)+"word", "Content-Type: text/html")
		}, kept: func(m *Message) int {
			line := m.Text[strings.LastIndexByte(m.Text, '\n')+1:]
			return strings.Count(line, ">")
		}, inText: "word"},
		{name: "octets of a boundary", limit: maxBoundary, inText: "word", build: func(n int, g *generator) string {
			mark := g.word(n)
			return g.mail("--"+mark+g.eol+g.eol+"word"+g.eol+"--"+mark+"--", "Content-Type: multipart/mixed; boundary="+mark)
		}},
		{name: "parameters of a field", limit: maxParams, inText: "hello", build: func(n int, g *generator) string {
			return g.mail("hello", "Content-Type: text/plain"+strings.Repeat(";"+g.eol+" a=b", n))
		}},
		{name: "pieces of a parameter", limit: maxSegments, build: func(n int, g *generator) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, ";%s filename*%d=%s", g.eol, i, g.word(1))
			}
			return g.beside("Content-Type: image/gif" + g.eol + "Content-Disposition: attachment" + b.String() + g.eol + g.eol + "x")
		}, kept: func(m *Message) int { return len(m.Attachments[0].Name) }},
		{name: "octets of a file name", limit: maxName, build: func(n int, g *generator) string {
			return g.beside("Content-Type: image/gif" + g.eol + "Content-Disposition: attachment; filename=\"" + g.word(n-4) + ".gif\"" + g.eol + g.eol + "x")
		}, kept: func(m *Message) int { return len(m.Attachments[0].Name) }},
		{name: "octets of a Message-ID", limit: maxMessageIDLen, build: func(n int, g *generator) string {
			return "Message-ID:" + g.eol + " <" + g.word(n-12) + "@example.org>" + g.eol + "Subject: x" + g.eol + g.eol + "hello"
		}, kept: func(m *Message) int { return len(m.MessageID) }},
		{name: "Message-IDs of a field", limit: maxMessageIDs, build: func(n int, g *generator) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "%s <%d.%s@example.org>", g.eol, i, g.word(4))
			}
			return g.mail("hello", "References:"+b.String())
		}, kept: func(m *Message) int { return len(m.References) }},
		{name: "files between the lines of a text", limit: maxInlineFiles, inText: "begin 644", build: func(n int, g *generator) string {
			return g.mail(strings.Repeat("words"+g.eol+"begin 644 a.bin"+g.eol+"#0V%T"+g.eol+"`"+g.eol+"end"+g.eol, n))
		}, kept: func(m *Message) int { return len(m.Attachments) }, lim: Limits{Attachments: 10_000}},
		{name: "nested messages read out", limit: maxNested, lim: Limits{Attachments: 10_000, Parts: 10_000}, build: func(n int, g *generator) string {
			field, body := g.multipart("digest", n, func(int) string { return g.eol + "Subject: x" + g.eol + g.eol + "word" })
			return g.mail(body, field)
		}, kept: count("word")},
		{name: "recipients of a delivery report", limit: maxRecipients, build: func(n int, g *generator) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "%sFinal-Recipient: rfc822; u%d@example.com%sAction: failed%sStatus: 5.1.1%s", g.eol, i, g.eol, g.eol, g.eol)
			}
			field, body := g.multipart("report", 1, func(int) string { return "Content-Type: message/delivery-status" + g.eol + b.String() })
			return g.mail(body, field+"; report-type=delivery-status")
		}, kept: func(m *Message) int { return len(m.Bounce.Recipients) }},
		{name: "octets of a delivery report", limit: maxReport - 1, runs: 6, build: func(n int, g *generator) string {
			head := "Final-Recipient: rfc822; a@example.com" + g.eol + "Action: failed" + g.eol + "Status: 5.1.1" + g.eol
			return g.beside("Content-Type: message/delivery-status" + g.eol + g.eol + head + g.filler(n-len(head)))
		}},
		{name: "people of an invitation", limit: maxAttendees, build: func(n int, g *generator) string {
			return g.beside("Content-Type: text/calendar" + g.eol + g.eol + "BEGIN:VEVENT" + g.eol + strings.Repeat("ATTENDEE:mailto:a@example.com"+g.eol, n) + "END:VEVENT")
		}, kept: func(m *Message) int {
			if m.Invitation == nil {
				return -1 // A hundred times as many are too many octets, too.
			}
			return len(m.Invitation.Attendees)
		}},
		{name: "octets of an invitation", limit: maxCalendar - 1, runs: 2, build: func(n int, g *generator) string {
			return g.beside("Content-Type: text/calendar" + g.eol + g.eol + "BEGIN:VEVENT" + g.eol + strings.Repeat("x", n-12-len(g.eol)))
		}},
		{name: "files of a winmail.dat", limit: maxTNEFFiles, lim: Limits{Attachments: 2_000}, runs: 2, build: func(n int, g *generator) string {
			begin := "\x02\x02\x90\x06\x00\x01\x00\x00\x00x\x00\x00"
			data := "\x02\x0f\x80\x06\x00\x01\x00\x00\x00x\x00\x00"
			return g.mail("\x78\x9f\x3e\x22\x00\x00"+strings.Repeat(begin+data, n), "Content-Type: application/ms-tnef")
		}, kept: func(m *Message) int { return len(m.Attachments) - 1 }},
		{name: "octets of a winmail.dat", limit: maxInspect - 1, runs: 1, far: 2, build: func(n int, g *generator) string {
			head := "\x78\x9f\x3e\x22\x00\x00\x01\x99\x99\x99\x99"
			size := n - len(head) - 4 - 2
			return g.mail(head+string([]byte{byte(size), byte(size >> 8), byte(size >> 16), byte(size >> 24)})+strings.Repeat("x", size)+"xx", "Content-Type: application/ms-tnef")
		}},
		{name: "defects listed", limit: maxDefects, lim: Limits{Addresses: 100_000}, build: func(n int, g *generator) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, ";%s \"no address %d\"", g.eol, i)
			}
			return g.mail("hello", "To: "+strings.TrimLeft(b.String(), "; \r\n"))
		}, kept: func(m *Message) int { return len(m.Defects) }},
	}
}

// limitRow is a row of the table in docs/conformance.md.
type limitRow struct {
	limit   int
	becomes string // What becomes of the rest.
	notice  string // "" for none.
}

func limitTable(t *testing.T) map[string]limitRow {
	t.Helper()
	doc, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(doc), "\n## Limits\n")
	if !ok {
		t.Fatal("docs/conformance.md has no section Limits")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]limitRow{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 4 || !strings.HasPrefix(line, "| ") {
			continue
		}
		if n, err := strconv.Atoi(strings.ReplaceAll(cells[1], ",", "")); err == nil {
			rows[cells[0]] = limitRow{n, cells[2], strings.Trim(cells[3], "`–")}
		}
	}
	return rows
}

// Mails that are just below, at, just beyond and far beyond every limit end as the table says: up to the limit all is
// there and nothing is noted; beyond it what fits is there, and the notice says so.
func TestGeneratedMailsBeyondEachLimitEndAsTheTableSays(t *testing.T) {
	table := limitTable(t)
	made := 0
	for k, e := range extremes() {
		row, ok := table[e.name]
		if !ok {
			t.Errorf("docs/conformance.md has no row %q", e.name)
			continue
		}
		delete(table, e.name)
		if e.shown == 0 {
			e.shown = e.limit
		}
		if row.limit != e.shown {
			t.Errorf("the table says %d for %s, want %d", row.limit, e.name, e.shown)
		}
		if e.runs == 0 {
			e.runs = extremeRuns
		}
		if e.far == 0 {
			e.far = 100
		}
		t.Run(e.name, func(t *testing.T) {
			for i, n := range []int{e.limit - 1, e.limit, e.limit + 1, e.limit * e.far} {
				for run := range e.runs {
					seed := uint64(k*1_000 + i*100 + run)
					raw := e.build(n, newGenerator(seed))
					m, err := Parse(strings.NewReader(raw), Options{Limits: e.lim})
					if err != nil {
						t.Fatalf("Parse: %v", err)
					}
					if problem := e.judge(m, row, n); problem != "" {
						t.Errorf("%d (seed %d, %d octets): %s; defects %.300v", n, seed, len(raw), problem, m.Defects)
					}
					made++
				}
			}
		})
	}
	for name := range table {
		t.Errorf("the table has a row %q that nothing tests", name)
	}
	if made < 1_000 {
		t.Errorf("%d mails were made, want at least 1,000", made)
	}
}

// judge says what is wrong with the outcome of a mail that has n in that dimension, "" when it is as the table says.
func (e *extreme) judge(m *Message, row limitRow, n int) string {
	beyond := n > e.limit
	for _, code := range limitNotices {
		got := hasDefect(m, code)
		want := beyond && code == row.notice
		if got != want && (!got || n <= e.limit+1) { // Far beyond one limit others are met too.
			return fmt.Sprintf("notice %s is %v, want %v", code, got, want)
		}
	}
	if hasDefect(m, DefectInternal) {
		return "the parser failed inside"
	}
	if e.inText != "" && !strings.Contains(m.Text, e.inText) {
		return fmt.Sprintf("the text is %.100q, want %q in it", m.Text, e.inText)
	}
	want := min(n, e.limit)
	if beyond {
		switch row.becomes {
		case "left out", "kept otherwise":
		case "none is read":
			want = 0
		case "the whole is attached":
			if !attached(m, int64(n)) {
				return fmt.Sprintf("no attachment of %d octets or more among %.300v", n, m.Attachments)
			}
		case "the rest is one attachment":
			if len(m.Attachments) != 1 {
				return fmt.Sprintf("%d attachments, want one", len(m.Attachments))
			}
		case "all are attached":
			if len(m.Attachments) < n {
				return fmt.Sprintf("%d attachments, want %d", len(m.Attachments), n)
			}
		default:
			return "the table speaks of " + row.becomes
		}
	}
	if e.kept != nil {
		if got := e.kept(m); got != want && (got >= 0 || n <= e.limit+1) {
			return fmt.Sprintf("%d are there, want %d", got, want)
		}
	}
	return ""
}

// attached says whether the octets, or as many things of one octet at least, are in one attachment.
func attached(m *Message, n int64) bool {
	for _, a := range m.Attachments {
		if a.Size >= n {
			return true
		}
	}
	return false
}

// The defects that stand for a limit.
var limitNotices = []string{
	DefectHeaderLimit, DefectAddressLimit, DefectDepthLimit, DefectPartLimit, DefectAttachmentLimit, DefectTextLimit, DefectHTMLLimit, DefectHTMLDepth,
	DefectParameterLimit, DefectReferenceLimit, DefectNameLimit, DefectReportLimit, DefectCalendarLimit, DefectBoundary, DefectMessageID, DefectTNEF,
}
