package message

import (
	"strings"
)

// Split tells the new words of a text from what is quoted in it and from the signature under it. Nothing is lost: what
// is not in reply is in quoted or in signature. When it is doubtful what is old (answers between quoted lines, a mail
// that only forwards another), everything is reply.
func Split(text string) (reply, quoted, signature string) {
	q := newQuotes(text)
	keep, fold := q.split()
	if keep == nil {
		keep = q.all()
		fold = nil
	}
	keep, sig := q.signature(keep, len(fold) > 0)
	if len(sig) > 0 && q.blank(keep) && (len(fold) == 0 || q.kind != markIntro) {
		keep, fold, sig = q.all(), nil, nil // Nothing but a signature, or that over a forwarded mail.
	}
	return q.join(keep), q.join(fold), q.join(sig)
}

const maxIntro = 4 // Lines of an attribution.

// quotes is a text in lines.
type quotes struct {
	text  string // What lines are cut from; "" when they are not its lines any more.
	lines []string
	trim  []string // The same without blanks at both ends.
	marks []bool   // The line is quoted with ">".
	kind  byte     // Of the mark that was found.
}

// span is a run of lines.
type span struct{ from, to int }

func newQuotes(text string) *quotes {
	lines := strings.Split(text, "\n")
	q := &quotes{text: text, lines: splitIntros(lines)}
	if len(q.lines) != len(lines) {
		q.text = ""
	}
	q.trim = make([]string, len(q.lines))
	q.marks = make([]bool, len(q.lines))
	for i, l := range q.lines {
		q.trim[i] = strings.Trim(l, " \t\u00a0\u200b")
		q.marks[i] = strings.HasPrefix(q.trim[i], ">")
	}
	return q
}

// splitIntros puts an attribution that stands behind the words of a line into a line of its own.
func splitIntros(lines []string) []string {
	for i := 0; i+1 < len(lines) && i < 10_000; i++ {
		l := lines[i]
		if len(l) > 500 || len(l) < 20 || !strings.HasPrefix(strings.TrimSpace(lines[i+1]), ">") || strings.HasPrefix(l, ">") || !endsWithColon(l) {
			continue
		}
		if at := inlineIntro.FindStringSubmatchIndex(l); at != nil {
			out := append(append([]string(nil), lines[:i]...), strings.TrimRight(l[:at[2]], " -"), l[at[2]:])
			return append(out, lines[i+1:]...)
		}
	}
	return lines
}

func (q *quotes) all() []span { return []span{{0, len(q.lines)}} }

func (q *quotes) join(spans []span) string {
	if len(spans) == 1 && q.text != "" {
		return trimLines(q.cut(spans[0]))
	}
	var b strings.Builder
	for _, s := range spans {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		for i := s.from; i < s.to; i++ {
			b.WriteString(q.lines[i])
			b.WriteByte('\n')
		}
	}
	return trimLines(b.String())
}

// cut returns the lines of a span as they stand in the text.
func (q *quotes) cut(s span) string {
	at := 0
	for _, l := range q.lines[:s.from] {
		at += len(l) + 1
	}
	end := at
	for _, l := range q.lines[s.from:s.to] {
		end += len(l) + 1
	}
	if end <= at {
		return ""
	}
	return q.text[at : end-1]
}

func (q *quotes) blank(spans []span) bool {
	for _, s := range spans {
		for i := s.from; i < s.to; i++ {
			if q.trim[i] != "" {
				return false
			}
		}
	}
	return true
}

// mark is where older text begins.
type mark struct {
	from, body int // The line of the mark, and the first one of the old text.
	kind       byte
}

// Kinds of marks.
const (
	markIntro   = 'i' // "On ... wrote:"
	markBlock   = 'b' // A block of header fields.
	markForward = 'f' // "Forwarded message"
	markAbove   = 'a' // "Reply above this line"
)

// split returns what to keep and what to fold; keep is nil when there is nothing to fold, or doubt.
func (q *quotes) split() (keep, fold []span) {
	n := len(q.lines)
	m, ok := q.find()
	if !ok {
		return q.trailing()
	}
	q.kind = m.kind
	head := span{0, m.from}
	headBlank := q.blank([]span{head})
	switch m.kind {
	case markForward, markBlock:
		if headBlank {
			return nil, nil // A forwarded mail without a word: it is the message.
		}
		if q.answered(head) {
			return nil, nil
		}
		return []span{head}, []span{{m.from, n}}
	case markAbove:
		if end := q.under(m.body); end > 0 {
			return []span{head, {end, n}}, []span{{m.from, end}}
		}
		if headBlank {
			return nil, nil
		}
		return []span{head}, []span{{m.from, n}}
	}
	// An attribution: with quoted lines behind it the quotation ends where they end.
	at := q.next(m.body, n)
	if at >= n || !q.marks[at] {
		if headBlank && at >= n {
			return nil, nil
		}
		if headBlank {
			return q.bottom(m)
		}
		return []span{head}, []span{{m.from, n}}
	}
	end := q.quotedEnd(at)
	if q.answered(head) {
		return nil, nil
	}
	tail := span{end, n}
	if q.blank([]span{tail}) {
		return []span{head}, []span{{m.from, n}}
	}
	if q.quotedIn(tail) || q.answers(at, end) {
		return q.interleaved(head, m, end)
	}
	return []span{head, tail}, []span{{m.from, end}}
}

// interleaved handles text between quoted lines: with words above the first attribution and nothing but a closing
// below, the rest is quotation; otherwise nothing is folded.
func (q *quotes) interleaved(head span, m mark, end int) (keep, fold []span) {
	n := len(q.lines)
	words := 0
	for i := end; i < n; i++ {
		if !q.marks[i] && q.trim[i] != "" && !rulePattern.MatchString(q.trim[i]) {
			words++
		}
	}
	// Lines that the quoting program broke: short rests of a quoted line, each followed by quoted lines again.
	if !q.blank([]span{head}) && q.brokenQuotes(end) {
		return []span{head}, []span{{m.from, n}}
	}
	_ = words
	return nil, nil
}

// brokenQuotes says whether every unquoted line from there on is the rest of a wrapped quoted line, stuck to the one above.
func (q *quotes) brokenQuotes(from int) bool {
	for i := from; i < len(q.lines); i++ {
		if q.marks[i] || q.trim[i] == "" {
			continue
		}
		if i == 0 || !q.marks[i-1] || i+1 >= len(q.lines) || !q.marks[i+1] || len(q.trim[i]) > 40 {
			return false
		}
	}
	return true
}

// trailing folds quoted lines at the very end when there are none elsewhere.
func (q *quotes) trailing() (keep, fold []span) {
	end := len(q.lines)
	at := end
	for at > 0 && (q.marks[at-1] || q.trim[at-1] == "") {
		at--
	}
	head := span{0, at}
	if at == 0 || q.blank([]span{{at, end}}) || q.quotedIn(head) {
		return nil, nil
	}
	return []span{head}, []span{{at, end}}
}

// bottom looks for an answer under a quotation that has no marks: there is no way to see where it begins.
func (q *quotes) bottom(mark) (keep, fold []span) { return nil, nil }

// next returns the first line from i on that is not blank.
func (q *quotes) next(i, n int) int {
	for i < n && q.trim[i] == "" {
		i++
	}
	return i
}

// quotedEnd returns where the quoted lines from i on end, blank ones between them included.
func (q *quotes) quotedEnd(i int) int {
	end := i
	for i < len(q.lines) && (q.marks[i] || q.trim[i] == "") {
		if q.marks[i] {
			end = i + 1
		}
		i++
	}
	return end
}

func (q *quotes) quotedIn(s span) bool {
	for i := s.from; i < s.to; i++ {
		if q.marks[i] {
			return true
		}
	}
	return false
}

// answered says whether the words above a mark are answers between quoted lines already.
func (q *quotes) answered(head span) bool { return q.quotedIn(head) }

func (q *quotes) answers(int, int) bool { return false }

// under finds the line behind "write under this line"; 0 when there is none.
func (q *quotes) under(from int) int {
	for i := from; i < len(q.lines); i++ {
		if t := q.trim[i]; len(t) < 300 && containsAny(t, "line", "text", "inie", "eile") && underPattern.MatchString(t) {
			return i + 1
		}
	}
	return 0
}
