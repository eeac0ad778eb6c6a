package tracker

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"letterbox/models"
	"letterbox/models/store"
)

// externalWord is how the number of an older system is typed: "redmine#123".
var externalWord = regexp.MustCompile(`^([\pL\pN][\pL\pN._-]*)#([\pL\pN][\pL\pN._-]*)$`)

// byExternal narrows a list down to the issues that had a number in an older system: "123", "redmine#123" or
// "Redmine #123". Done issues are among them: who has an old number wants to see what became of it.
func (s *Service) byExternal(ctx context.Context, n *narrowing, t Term) error {
	system, number, ok := strings.Cut(t.Value, "#")
	if !ok {
		system, number = "", t.Value
	}
	ids, err := s.store.IssuesByExternalNumber(ctx, strings.Join(strings.Fields(system), " "), strings.TrimSpace(number))
	if err != nil {
		return fmt.Errorf("find external numbers: %w", err)
	}
	n.all = n.all || !t.Not
	n.named(t, store.ByNumber, ids)
	return nil
}

// externalWords takes words such as "redmine#123" out of a text when there is such a number, and narrows the list down to
// its issues. Other words stay: "c#7" may be anything.
func (s *Service) externalWords(ctx context.Context, n *narrowing, text string) (rest string, err error) {
	if !strings.Contains(text, "#") || strings.Contains(text, `"`) {
		return text, nil
	}
	var words []string
	for _, word := range strings.Fields(text) {
		m := externalWord.FindStringSubmatch(word)
		if m == nil {
			words = append(words, word)
			continue
		}
		ids, err := s.store.IssuesByExternalNumber(ctx, m[1], m[2])
		if err != nil {
			return "", fmt.Errorf("find external numbers: %w", err)
		}
		if len(ids) == 0 {
			words = append(words, word)
			continue
		}
		n.all = true
		n.q.Where = append(n.q.Where, store.Condition{Field: store.ByNumber, IDs: ids})
	}
	return strings.Join(words, " "), nil
}

// externalOf returns the numbers that issues had in older systems.
func (s *Service) externalOf(ctx context.Context, numbers []int64) (map[int64][]models.ExternalNumber, error) {
	of, err := s.store.ExternalNumbersOf(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("load external numbers: %w", err)
	}
	return of, nil
}
