package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"letterbox/models"
)

// filledSetting is the setting that tells up to which issue texts from before there was a search are in the index.
const filledSetting = "search.filled"

// fillIndex puts the texts into the full-text index that were written before there was one. It goes on where it was
// interrupted, and does nothing once it is through. Texts that are written meanwhile are indexed by who writes them.
func (s *Store) fillIndex(ctx context.Context) error {
	for {
		at, err := s.Setting(ctx, filledSetting)
		if errors.Is(err, models.ErrNotFound) {
			at, err = "0", nil
		}
		if err != nil || at == "done" {
			return wrap("fill the index", err)
		}
		from, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return fmt.Errorf("fill the index: setting %s: %w", filledSetting, err)
		}
		if err := s.WithTx(ctx, func(ctx context.Context) error { return s.fillPart(ctx, from) }); err != nil {
			return wrap("fill the index", err)
		}
	}
}

// fillPart indexes the next issues after a number, with their comments.
func (s *Store) fillPart(ctx context.Context, from int64) error {
	var numbers []int64
	err := s.each(ctx, "SELECT number FROM issues WHERE number > ? ORDER BY number LIMIT 100", []any{from}, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		numbers = append(numbers, n)
		return err
	})
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		return s.SetSetting(ctx, filledSetting, "done")
	}
	issues, err := s.IssuesByNumber(ctx, numbers)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := s.ReindexIssue(ctx, issues[n]); err != nil {
			return err
		}
	}
	return s.SetSetting(ctx, filledSetting, strconv.FormatInt(numbers[len(numbers)-1], 10))
}

// ReindexIssue puts all texts of an issue into the full-text index anew: its description, comments and file names.
func (s *Store) ReindexIssue(ctx context.Context, i models.Issue) error {
	files, err := s.Attachments(ctx, i.Number)
	if err != nil {
		return err
	}
	names := map[int64][]string{}
	for _, f := range files {
		names[deref(f.CommentID)] = append(names[deref(f.CommentID)], f.Name)
	}
	comments, err := s.Comments(ctx, i.Number)
	if err != nil {
		return err
	}
	if err := s.ReindexText(ctx, i.Number, 0, append([]string{i.Title, i.Description}, names[0]...)...); err != nil {
		return err
	}
	for _, c := range comments {
		if err := s.ReindexText(ctx, i.Number, c.ID, append([]string{c.Body}, names[c.ID]...)...); err != nil {
			return err
		}
	}
	return nil
}
