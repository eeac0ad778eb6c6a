package models

import "strings"

// FoldAddress returns the form in which an addr-spec is kept and compared: with the letters A to Z small. Other letters stay as they are: folding them too would make two addresses of one, the Kelvin sign and the
// letter K for example.
func FoldAddress(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
