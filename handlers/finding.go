package handlers

import (
	"maps"

	"letterbox/gateway/rule"
	"letterbox/internal/i18n"
)

// inWords returns the placeholders of a sentence with those that name another text of the catalogue replaced by it:
// "detail" by what "detail_key" says of a pattern that cannot be read.
func inWords(l *i18n.Locale, args map[string]string) map[string]string {
	key := args["detail_key"]
	if key == "" || !l.Has(key) {
		return args
	}
	args = maps.Clone(args)
	args["detail"] = l.T(key, args)
	return args
}

// findings are the sentences about rules, each with the field it is about.
func (v *visit) findings(found []rule.Finding) []formError {
	out := make([]formError, 0, len(found))
	for _, f := range found {
		out = append(out, formError{Anchor: "f-" + f.Field, Text: v.l.T(f.Code, inWords(v.l, f.Args))})
	}
	return out
}
