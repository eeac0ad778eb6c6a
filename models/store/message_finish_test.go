package store_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// results are messages that are received, with results that have all columns, none, and what could be taken for something else.
func results(t *testing.T, s *store.Store) []*models.Message {
	p, u := base(t, s)
	i := issue(t, s, p, u, "a")
	c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: "b"}
	must(t, s.CreateComment(t.Context(), c))
	at := time.Date(2026, 3, 29, 1, 59, 59, 123456000, time.UTC)
	var all []*models.Message
	for n := range 5 {
		m := received(t, s, strconv.Itoa(n), "octets "+strconv.Itoa(n))
		m.State, m.Step, m.Reason, m.SettleState = models.MessageIgnored, models.StepApply, "spam", models.SettlePending
		all = append(all, m)
	}
	first, full, odd, long := all[0], all[1], all[2], all[3]
	first.SHA256, first.BlobID = nil, nil
	full.State, full.Archived, full.ErrorCode, full.ErrorDetail = models.MessageCommented, true, "E-NET-01", "lost"
	full.Subject, full.FromAddress, full.FromName, full.RFCMessageID = "Grüße 🙂", "anna@there.example", "Anna Öztürk", "1@there.example"
	full.Date, full.IssueNumber, full.CommentID, full.DuplicateOf, full.RuleVersion = &at, &i.Number, &c.ID, &first.ID, 7
	full.SettleAction, full.SettleFolder, full.SettleAfter, full.FinishedAt = "move", "Erledigt", &at, &at
	odd.Subject, odd.FromName, odd.SettleFolder = `' UNION SELECT "x" -- \`, "NULL", "0"
	long.Subject, long.ErrorDetail = strings.Repeat("ä🙂", 900), strings.Repeat("x", 3000)
	return all
}

// TestMessagesFinishedTogetherAreThoseFinishedAlone compares the rows in all columns.
func TestMessagesFinishedTogetherAreThoseFinishedAlone(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		all := results(t, s)
		var alone, together []models.Message
		read := func() (list []models.Message) {
			for _, m := range all {
				got, err := s.MessageByID(t.Context(), m.ID)
				must(t, err)
				list = append(list, got)
			}
			return list
		}
		undo := errors.New("undo")
		for n, m := range all {
			err := s.WithTx(t.Context(), func(ctx context.Context) error {
				must(t, s.FinishMessage(ctx, m, models.MessageReceived))
				got, err := s.MessageByID(ctx, m.ID)
				must(t, err)
				alone = append(alone, got)
				return undo
			})
			want(t, "message "+strconv.Itoa(n), err, undo)
		}
		before := read()
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			for _, m := range all {
				if err := s.FinishMessage(ctx, m, models.MessageReceived); err != nil {
					return err
				}
			}
			return nil
		}))
		if together = read(); cmp.Equal(before, together) {
			t.Error("nothing was written")
		}
		if d := cmp.Diff(alone, together); d != "" {
			t.Errorf("(-alone +together):\n%s", d)
		}
	})
}

// TestMessagesAreFinishedTogetherOrNotAtAll has one of several finished by somebody else.
func TestMessagesAreFinishedTogetherOrNotAtAll(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		a, b, c := received(t, s, "1", "a"), received(t, s, "2", "b"), received(t, s, "3", "c")
		finish(t, s, b, models.MessageIgnored)
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			for _, m := range []*models.Message{a, b, c} {
				m.State = models.MessageCreated
				if err := s.FinishMessage(ctx, m, models.MessageReceived); err != nil {
					return err
				}
			}
			return nil
		})
		want(t, "finish three of which one is finished", err, models.ErrConflict)
		for m, state := range map[*models.Message]models.MessageState{a: models.MessageReceived, b: models.MessageIgnored, c: models.MessageReceived} {
			got, err := s.MessageByID(t.Context(), m.ID)
			must(t, err)
			if got.State != state {
				t.Errorf("message %s is %s, want %s", m.UID, got.State, state)
			}
		}
	})
}
