package message

import (
	"strconv"
	"strings"
)

// spamLevel is from which spam confidence level on Exchange puts a mail into the junk folder.
const spamLevel = 5

// spamMark returns the header line with which a filter on the way marks the mail as spam, "" when none does. Nobody
// gains by marking mail of their own, so the fields count wherever they come from; of several with one name the first
// does, which is the one that was added last.
//
// Seen in practice: "X-Spam-Flag: YES" and "X-Spam-Status: Yes, score=..." (SpamAssassin, Rspamd), "X-Spam: Yes"
// (Rspamd), "X-MS-Exchange-Organization-SCL: 6" and "X-Forefront-Antispam-Report: ...;SCL:6;..." (Exchange).
func spamMark(h *header) string {
	for _, f := range []struct{ name, shown string }{
		{"x-spam-flag", "X-Spam-Flag"}, {"x-spam-status", "X-Spam-Status"}, {"x-spam", "X-Spam"},
	} {
		word := strings.FieldsFunc(h.get(f.name), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' })
		if len(word) > 0 && strings.EqualFold(word[0], "yes") {
			return f.shown + ": " + strings.ToUpper(word[0])
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(h.get("x-ms-exchange-organization-scl"))); err == nil && n >= spamLevel {
		return "X-MS-Exchange-Organization-SCL: " + strconv.Itoa(n)
	}
	for part := range strings.SplitSeq(h.get("x-forefront-antispam-report"), ";") {
		level, ok := strings.CutPrefix(strings.TrimSpace(part), "SCL:")
		if n, err := strconv.Atoi(level); ok && err == nil && n >= spamLevel {
			return "X-Forefront-Antispam-Report: SCL:" + strconv.Itoa(n)
		}
	}
	return ""
}
