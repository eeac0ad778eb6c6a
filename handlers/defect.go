package handlers

import "strings"

// defect is the sentence for a defect of a mail. Traces hold no text of mails and so no detail; the sentence then ends
// where the detail would begin.
func (v *visit) defect(code, detail string) string {
	text := v.l.T("defect."+code, "detail", detail)
	if detail != "" {
		return text
	}
	text = strings.Join(strings.Fields(text), " ")
	if open, ok := strings.CutSuffix(text, ":"); ok {
		return open + "."
	}
	return text
}
