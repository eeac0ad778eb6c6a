package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// BenchmarkOutboxDrains measures how fast 10,000 mails that wait get out by one account of an SMTP server in this
// process, and how much memory that takes.
func BenchmarkOutboxDrains(b *testing.B) {
	const mails = 10_000
	for b.Loop() {
		b.StopTimer()
		s := testdb.Open(b)
		ring, err := secret.Parse(secret.Generate())
		if err != nil {
			b.Fatal(err)
		}
		servers, err := mailtest.NewServers(mailtest.Options{Rewrite: func([]byte) []byte { return []byte("Subject: x\r\n\r\n") }})
		if err != nil {
			b.Fatal(err)
		}
		servers.AddUser("support", "s3cret", "support@here.example")
		log := slog.New(slog.DiscardHandler)
		g := gateway.New(gateway.Deps{
			Store: s, Tracker: tracker.New(tracker.Deps{Store: s, Log: log}), Secrets: ring, Log: log,
			Dial: netguard.Dialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}),
		})
		host, port, err := net.SplitHostPort(servers.SMTPAddr)
		if err != nil {
			b.Fatal(err)
		}
		d := gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: models.DefaultSendingSettings(), Password: new("s3cret")}
		d.Settings.Host, d.Settings.Security, d.Settings.Username = host, "none", "support"
		d.Settings.Port, _ = strconv.Atoi(port)
		a, err := g.CreateSendingAccount(b.Context(), nil, d)
		if err != nil {
			b.Fatal(err)
		}
		at := time.Now().UTC()
		var rows []*models.Outgoing
		for n := range mails {
			rows = append(rows, &models.Outgoing{
				Kind: models.OutgoingAcknowledgement, AccountID: a.ID, IssueNumber: int64(n + 1), Recipient: "support@here.example", State: models.OutgoingQueued,
				RFCMessageID: fmt.Sprintf("a.%d@here.example", n), Language: "de", NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(time.Hour),
				Content: models.OutgoingContent{Subject: "Re: [#1] Drucker", Text: "Guten Tag,\n\nIhre Nachricht ist da.", To: []string{"support@here.example"}},
			})
		}
		if err := s.AddOutgoing(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
		rows = nil
		var before, most runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		peak := uint64(0)
		for {
			counts, err := g.OutboxCounts(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			runtime.ReadMemStats(&most)
			peak = max(peak, most.HeapInuse)
			if counts[models.OutgoingAccepted] == mails {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
		b.StopTimer()
		b.ReportMetric(float64(int64(peak)-int64(before.HeapInuse))/(1<<20), "MiB-more")
		servers.Close()
		b.StartTimer()
	}
	b.ReportMetric(mails*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
