package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// known adds one message to the ledger.
func known(t testing.TB, s *store.Store, uid string) *models.Message {
	t.Helper()
	m := &models.Message{InboxID: 1, Door: "imap", Folder: "INBOX", UIDValidity: 9, UID: uid, Step: models.StepFetch, SettleState: models.SettlePending}
	must(t, s.AddKnown(t.Context(), []*models.Message{m}))
	if m.ID == 0 {
		t.Fatalf("uid %q was skipped", uid)
	}
	return m
}

// received adds one message whose octets are kept.
func received(t testing.TB, s *store.Store, uid, text string) *models.Message {
	t.Helper()
	m := known(t, s, uid)
	b := seal(t, s, []byte(text))
	m.Size, m.SHA256, m.BlobID = b.Size, b.SHA256, &b.ID
	must(t, s.SaveReceived(t.Context(), []*models.Message{m}))
	return m
}

func finish(t testing.TB, s *store.Store, m *models.Message, state models.MessageState) {
	t.Helper()
	m.State = state
	must(t, s.FinishMessage(t.Context(), m, models.MessageKnown, models.MessageReceived))
}

func TestIdentityIsComparedOctetByOctet(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		different := []*models.Message{
			{InboxID: 1, Folder: "INBOX", UID: "a"}, {InboxID: 1, Folder: "INBOX", UID: "A"}, {InboxID: 1, Folder: "INBOX", UID: "a "},
			{InboxID: 1, Folder: "INBOX", UID: "ä"}, {InboxID: 1, Folder: "inbox", UID: "a"}, {InboxID: 1, UID: "a"},
			{InboxID: 2, Folder: "INBOX", UID: "a"}, {InboxID: 1, Folder: "INBOX", UIDValidity: 1, UID: "a"},
			{InboxID: 1, Folder: "INBOX", UIDValidity: 4294967295, UID: "a"}, {InboxID: 1, Folder: "INBOX", UID: `a\'"%_`},
		}
		must(t, s.AddKnown(ctx, different))
		seen := map[int64]bool{}
		for _, m := range different {
			got, err := s.MessageByRef(ctx, m.InboxID, m.Folder, m.UIDValidity, m.UID)
			must(t, err)
			if m.ID == 0 || seen[m.ID] || got.ID != m.ID {
				t.Errorf("%q %q: got id %d, found %d, want one of its own", m.Folder, m.UID, m.ID, got.ID)
			}
			seen[m.ID] = true
		}
		uids, err := s.KnownUIDs(ctx, 1, "INBOX", 0)
		must(t, err)
		if d := cmp.Diff(uids, map[string]struct{}{"a": {}, "A": {}, "a ": {}, "ä": {}, `a\'"%_`: {}}); d != "" {
			t.Errorf("known (-got +want):\n%s", d)
		}
	})
}

func TestKnownMessagesAreSkipped(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		var list []*models.Message
		for n := range 450 {
			list = append(list, &models.Message{InboxID: 1, UID: fmt.Sprint(n)})
		}
		must(t, s.AddKnown(t.Context(), list[:300:300]), s.AddKnown(t.Context(), append(list, &models.Message{InboxID: 1, UID: "449"})))
		for n, m := range list {
			if (m.ID != 0) != (n >= 300) {
				t.Errorf("message %d: got id %d", n, m.ID)
			}
		}
		n, err := s.MessageCounts(t.Context(), 1, time.Time{})
		must(t, err)
		if n[models.MessageKnown] != 450 || len(n) != 1 {
			t.Errorf("got messages %v, want 450 known ones", n)
		}
		must(t, s.AddKnown(t.Context(), nil))
	})
}

func TestTwoReplicasAddEachMessageOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		owners := map[string]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for n := 0; n < 200; n += 20 {
					var list []*models.Message
					for i := range 20 {
						list = append(list, &models.Message{InboxID: 1, Folder: "INBOX", UID: fmt.Sprint(n + i)})
					}
					if err := s.AddKnown(t.Context(), list); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, m := range list {
						if m.ID != 0 {
							owners[m.UID]++
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for n := range 200 {
			if owners[fmt.Sprint(n)] != 1 {
				t.Errorf("message %d: added %d times, want once", n, owners[fmt.Sprint(n)])
			}
		}
	})
}

func TestMessageGoesThroughItsStatesOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		m := received(t, s, "1", "raw")
		want(t, "received twice", s.SaveReceived(ctx, []*models.Message{m}), models.ErrConflict)
		must(t, s.BeginAttempts(ctx, []int64{m.ID}), s.BeginAttempts(ctx, []int64{m.ID}))
		at := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		m.State, m.Step, m.Reason, m.Archived = models.MessageCommented, models.StepApply, "ok", true
		m.Subject, m.FromAddress, m.FromName, m.RFCMessageID = strings.Repeat("ü🙂", 2000), "a@example.org", "A", "x@y"
		m.Date, m.IssueNumber, m.CommentID, m.DuplicateOf, m.RuleVersion = &at, ptr(int64(4)), ptr(int64(5)), ptr(int64(6)), 7
		m.SettleAction, m.SettleFolder, m.SettleAfter = "move", "Erledigt", &at
		must(t, s.FinishMessage(ctx, m, models.MessageReceived))
		got, err := s.MessageByID(ctx, m.ID)
		must(t, err)
		if !strings.HasPrefix(m.Subject, got.Subject) || len(got.Subject) < 1990 || len(got.Subject) > 2000 {
			t.Errorf("subject: got %d octets, want a little less than 2000, whole characters", len(got.Subject))
		}
		wanted := *m
		wanted.Subject, wanted.Attempts = got.Subject, 2
		wanted.ReceivedAt, wanted.FinishedAt = got.ReceivedAt, got.FinishedAt
		if d := cmp.Diff(got, wanted); d != "" || got.FinishedAt == nil {
			t.Errorf("message (-got +want):\n%s", d)
		}
		want(t, "finished twice", s.FinishMessage(ctx, m, models.MessageReceived), models.ErrConflict)
		must(t, s.SaveFailure(ctx, m.ID, "E-X", "late", &at))
		if got, err = s.MessageByID(ctx, m.ID); err != nil || got.ErrorCode != "" {
			t.Errorf("failure after the end: got code %q, %v, want none", got.ErrorCode, err)
		}
	})
}

func TestFirstAttemptsBeginTogetherOrNotAtAll(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		a, b, final := received(t, s, "1", "one"), received(t, s, "2", "two"), received(t, s, "3", "three")
		final.State, final.Reason = models.MessageIgnored, "ok"
		must(t, s.FinishMessage(ctx, final, models.MessageReceived))
		attempts := func(want ...int) {
			t.Helper()
			for i, m := range []*models.Message{a, b, final} {
				if got, err := s.MessageByID(ctx, m.ID); err != nil || got.Attempts != want[i] {
					t.Errorf("message %s has %d attempts (%v), want %d", m.UID, got.Attempts, err, want[i])
				}
			}
		}
		want(t, "one is final", s.BeginFirstAttempts(ctx, []int64{a.ID, final.ID}), models.ErrConflict)
		attempts(0, 0, 0)
		must(t, s.BeginFirstAttempts(ctx, []int64{a.ID}))
		want(t, "one has an attempt", s.BeginFirstAttempts(ctx, []int64{b.ID, a.ID}), models.ErrConflict)
		attempts(1, 0, 0)
		must(t, s.ReleaseAttempts(ctx, []int64{a.ID}), s.BeginFirstAttempts(ctx, []int64{b.ID, a.ID}), s.BeginFirstAttempts(ctx, nil))
		attempts(1, 1, 0)
	})
}

func TestFinishInARolledBackTransactionHasNoEffect(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		m := received(t, s, "1", "raw")
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			m.State = models.MessageCreated
			must(t, s.FinishMessage(ctx, m, models.MessageReceived))
			return models.ErrFenced
		})
		want(t, "WithTx", err, models.ErrFenced)
		got, err := s.MessageByID(t.Context(), m.ID)
		must(t, err)
		if got.State != models.MessageReceived {
			t.Errorf("state: got %q, want %q", got.State, models.MessageReceived)
		}
	})
}

func TestOpenMessagesAreDueAndOldestFirst(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, at := t.Context(), time.Now()
		a, b, c, d := known(t, s, "1"), received(t, s, "2", "b"), known(t, s, "3"), known(t, s, "4")
		finish(t, s, d, models.MessageIgnored)
		later := at.Add(time.Hour)
		must(t, s.SaveFailure(ctx, a.ID, "E-NET-01", "lost\xff connection", &later))
		ids := func(at time.Time, limit int) (ids []int64) {
			list, err := s.OpenMessages(ctx, 1, at, limit)
			must(t, err)
			for _, m := range list {
				ids = append(ids, m.ID)
			}
			return ids
		}
		if d := cmp.Diff(ids(at, 9), []int64{b.ID, c.ID}); d != "" {
			t.Errorf("now (-got +want):\n%s", d)
		}
		if d := cmp.Diff(ids(later, 2), []int64{a.ID, b.ID}); d != "" {
			t.Errorf("later, two of them (-got +want):\n%s", d)
		}
	})
}

func TestSettlingIsRepeatedUntilItIsConfirmed(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, at := t.Context(), time.Now()
		open, done, wait := known(t, s, "1"), received(t, s, "2", "b"), received(t, s, "3", "c")
		wait.SettleAfter = ptr(at.Add(time.Hour))
		finish(t, s, done, models.MessageCreated)
		finish(t, s, wait, models.MessageCreated)
		count := func(at time.Time) int {
			list, err := s.UnsettledMessages(ctx, 1, at, 10)
			must(t, err)
			for _, m := range list {
				if m.ID == open.ID {
					t.Error("a message that is not final is to be settled")
				}
			}
			return len(list)
		}
		if n := count(at); n != 1 {
			t.Errorf("now: got %d, want 1", n)
		}
		must(t, s.SaveSettled(ctx, []int64{done.ID}, models.SettleFailed, "E-SET-01", ptr(at.Add(time.Minute))))
		if n, m := count(at), count(at.Add(2*time.Minute)); n != 0 || m != 1 {
			t.Errorf("after a failure: got %d now and %d later, want 0 and 1", n, m)
		}
		must(t, s.SaveSettled(ctx, []int64{done.ID, wait.ID}, models.SettleDone, "", nil))
		got, err := s.MessageByID(ctx, done.ID)
		must(t, err)
		if n := count(at.Add(2 * time.Hour)); n != 0 || got.SettleAttempts != 2 || got.SettledAt == nil || got.SettleError != "" {
			t.Errorf("after it was confirmed: %d left, %+v", n, got)
		}
		must(t, s.SaveSettled(ctx, []int64{done.ID}, models.SettleFailed, "E-SET-01", ptr(at.Add(time.Minute)))) // From a process that was paused.
		if got, err = s.MessageByID(ctx, done.ID); err != nil || got.SettleState != models.SettleDone {
			t.Errorf("after a late failure: %s, %v, want done", got.SettleState, err)
		}
	})
}

func TestSameOctetsAreRecognised(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		a, b, other := received(t, s, "1", "same"), received(t, s, "2", "same"), received(t, s, "3", "other")
		if list, err := s.FinalBySHA(t.Context(), b.SHA256, b.ID); len(list) != 0 || err != nil {
			t.Errorf("before the first is final: got %v, %v, want none", list, err)
		}
		finish(t, s, a, models.MessageCreated)
		finish(t, s, other, models.MessageCreated)
		list, err := s.FinalBySHA(t.Context(), b.SHA256, b.ID)
		must(t, err)
		if len(list) != 1 || list[0].ID != a.ID {
			t.Errorf("got %v, want message %d", list, a.ID)
		}
	})
}

func TestLogIsFilteredAndComesInPages(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for n := range 5 {
			m := received(t, s, fmt.Sprint(n), fmt.Sprint("raw", n))
			m.Subject, m.FromAddress, m.RFCMessageID, m.Reason = fmt.Sprintf("Größe %d%%", n), fmt.Sprintf("s%d@example.org", n%2), fmt.Sprintf("id%d@x", n), "unknown_sender"
			m.IssueNumber = ptr(int64(n))
			finish(t, s, m, models.MessageRejected)
		}
		for _, c := range []struct {
			f    store.MessageFilter
			want int
		}{
			{store.MessageFilter{}, 5},
			{store.MessageFilter{InboxIDs: []int64{1, 2}}, 5},
			{store.MessageFilter{InboxIDs: []int64{}}, 0},
			{store.MessageFilter{InboxIDs: []int64{2}}, 0},
			{store.MessageFilter{State: models.MessageRejected, Reason: "unknown_sender"}, 5},
			{store.MessageFilter{State: models.MessageCreated}, 0},
			{store.MessageFilter{IssueNumber: 3}, 1},
			{store.MessageFilter{Text: "3%"}, 1},
			{store.MessageFilter{Text: "S1@EXAMPLE"}, 2},
			{store.MessageFilter{Text: "id4"}, 1},
		} {
			list, _, err := s.Messages(ctx, c.f)
			must(t, err)
			if len(list) != c.want {
				t.Errorf("%+v: got %d, want %d", c.f, len(list), c.want)
			}
		}
		first, next, err := s.Messages(ctx, store.MessageFilter{Limit: 3})
		must(t, err)
		rest, end, err := s.Messages(ctx, store.MessageFilter{Limit: 3, Cursor: next})
		must(t, err)
		if len(first) != 3 || len(rest) != 2 || end != "" || first[0].ID <= rest[0].ID {
			t.Errorf("pages: got %d and %d, cursor %q", len(first), len(rest), end)
		}
		counts, err := s.MessageCounts(ctx, 1, time.Now().Add(-time.Hour))
		must(t, err)
		if d := cmp.Diff(counts, map[models.MessageState]int{models.MessageRejected: 5}); d != "" {
			t.Errorf("counts (-got +want):\n%s", d)
		}
		senders, err := s.RecentSenders(ctx, 1, 10)
		must(t, err)
		if d := cmp.Diff(senders, []string{"s0@example.org", "s1@example.org"}); d != "" {
			t.Errorf("senders (-got +want):\n%s", d)
		}
	})
}

func TestTraceOfARunIsKept(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		m := known(t, s, "1")
		tr := models.Trace{MessageID: m.ID, Entries: []models.TraceEntry{{Step: models.StepGate, Code: "sender", Args: map[string]string{"address": "ä@x"}, At: time.Unix(1, 0).UTC()}}}
		must(t, s.SaveTrace(ctx, &models.Trace{MessageID: m.ID}), s.SaveTrace(ctx, &tr), s.SaveTrace(ctx, &models.Trace{MessageID: m.ID, Run: 1}))
		got, err := s.Traces(ctx, m.ID)
		must(t, err)
		if len(got) != 2 || got[1].Run != 1 {
			t.Fatalf("got %+v, want two runs", got)
		}
		if d := cmp.Diff(got[0].Entries, tr.Entries); d != "" {
			t.Errorf("entries (-got +want):\n%s", d)
		}
	})
}

func TestMessageIDsLeadToTheirIssues(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, long := t.Context(), strings.Repeat("x", 5000)+"@y"
		must(t, s.AddMessageIDs(ctx, 1, []string{"a@b", "a@b", long, "\xff@b"}, false),
			s.AddMessageIDs(ctx, 1, []string{"a@b"}, true), s.AddMessageIDs(ctx, 2, []string{"a@b"}, true), s.AddMessageIDs(ctx, 2, nil, true))
		got, err := s.IssuesByMessageIDs(ctx, []string{"a@b", "A@b", "a@b ", long, "none", "\xff@b", "a@b"})
		must(t, err)
		if len(got) != 3 || len(got["a@b"]) != 2 || got["a@b"][0].IssueNumber != 1 || got["a@b"][0].Outgoing || !got["a@b"][1].Outgoing || len(got[long]) != 1 {
			t.Errorf("got %+v", got)
		}
		if none, err := s.IssuesByMessageIDs(ctx, nil); len(none) != 0 || err != nil {
			t.Errorf("of none: got %v, %v", none, err)
		}
	})
}

func TestMessageIDsAreTheSameWhetherAskedForAtOnceOrOneByOne(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ids := []string{"a@b", "c@d", "e@f", "none@x", "a@b"}
		must(t, s.AddMessageIDs(t.Context(), 3, []string{"a@b", "c@d"}, true))
		tell := func(ahead []string) (told []map[string][]string) {
			look := func(ctx context.Context) {
				t.Helper()
				found, err := s.IssuesByMessageIDs(ctx, ids)
				must(t, err)
				now := map[string][]string{}
				for id, refs := range found {
					for _, r := range refs {
						now[id] = append(now[id], fmt.Sprint(r.IssueNumber, r.RFCMessageID, r.Outgoing, len(r.Hash)))
					}
				}
				told = append(told, now)
			}
			undone := errors.New("undone")
			err := s.WithTx(t.Context(), func(ctx context.Context) error {
				must(t, s.AskForMessageIDs(ctx, ahead))
				look(ctx)
				must(t, s.AddMessageIDs(ctx, 2, []string{"a@b", "e@f", "new@x"}, false))
				must(t, s.AddMessageIDs(ctx, 2, []string{"a@b"}, true))
				look(ctx)
				must(t, s.HoldMessageID(ctx, "c@d"), s.AddMessageIDs(ctx, 7, []string{"c@d", "none@x"}, false))
				look(ctx)
				must(t, s.MergeThread(ctx, 2, 3, 0))
				look(ctx)
				return undone
			})
			if !errors.Is(err, undone) {
				t.Error(err)
			}
			return told
		}
		want := tell(nil)
		if d := cmp.Diff(want[1]["a@b"], []string{"2a@bfalse 32", "3a@btrue 32"}); d != "" {
			t.Errorf("one by one (-got +want):\n%s", d)
		}
		for _, ahead := range [][]string{ids, {"a@b", "none@x"}} {
			if d := cmp.Diff(tell(ahead), want); d != "" {
				t.Errorf("with %q asked for at once (-got +want):\n%s", ahead, d)
			}
		}
	})
}

func TestNextDueIsTheFirstOfAllThatIsDue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, later := t.Context(), time.Now().UTC().Add(time.Hour).Truncate(time.Second)
		due := func(want *time.Time) {
			t.Helper()
			got, err := s.NextDue(ctx, 1)
			must(t, err)
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("due (-got +want):\n%s", d)
			}
		}
		due(nil)
		failed, moved := received(t, s, "1", "one"), received(t, s, "2", "two")
		finish(t, s, failed, models.MessageRejected)
		finish(t, s, moved, models.MessageRejected)
		sooner := later.Add(-time.Minute)
		must(t, s.SaveSettled(ctx, []int64{failed.ID}, models.SettleFailed, "E-IMAP-05", &later),
			s.SaveSettled(ctx, []int64{moved.ID}, models.SettlePending, "", &sooner))
		due(&sooner)
		must(t, s.SaveSettled(ctx, []int64{moved.ID}, models.SettleDone, "", nil))
		due(&later)
		known(t, s, "3")
		due(&time.Time{}) // At once.
	})
}
