package outbound

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxQuote bounds what is quoted below an answer, in octets.
const maxQuote = 20 << 10

var urls = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|info|biz|ru|cn|xyz|top|io|de|at|ch|eu)(?:/\S*)?`)

// Quote returns text as a quotation below an answer, with the line that says whose it is. Older quotations in it are cut
// at 20 KiB.
func Quote(intro, text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return ""
	}
	if len(text) > maxQuote {
		text = strings.ToValidUTF8(text[:maxQuote], "") + "\n…"
	}
	var b strings.Builder
	b.WriteString(intro + "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || strings.HasPrefix(line, ">") {
			b.WriteString(">" + line + "\n")
		} else {
			b.WriteString("> " + line + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// HTML returns plain text as a small HTML document: paragraphs, links, and quoted lines as block quotes.
func HTML(text, lang string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html` + langOf(lang) + `><body style="font-family:sans-serif;font-size:15px;line-height:1.45">`)
	quoted := false
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			b.WriteString("<p>" + strings.Join(lines, "<br>\n") + "</p>\n")
			lines = nil
		}
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		rest, isQuote := strings.CutPrefix(line, ">")
		if isQuote != quoted {
			flush()
			if isQuote {
				b.WriteString(`<blockquote style="margin:0 0 0 8px;padding-left:10px;border-left:2px solid #bbb;color:#555">`)
			} else {
				b.WriteString("</blockquote>\n")
			}
			quoted = isQuote
		}
		if isQuote {
			line = strings.TrimPrefix(rest, " ")
		}
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		lines = append(lines, linked(line))
	}
	flush()
	if quoted {
		b.WriteString("</blockquote>")
	}
	b.WriteString("</body></html>")
	return b.String()
}

func langOf(lang string) string {
	if lang == "" {
		return ""
	}
	return ` lang="` + html.EscapeString(lang) + `"`
}

var links = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)]`)

// linked escapes a line and makes links of the addresses of pages in it.
func linked(line string) string {
	var b strings.Builder
	last := 0
	for _, at := range links.FindAllStringIndex(line, -1) {
		b.WriteString(html.EscapeString(line[last:at[0]]))
		href := html.EscapeString(line[at[0]:at[1]])
		b.WriteString(`<a href="` + href + `">` + href + `</a>`)
		last = at[1]
	}
	b.WriteString(html.EscapeString(line[last:]))
	return b.String()
}

// HarmlessSubject is a subject that strangers may have written, for a mail that no person looks at before it goes: one
// line of at most 60 characters without addresses of pages (a stranger must not be able to have us advertise).
func HarmlessSubject(s string) string {
	return Line(strings.Join(strings.Fields(urls.ReplaceAllString(s, "…")), " "), 60)
}

// Language guesses whether a text is German or English, by the commonest words of both; "" when it cannot tell.
func Language(text string) string {
	if len(text) > 4<<10 {
		text = strings.ToValidUTF8(text[:4<<10], "")
	}
	german := []string{"und", "der", "die", "das", "ich", "nicht", "ist", "mit", "wir", "sie", "für", "eine", "ein", "bitte", "guten", "grüße", "von", "auf", "den", "haben"}
	english := []string{"the", "and", "is", "to", "of", "we", "you", "please", "not", "for", "with", "this", "have", "are", "my", "hello", "dear", "regards", "it", "on"}
	de, en := 0, 0
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if slices.Contains(german, word) {
			de++
		}
		if slices.Contains(english, word) {
			en++
		}
	}
	switch {
	case de >= 2 && de > 2*en:
		return "de"
	case en >= 2 && en > 2*de:
		return "en"
	}
	return ""
}
