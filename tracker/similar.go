package tracker

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterbox/models"
)

const (
	similarWords = 4 // How many words of a title are looked for.
	similarShown = 5
)

// Similar returns open issues of a project that share words with a title, the likeliest first: at most five. It is a
// hint for somebody who is about to open the same again; what the person does not see is not among them.
func (s *Service) Similar(ctx context.Context, by *models.User, project, title string) ([]IssueRow, error) {
	words := tellingWords(title)
	found, hits := map[int64]IssueRow{}, map[int64]int{}
	for _, word := range words {
		page, err := s.Issues(ctx, by, IssueFilter{
			ProjectKey: project, Text: word, Sort: SortUpdated, Limit: 20,
			States: slices.DeleteFunc(models.IssueStates(), models.IssueState.Done),
		})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			found[row.Number] = row
			hits[row.Number]++
		}
	}
	var out []IssueRow
	for number, n := range hits {
		if n >= min(2, len(words)) {
			out = append(out, found[number])
		}
	}
	slices.SortFunc(out, func(a, b IssueRow) int {
		return cmp.Or(cmp.Compare(hits[b.Number], hits[a.Number]), cmp.Compare(b.Number, a.Number))
	})
	return out[:min(len(out), similarShown)], nil
}

// tellingWords are the longest words of a title.
func tellingWords(title string) []string {
	words := strings.FieldsFunc(strings.ToLower(cut(line(title), maxTitle)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 4 })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(utf8.RuneCountInString(b), utf8.RuneCountInString(a)) })
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) && len(out) < similarWords {
			out = append(out, w)
		}
	}
	return out
}
