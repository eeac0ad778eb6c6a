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
	lines []string
	trim  []string // The same without blanks at both ends.
	marks []bool   // The line is quoted with ">".
	kind  byte     // Of the mark that was found.
}

// span is a run of lines.
type span struct{ from, to int }

func newQuotes(text string) *quotes {
	q := &quotes{lines: splitIntros(strings.Split(text, "\n"))}
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

// find returns the first mark outside of quoted lines.
func (q *quotes) find() (mark, bool) {
	for i := range q.lines {
		t := q.trim[i]
		if t == "" || len(t) > 1000 {
			continue
		}
		if len(t) < 300 && markerWords(t) && looksLikeMarker(t) && abovePattern.MatchString(t) {
			return mark{q.before(i), i + 1, markAbove}, true
		}
		if q.marks[i] {
			continue
		}
		if len(t) < 160 && strings.HasPrefix(t, "--") && strings.HasSuffix(t, "--") && saysWrote(t) {
			return mark{i, i + 1, markBlock}, true
		}
		if len(t) < 160 && separated(t) {
			if originalPattern.MatchString(t) {
				return mark{q.before(i), i + 1, markBlock}, true
			}
			if forwardPattern.MatchString(t) {
				return mark{q.before(i), i + 1, markForward}, true
			}
		}
		if q.fieldBlock(i) {
			return mark{q.before(i), i, markBlock}, true
		}
		if from, body, ok := q.intro(i); ok {
			return mark{from, body, markIntro}, true
		}
	}
	return mark{}, false
}

// markerWords is a quick look before the long pattern: a word for "above" and one for what it is above of.
func markerWords(t string) bool {
	return containsAny(t, "above", "over", "oberhalb", "ber dieser", "dessus", "encima", "arriba", "sopra", "boven", "acima") &&
		containsAny(t, "line", "text", "message", "inie", "eile", "ligne", "línea", "linea", "riga", "lijn", "regel", "linha")
}

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// separated says whether a line has the strokes or the colon of a separator, so that a sentence is none.
func separated(t string) bool {
	return strings.HasPrefix(t, "--") || strings.HasPrefix(t, "__") || strings.HasPrefix(t, "*") && strings.HasSuffix(t, "*") || strings.HasPrefix(t, "==") || strings.HasPrefix(t, "—") || strings.HasPrefix(t, "##") ||
		strings.HasSuffix(t, ":") || strings.HasSuffix(t, "：") || strings.HasSuffix(t, "--") || strings.HasSuffix(t, ":*")
}

// looksLikeMarker tells the line of a tracker from a sentence about one: it has strokes around it, or it is all there is.
func looksLikeMarker(t string) bool {
	bare := strings.TrimLeft(t, "> ")
	if bare == "" {
		return false
	}
	c, last := bare[0], bare[len(bare)-1]
	return strings.IndexByte("-=_#*~+<|[", c) >= 0 || strings.IndexByte("-=_#*~+>|]", last) >= 0 || len(bare) < 70
}

// before goes back from a mark over the blank lines and strokes above it.
func (q *quotes) before(i int) int {
	at := i
	for k := i - 1; k >= 0 && i-k < 6; k-- {
		switch {
		case q.trim[k] == "":
		case len(q.trim[k]) > 2 && rulePattern.MatchString(q.trim[k]):
			at = k
		default:
			return at
		}
	}
	return at
}

// fieldBlock says whether a block of header fields begins here: a label of who or when, and two more kinds close by.
func (q *quotes) fieldBlock(i int) bool {
	first := labelOf(q.trim[i])
	if first != 'f' && first != 'd' && first != 's' {
		return first == 0 && q.ruledBlock(i)
	}
	seen := map[byte]bool{first: true}
	misses, addressed := 0, strings.Contains(q.trim[i], "@")
	for k := i + 1; k < min(i+12, len(q.lines)) && misses < 2; k++ {
		t := q.trim[k]
		if t == "" || q.marks[k] {
			if t == "" && k == i+1 {
				continue
			}
			if t == "" {
				misses++
			}
			continue
		}
		if l := labelOf(t); l != 0 {
			seen[l] = true
			addressed = addressed || strings.Contains(t, "@")
			misses = 0
			continue
		}
		misses++
	}
	if !seen['f'] {
		return false
	}
	return len(seen) >= 3 || len(seen) == 2 && addressed && (seen['d'] || seen['s']) && i > 0 && (q.trim[i-1] == "" || rulePattern.MatchString(q.trim[i-1]))
}

// ruledBlock says whether a block of labels in a language that we do not know begins under the long rule that Outlook
// draws: three lines with short labels, one of them with an address.
func (q *quotes) ruledBlock(i int) bool {
	if i == 0 || len(q.trim[i-1]) < 20 || strings.Trim(q.trim[i-1], "_") != "" {
		return false
	}
	labels, addressed := 0, false
	for k := i; k < min(i+5, len(q.lines)); k++ {
		at := strings.IndexByte(q.trim[k], ':')
		if at <= 0 || at > 40 {
			break
		}
		labels++
		addressed = addressed || strings.Contains(q.trim[k], "@")
	}
	return labels >= 3 && addressed
}

// intro says whether an attribution ends in line i: "On ... X wrote:". It may have begun up to three lines above.
func (q *quotes) intro(i int) (from, body int, ok bool) {
	t := q.trim[i]
	colon := endsWithColon(t)
	if !colon && !q.quotedNext(i) {
		return 0, 0, false
	}
	quoted := q.quotedNext(i)
	var joined string
	found := -1
	for k := i; k >= 0 && i-k < maxIntro; k-- {
		if q.trim[k] == "" || q.marks[k] {
			break
		}
		if joined = strings.TrimSpace(q.trim[k] + " " + joined); len(joined) > 500 {
			break
		}
		if !attribution(joined, colon, quoted) {
			continue
		}
		// The end of an attribution alone may pass for one; its beginning is the line that looks like one.
		found = k
		if introPattern.MatchString(joined) && datePattern.MatchString(joined) {
			break
		}
	}
	if found < 0 {
		return 0, 0, false
	}
	return found, i + 1, true
}

// endsWithColon looks past the marks of bold print.
func endsWithColon(t string) bool {
	t = strings.TrimRight(t, " \t*_")
	return strings.HasSuffix(t, ":") || strings.HasSuffix(t, "：")
}

// quotedNext says whether quoted lines follow, blank ones between.
func (q *quotes) quotedNext(i int) bool {
	for k := i + 1; k < min(i+4, len(q.lines)); k++ {
		if q.trim[k] != "" {
			return q.marks[k]
		}
	}
	return false
}

// attribution says whether a line says who wrote what follows.
func attribution(s string, colon, quotedNext bool) bool {
	at := strings.IndexByte(s, '@') >= 0 || strings.IndexByte(s, '<') >= 0
	digit := strings.ContainsAny(s, "0123456789")
	if !at && !digit && !quotedNext {
		return false
	}
	wrote := saysWrote(s)
	if !wrote && !(at && digit) {
		return false
	}
	date := digit && datePattern.MatchString(s)
	address := at && mailPattern.MatchString(s)
	if !date && !address && !(wrote && colon && quotedNext) {
		return false
	}
	begins := introPattern.MatchString(s)
	switch {
	case wrote && begins && (date || address):
		return colon || quotedNext
	case colon && begins && date && address:
		return true
	case wrote && date && address && (colon || quotedNext):
		return !strings.Contains(s, ". ") || len(s) < 200
	case wrote && (date || address || colon) && quotedNext:
		return len(s) < 250
	case date && address && quotedNext && (colon || begins):
		return true
	case colon && date && address && len(s) < 200 && strings.Contains(s, "<") && !strings.Contains(s, ". "):
		return true // Whatever the language: a date, a mailbox and a colon.
	}
	return false
}
