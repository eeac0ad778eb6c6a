package message

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// find returns the first mark outside of quoted lines.
func (q *quotes) find() (mark, bool) {
	for i := range q.lines {
		t := q.trim[i]
		if t == "" || len(t) > 1000 {
			continue
		}
		if len(t) < 300 && looksLikeMarker(t) && markerWords(t) && abovePattern.MatchString(t) {
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
	seen := labelBit(first)
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
			seen |= labelBit(l)
			addressed = addressed || strings.Contains(t, "@")
			misses = 0
			continue
		}
		misses++
	}
	if seen&labelBit('f') == 0 {
		return false
	}
	kinds := bits.OnesCount8(seen)
	return kinds >= 3 || kinds == 2 && addressed && seen&labelBit('t') == 0 && i > 0 && (q.trim[i-1] == "" || rulePattern.MatchString(q.trim[i-1]))
}

// labelBit gives each kind of label a bit.
func labelBit(kind byte) uint8 {
	switch kind {
	case 'f':
		return 1
	case 'd':
		return 2
	case 't':
		return 4
	}
	return 8
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
	next := i+1 >= len(q.lines) || q.trim[i+1] == ""
	var joined string
	found := -1
	for k := i; k >= 0 && i-k < maxIntro; k-- {
		if q.trim[k] == "" || q.marks[k] {
			break
		}
		if joined = strings.TrimSpace(q.trim[k] + " " + joined); len(joined) > 500 {
			break
		}
		if !attribution(joined, colon, quoted, next && (k == 0 || q.trim[k-1] == "")) {
			continue
		}
		// The end of an attribution alone may pass for one; its beginning is the line that looks like one.
		found = k
		if introPattern.MatchString(joined) && (dayPattern.MatchString(joined) || timePattern.MatchString(joined)) {
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

// attribution says whether a line says who wrote what follows. Marks before what follows are a strong sign; without
// them the line must say who and when and stand alone, and not be a sentence of the writer.
func attribution(s string, colon, quotedNext, alone bool) bool {
	at := strings.IndexByte(s, '@') >= 0 || strings.IndexByte(s, '<') >= 0
	digit := strings.ContainsAny(s, "0123456789")
	if !at && !digit && !quotedNext || !colon && !quotedNext {
		return false
	}
	wrote := saysWrote(s)
	if !wrote && !(at && digit) {
		return false
	}
	day, hour := digit && dayPattern.MatchString(s), digit && timePattern.MatchString(s)
	date := day || hour
	address := at && mailPattern.MatchString(s)
	begins := introPattern.MatchString(s)
	if quotedNext {
		switch {
		case wrote && (date || address || colon):
			return begins || len(s) < 250
		case date && address:
			return colon || begins
		}
		return false
	}
	switch {
	case ownSentence(s) || sentence(s) && len(s) > 200:
		return false
	case wrote && address && (date || begins):
		return true
	case wrote && begins:
		// "On such a day you wrote:" speaks of the recipient.
		return day && (hour || strings.HasSuffix(strings.ToLower(s), " you wrote:"))
	}
	// Whatever the language: a day, a time, a mailbox and a colon.
	return alone && day && hour && address && len(s) < 200 && strings.ContainsAny(s, "<(") && !sentence(s)
}

// ownSentence says whether the writer speaks in a line: it is no attribution then.
func ownSentence(s string) bool {
	for w := range strings.FieldsSeq(s) {
		switch strings.ToLower(strings.Trim(w, ",.:;\"'()")) {
		case "i", "we", "my", "our", "ich", "wir", "sie", "mir", "uns", "mein", "meine", "unser", "unsere", "following", "folgendes", "folgende", "nous", "this", "error", "fehler", "message", "nachricht", "meldung":
			return true
		}
	}
	return false
}

// sentence says whether a full stop stands behind a word that is too long for an abbreviation: "nov. " is none.
func sentence(s string) bool {
	for rest := s; ; {
		i := strings.Index(rest, ". ")
		if i < 0 {
			return false
		}
		word := rest[:i]
		word = word[strings.LastIndexAny(word, " ,;:(<")+1:]
		if utf8.RuneCountInString(word) > 6 && !strings.ContainsAny(word, "0123456789@.") {
			return true
		}
		rest = rest[i+2:]
	}
}
