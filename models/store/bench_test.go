package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWayOfAMessage measures what the database does for one message of 20 KB: known, its octets, and the
// transaction that makes an issue of it. The number after group is how many share a transaction.
func BenchmarkWayOfAMessage(b *testing.B) {
	for _, group := range []int{1, 50} {
		b.Run(fmt.Sprintf("sqlite/group%d", group), func(b *testing.B) { benchmarkWay(b, testdb.Open(b), group) })
		b.Run(fmt.Sprintf("mysql/group%d", group), func(b *testing.B) { benchmarkWay(b, testdb.OpenMariaDB(b), group) })
	}
}

func benchmarkWay(b *testing.B, s *store.Store, group int) {
	ctx := b.Context()
	p, u := base(b, s)
	epoch, _, err := s.AcquireLease(ctx, "inbox:1", "bench", time.Hour)
	must(b, err)
	data := octets(20_000, 9)
	trace := []models.TraceEntry{}
	for _, step := range []models.Step{models.StepParse, models.StepGate, models.StepGate, models.StepGate, models.StepMatch, models.StepApply} {
		trace = append(trace, models.TraceEntry{Step: step, Code: "sender_known", Args: map[string]string{"address": "a@example.org"}, At: time.Now()})
	}
	start := cpu(b)
	uid := 0
	for b.Loop() {
		var list []*models.Message
		for range group {
			uid++
			list = append(list, &models.Message{InboxID: 1, Door: "imap", Folder: "INBOX", UIDValidity: 1, UID: fmt.Sprint(uid), SettleState: models.SettlePending})
		}
		must(b, s.AddKnown(ctx, list))
		writers := make([]*store.BlobWriter, group)
		for i := range list {
			binary.LittleEndian.PutUint64(data, uint64(list[i].ID))
			writers[i] = s.NewBlob(ctx)
			_, _ = writers[i].Write(data)
		}
		must(b, s.WithTx(ctx, func(ctx context.Context) error {
			for i, m := range list {
				blob, err := writers[i].Seal(ctx)
				must(b, err)
				m.Size, m.SHA256, m.BlobID = blob.Size, blob.SHA256, &blob.ID
			}
			return s.SaveReceived(ctx, list)
		}))
		must(b, s.WithTx(ctx, func(ctx context.Context) error {
			must(b, s.HoldLease(ctx, "inbox:1", epoch))
			for _, m := range list {
				issue := &models.Issue{ProjectID: p.ID, Title: "The printer is on fire", Description: strings.Repeat("words and ", 100), State: models.IssueNew, ReporterID: u.ID, OriginMessageID: &m.ID}
				m.State, m.Step, m.Reason, m.FromAddress, m.RFCMessageID = models.MessageCreated, models.StepApply, "known_user", "a@example.org", fmt.Sprint(m.ID, "@x")
				m.IssueNumber = &issue.Number
				must(b, s.CreateIssue(ctx, issue),
					s.AddParticipants(ctx, issue.Number, []string{"a@example.org", "b@example.org"}),
					s.AddWatchers(ctx, issue.Number, []int64{u.ID}),
					s.AddMessageIDs(ctx, issue.Number, []string{m.RFCMessageID}, false),
					s.SaveTrace(ctx, &models.Trace{MessageID: m.ID, Entries: trace}),
					s.FinishMessage(ctx, m, models.MessageReceived))
			}
			return nil
		}))
		ids := make([]int64, group)
		for i, m := range list {
			ids[i] = m.ID
		}
		must(b, s.SaveSettled(ctx, ids, models.SettleDone, "", nil))
	}
	n := float64(b.N * group)
	b.ReportMetric(float64((cpu(b)-start).Microseconds())/n, "cpu-µs/msg")
	b.ReportMetric(n/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkKnownUIDs measures the list that each visit subtracts, for a folder of 100,000 messages.
func BenchmarkKnownUIDs(b *testing.B) {
	s := testdb.Open(b)
	var list []*models.Message
	for n := range 100_000 {
		list = append(list, &models.Message{InboxID: 1, Folder: "INBOX", UIDValidity: 1, UID: fmt.Sprint(n)})
	}
	must(b, s.AddKnown(b.Context(), list))
	for b.Loop() {
		known, err := s.KnownUIDs(b.Context(), 1, "INBOX", 1)
		must(b, err)
		if len(known) != len(list) {
			b.Fatalf("got %d, want %d", len(known), len(list))
		}
	}
}
