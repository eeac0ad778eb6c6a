package store_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestRetiredMessagesHaveNoNameOnTheServer(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		epoch, _, err := s.AcquireLease(ctx, "inbox:1", "a", time.Minute)
		must(t, err)
		pending := known(t, s, "5")
		pending.State, pending.SettleState, pending.SettleAction = models.MessageCreated, models.SettlePending, "delete"
		must(t, s.FinishMessage(ctx, pending, models.MessageKnown))
		open := known(t, s, "6")
		must(t, s.SaveFolderMark(ctx, &models.FolderMark{InboxID: 1, Folder: "INBOX", UIDValidity: 9, FirstUID: 3}))
		for range 2 { // Once retired, they stay as they are.
			must(t, s.RetireSource(ctx, 1, "inbox:1", time.Now()))
		}
		uids, err := s.KnownUIDs(ctx, 1, "INBOX", 9)
		must(t, err)
		want := map[string]struct{}{fmt.Sprintf("retired:%d:5", pending.ID): {}, fmt.Sprintf("retired:%d:6", open.ID): {}}
		if diff := cmp.Diff(want, uids); diff != "" {
			t.Error(diff)
		}
		got, err := s.MessageByID(ctx, pending.ID)
		must(t, err)
		if got.SettleState != models.SettleGone {
			t.Errorf("settle state = %s, want gone", got.SettleState)
		}
		marks, err := s.FolderMarks(ctx, 1)
		must(t, err)
		if len(marks) != 1 || marks[0].UIDValidity != 0 || marks[0].FirstUID != 0 {
			t.Errorf("marks = %+v, want one of no numbering and no UID", marks)
		}
		if err := s.HoldLease(ctx, "inbox:1", epoch); !errors.Is(err, models.ErrFenced) {
			t.Errorf("HoldLease = %v, want ErrFenced", err)
		}
	})
}

func TestUnavailableIsNotWhatLiesInTheRequest(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		must(t, s.CreateProject(t.Context(), &models.Project{Key: "A", Name: "A"}))
		conflict := s.CreateProject(t.Context(), &models.Project{Key: "A", Name: "A"})
		_, missing := s.MessageByID(t.Context(), 99)
		for _, err := range []error{nil, conflict, missing, io.ErrUnexpectedEOF, t.Context().Err()} {
			if store.Unavailable(err) {
				t.Errorf("Unavailable(%v) = true, want false", err)
			}
		}
		if !store.Unavailable(fmt.Errorf("apply: %w", store.ErrCommitUnknown)) {
			t.Error("a commit of which the outcome is not known counts as the message's fault")
		}
	})
}

func TestHoldBlobOfNothing(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		if err := s.HoldBlobs(t.Context(), 99); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("HoldBlob = %v, want ErrNotFound", err)
		}
		m := received(t, s, "1", "raw")
		must(t, s.HoldBlobs(t.Context(), *m.BlobID), s.HoldBlobs(t.Context(), *m.BlobID))
	})
}

func TestAilmentsSayWhatIsWrongWithTheDatabase(t *testing.T) {
	number := func(n uint16) error { return &mysql.MySQLError{Number: n} }
	for _, c := range []struct {
		err  error
		want store.Ailment
	}{
		{nil, store.Well}, {io.ErrUnexpectedEOF, store.Well}, {number(1064), store.Well},
		{testdb.NoRoom(t), store.NoRoom}, {number(1114), store.NoRoom},
		{testdb.ReadOnly(t), store.ReadOnly}, {number(1290), store.ReadOnly},
		{testdb.NotADatabase(t), store.Damaged}, {number(1030), store.Damaged},
		{number(1040), store.Away}, {number(1213), store.Away}, {driver.ErrBadConn, store.Away}, {store.ErrCommitUnknown, store.Away},
		{fmt.Errorf("%w: %w", store.ErrCommitUnknown, testdb.NoRoom(t)), store.NoRoom},
	} {
		if got := store.AilmentOf(fmt.Errorf("apply: %w", c.err)); got != c.want {
			t.Errorf("AilmentOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}
