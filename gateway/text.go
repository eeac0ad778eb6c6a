package gateway

import (
	"strconv"
	"unicode/utf8"

	"letterbox/gateway/rule"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// lower is an address in the form in which it is kept and compared.
func lower(s string) string { return rule.Canonical(s) }

// cut shortens s to at most n octets without splitting a character; what was cut stays in the raw message.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
