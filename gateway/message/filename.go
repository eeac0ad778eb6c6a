package message

import (
	"path"
	"strconv"
	"strings"
	"unicode"
)

const maxName = 255 // Octets of a file name (SEC-14).

// CleanName makes a name from a mail safe as the name of a file on any system (SEC-33): no path, no control, zero-width
// or bidi characters, no leading dots, no trailing dots and blanks, no name that Windows keeps for devices, at most 255
// octets with the extension kept. "" means that nothing was left. CleanName(CleanName(s)) = CleanName(s).
func CleanName(s string) string {
	s, _ = cleanName(s)
	return s
}

// cleanName is CleanName; short tells that the name was too long.
func cleanName(s string) (name string, short bool) {
	s = clean(s)
	for range 4 { // Each round may uncover what the next takes away; the last one changes nothing.
		whole := cleanNameOnce(s)
		t := cutName(whole)
		if t == s {
			break
		}
		short = short || t != whole
		s = t
	}
	return s, short
}

func cleanNameOnce(s string) string {
	if i := strings.LastIndexAny(s, "/\\"); i >= 0 && i < len(s)-1 {
		// What stands before the last separator is a path, unless it is a date or a fraction.
		if looksLikePath(s) {
			s = s[i+1:]
		}
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '/' || r == '\\' || r == ':':
			return '_'
		case r == '\n' || r == '\t' || r == 0x2028 || r == 0x2029:
			return ' '
		case unicode.IsControl(r) || hidden(r):
			return -1
		}
		return r
	}, s)
	s = strings.TrimFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) }) // In any order: ". . x".
	s = clean(s)
	if stem, _, _ := strings.Cut(s, "."); reserved(stem) {
		s = "_" + s
	}
	return s
}

// looksLikePath tells "../../etc/passwd" and `C:\x\y.txt` from "1/2 Angebot.pdf".
func looksLikePath(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "\\") || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "~") || strings.Contains(s, ":\\") || strings.Contains(s, ":/") ||
		strings.Contains(s, "../") || strings.Contains(s, "..\\") || !strings.ContainsAny(s, " ")
}

// hidden says whether a character cannot be seen: zero-width ones and those that change the direction of text.
func hidden(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff || r == 0xad || r == 0x61c || r == 0x180e || r >= 0xfff9 && r <= 0xfffb
}

// reserved says whether Windows keeps a name for a device.
func reserved(stem string) bool {
	switch s := strings.ToUpper(strings.TrimSpace(stem)); {
	case s == "CON" || s == "PRN" || s == "AUX" || s == "NUL":
		return true
	case len(s) == 4 && (strings.HasPrefix(s, "COM") || strings.HasPrefix(s, "LPT")):
		return s[3] >= '0' && s[3] <= '9'
	}
	return false
}

func cutName(s string) string {
	if len(s) <= maxName {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > 20 {
		ext = ""
	}
	return strings.TrimRight(cut(strings.TrimSuffix(s, ext), maxName-len(ext)), ". ") + ext
}

// UniqueNames returns the names of attachments for a place where each may stand once, a folder for example: a number
// before the extension tells equal ones apart, without regard to case. The order is that of list.
func UniqueNames(list []Attachment) []string {
	taken := map[string]int{}
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = uniqueName(a.Name, taken)
	}
	return out
}

// uniqueName returns name, with a number before its extension when taken holds it already, and notes it there. The
// number of tries grows with the equal names, so the last number is kept beside the name.
func uniqueName(name string, taken map[string]int) string {
	key := strings.ToLower(name)
	n, ok := taken[key]
	if !ok {
		taken[key] = 1
		return name
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for {
		n++
		mark := " (" + strconv.Itoa(n) + ")"
		try := cut(stem, maxName-len(mark)-len(ext)) + mark + ext
		if _, ok := taken[strings.ToLower(try)]; !ok {
			taken[key] = n
			taken[strings.ToLower(try)] = 1
			return try
		}
	}
}
