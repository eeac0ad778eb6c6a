package tracker

import (
	"cmp"
	"context"
	"maps"
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
	found, err := s.similar(ctx, by, project, title)
	if err != nil {
		return nil, err
	}
	return likeliest(slices.DeleteFunc(found, func(l likely) bool { return l.hits < min(2, l.of) })), nil
}

// likely is an issue that shares words with a title.
type likely struct {
	IssueRow
	hits, of int // How many of the words that were looked for.
}

// similar returns the open issues that share a word with a title, in no order; project "" means all.
func (s *Service) similar(ctx context.Context, by *models.User, project, title string) ([]likely, error) {
	words := tellingWords(title)
	found := map[int64]likely{}
	for _, word := range words {
		page, err := s.Issues(ctx, by, IssueFilter{
			ProjectKey: project, Text: word, Sort: SortUpdated, Limit: 20,
			States: slices.DeleteFunc(models.IssueStates(), models.IssueState.Done),
		})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			found[row.Number] = likely{row, found[row.Number].hits + 1, len(words)}
		}
	}
	return slices.Collect(maps.Values(found)), nil
}

// likeliest are those that share the most words, at most similarShown.
func likeliest(list []likely) []IssueRow {
	slices.SortFunc(list, func(a, b likely) int {
		return cmp.Or(cmp.Compare(b.hits, a.hits), cmp.Compare(b.Number, a.Number))
	})
	var out []IssueRow
	for _, l := range list[:min(len(list), similarShown)] {
		out = append(out, l.IssueRow)
	}
	return out
}

// Alike returns open issues, of all projects that the person works on, that may be about the same as one of theirs: at
// most five, the likeliest first. What the same customer has reported counts for more.
func (s *Service) Alike(ctx context.Context, by *models.User, number int64) ([]IssueRow, error) {
	i, err := s.Issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	found, err := s.similar(ctx, by, "", i.Title)
	if err != nil {
		return nil, err
	}
	var out []likely
	for _, l := range found {
		if l.Number == number || l.MergedInto != nil || !a.WorksOn(l.ProjectID) {
			continue
		}
		if l.ReporterID == i.ReporterID {
			l.hits++
		}
		if l.hits >= min(2, l.of) {
			out = append(out, l)
		}
	}
	return likeliest(out), nil
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
