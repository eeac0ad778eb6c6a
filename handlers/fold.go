package handlers

import (
	"regexp"
	"strings"
)

// intro is the line that mail programs put above what they quote, in the languages seen most.
var intro = regexp.MustCompile(`(?i)^\s*(am|on|le|el|il|op|den)\b.{5,200}(schrieb|wrote|a écrit|escribió|ha scritto|schreef|skrev)\b.{0,100}:\s*$|` +
	`^\s*-{2,}\s*(ursprüngliche nachricht|original message|weitergeleitete nachricht|forwarded message)\s*-{2,}\s*$|` +
	`^_{20,}\s*$`)

// fold parts a mail's text into what was written and what is folded away at its end: a quotation, from the line that
// introduces it, and a signature after "-- " (RFC 3676, 4.3). When nothing would be left, nothing is folded.
func fold(text string) (shown, folded string) {
	lines := strings.Split(strings.TrimRight(text, " \t\n"), "\n")
	from := len(lines)
	for i, line := range lines {
		if line == "-- " || line == "--" || intro.MatchString(line) || outlookHead(lines[i:]) {
			from = i
			break
		}
	}
	for from > 0 && (strings.HasPrefix(lines[from-1], ">") || strings.TrimSpace(lines[from-1]) == "") {
		from--
	}
	// A line that introduces the quotation may be wrapped over two.
	if from > 0 && from < len(lines) && strings.HasSuffix(strings.TrimSpace(lines[from-1]), ":") && from < len(lines) {
		for n := 1; n <= 2 && from-n >= 0; n++ {
			if intro.MatchString(strings.Join(lines[from-n:from], " ")) {
				from -= n
				break
			}
		}
	}
	shown = strings.TrimRight(strings.Join(lines[:from], "\n"), " \t\n")
	if strings.TrimSpace(shown) == "" {
		return strings.TrimRight(text, " \t\n"), ""
	}
	return shown, strings.Trim(strings.Join(lines[from:], "\n"), "\n")
}

var headLine = regexp.MustCompile(`(?i)^\*?(von|from|gesendet|sent|datum|date|an|to|cc|betreff|subject)\*?:\s`)

// outlookHead reports whether lines begin with the block of header fields that Outlook puts above a quotation.
func outlookHead(lines []string) bool {
	found := 0
	for _, line := range lines[:min(len(lines), 6)] {
		if !headLine.MatchString(strings.TrimSpace(line)) {
			break
		}
		found++
	}
	return found >= 3
}
