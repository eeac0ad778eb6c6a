package rule

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// Lint looks at rules as a person typed them and returns what is wrong or doubtful: errors first, then warnings by
// code. senders are the latest sender addresses seen (W-RX-04); may be empty. Rules without an error can be compiled.
//
// Warnings about the domain pattern say what the pattern does as it is; nothing is changed. Letterbox compares the
// whole address, other trackers look for the pattern anywhere in it, and patterns are brought along from there. So:
//
//   - W-RX-02 (not anchored) stands where the whole match lets in a foreign domain too, as ".*bosch\.com" does with
//     evilbosch.com, and where a pattern without anchors fits a usual address only in part: its author counted on a
//     search, and a search would also find it in bosch.com.evil.example. It is left out where the pattern describes
//     the whole address, which needs no anchors here.
//   - W-RX-06 goes with the second case: it says that whole addresses are compared and shows one that is kept out.
//   - W-RX-04 needs senders; W-RX-06 finds the same mistake before the first mail has come.
//   - W-RX-07: capital letters, which no address has when it is compared. W-RX-08: some addresses would take too long.
func Lint(rules models.Rules, senders []string) []Finding {
	s, found := compile(rules)
	found = append(found, lintKeywords("subject_keywords", rules.SubjectKeywords)...)
	found = append(found, lintKeywords("body_keywords", rules.BodyKeywords)...)
	found = append(found, s.lintSearches()...)
	found = append(found, s.lintExternals()...)
	everything := false
	if s.pattern != nil {
		warnings := lintPattern(s.pattern, senders)
		everything = slices.ContainsFunc(warnings, func(f Finding) bool { return f.Code == "W-RX-05" })
		found = append(found, warnings...)
	}
	restricted := len(s.allowed) > 0 || len(s.domains) > 0 || s.pattern != nil && !everything ||
		len(s.recipients) > 0 || len(s.subject) > 0 || len(s.body) > 0
	hasDomainError := slices.ContainsFunc(found, func(f Finding) bool { return f.Code == "E-RX-00" || f.Code == "E-GATE-02" })
	if rules.AllowUnknown && rules.AllowCreate && !restricted && !hasDomainError {
		found = append(found, Finding{Field: "allow_unknown", Code: "W-08"})
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		if a.Code[0] != b.Code[0] { // "E" before "W".
			return cmp.Compare(a.Code[0], b.Code[0])
		}
		if a.Code[0] == 'E' { // As they stand on the page.
			return 0
		}
		return cmp.Compare(a.Code, b.Code)
	})
	return found
}

// lintKeywords finds keywords that are too short, and too many of them.
func lintKeywords(field string, typed []string) []Finding {
	var found []Finding
	count := 0
	for _, word := range typed {
		length := keywordLength(word)
		if length == 0 {
			continue
		}
		count++
		if length < minKeyword {
			found = append(found, Finding{Field: field, Code: "E-GATE-01", Args: args("word", strings.TrimSpace(word))})
		}
	}
	if count > maxEntries {
		found = append(found, Finding{Field: field, Code: "E-GATE-04", Args: map[string]string{
			"n": strconv.Itoa(count), "max": strconv.Itoa(maxEntries),
		}})
	}
	return found
}
