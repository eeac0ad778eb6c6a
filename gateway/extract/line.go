package extract

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// keyed reads a line of the form "key: value", "key = value" or "key<tab>value"; ok is false for another one.
func keyed(line string) (key, value string, ok bool) {
	line = strings.TrimLeft(line, " \t\u00a0*•·-–>|")
	i := strings.IndexAny(line, ":=\t|")
	if i <= 0 || i > 80 {
		return "", "", false
	}
	key = strings.TrimRight(strings.TrimSpace(line[:i]), "*_")
	if key == "" || strings.HasPrefix(line[i:], "://") || !strings.ContainsFunc(key, unicode.IsLetter) {
		return "", "", false
	}
	return key, strings.Trim(line[i+1:], " \t\u00a0*:|"), true
}

func foldKey(s string) string {
	return strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(s), " ")))
}

// lines returns the values of the lines with one of these keys, separated by "|". A line with nothing behind its key has
// its value in the next one.
func lines(text, keys string) []string {
	want := map[string]bool{}
	for key := range strings.SplitSeq(keys, "|") {
		want[foldKey(strings.TrimRight(strings.TrimSpace(key), ":="))] = true
	}
	all := strings.Split(text, "\n")
	var out []string
	for i, line := range all {
		key, value, ok := keyed(line)
		if !ok || !want[foldKey(key)] {
			continue
		}
		for next := i + 1; value == "" && next < len(all) && next <= i+2; next++ {
			if _, _, another := keyed(all[next]); another {
				break
			}
			value = strings.TrimSpace(all[next])
		}
		if value != "" && len(out) < maxList {
			out = append(out, value)
		}
	}
	return out
}
