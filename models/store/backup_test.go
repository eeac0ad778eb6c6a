package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestRestoredDatabaseHoldsWhatWasQueuedAndSkipsNumbers(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		number := func() (n int64) {
			must(t, s.WithTx(ctx, func(ctx context.Context) (err error) { n, err = s.NextIssueNumber(ctx); return err }))
			return n
		}
		given := number()
		queued := &models.Outgoing{RFCMessageID: "q", State: models.OutgoingQueued, ExpiresAt: time.Now().Add(time.Hour)}
		sent := &models.Outgoing{RFCMessageID: "s", State: models.OutgoingAccepted, ExpiresAt: time.Now().Add(time.Hour)}
		must(t, s.AddOutgoing(ctx, []*models.Outgoing{queued, sent}))
		_, _, err := s.AcquireLease(ctx, "inbox:1", "dead", time.Hour)
		must(t, err)

		r, err := s.AfterRestore(ctx, "E-DB-05")
		must(t, err)
		if d := cmp.Diff(r, store.Restored{Held: 1, NextIssue: given + 1001}); d != "" {
			t.Errorf("restored (-got +want):\n%s", d)
		}
		if got := number(); got != r.NextIssue {
			t.Errorf("the next issue is %d, want %d", got, r.NextIssue)
		}
		for id, want := range map[int64]models.OutgoingState{queued.ID: models.OutgoingDraft, sent.ID: models.OutgoingAccepted} {
			if o, err := s.OutgoingByID(ctx, id); err != nil || o.State != want {
				t.Errorf("outgoing mail is %q (%v), want %q", o.State, err, want)
			}
		}
		if _, ok, err := s.AcquireLease(ctx, "inbox:1", "new", time.Minute); err != nil || !ok {
			t.Errorf("the lease of a process before the restore holds: %v %v", ok, err)
		}
	})
}

func TestVerifyFindsChangedOctets(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(t, s.Migrate(t.Context()))
		received(t, s, "1", "one")
		damaged := received(t, s, "2", "two")
		if wrong := verify(t, s); len(wrong) != 0 {
			t.Errorf("verify finds %q in what is whole", wrong)
		}
		_, err := raw(t, dsn).Exec("UPDATE blob_chunks SET data = 'twO' WHERE blob_id = ?", *damaged.BlobID)
		must(t, err)
		if wrong := verify(t, s); len(wrong) != 1 {
			t.Errorf("verify finds %q, want the damaged octets", wrong)
		}
	})
}

func verify(t *testing.T, s *store.Store) (wrong []string) {
	t.Helper()
	_, err := s.Verify(t.Context(), func(what string) { wrong = append(wrong, what) })
	must(t, err)
	return wrong
}

func TestOnlyTheEmbeddedDatabaseIsCopiedHere(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db"))
		if s.Dialect() == "sqlite" && err != nil || s.Dialect() == "mysql" && !errors.Is(err, store.ErrNoBackup) {
			t.Errorf("backup of %s: %v", s.Dialect(), err)
		}
	})
}
