package handlers

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// BenchmarkPages measures whole pages over HTTP: lists, searches, the board and an issue, in the databases that the
// benchmark of lists in models/store has filled and LETTERBOX_BENCH_SQLITE and LETTERBOX_BENCH_MYSQL name.
func BenchmarkPages(b *testing.B) {
	for name, variable := range map[string]string{"sqlite": "LETTERBOX_BENCH_SQLITE", "mysql": "LETTERBOX_BENCH_MYSQL"} {
		b.Run(name, func(b *testing.B) {
			s := testdb.Open(b)
			if dsn := os.Getenv(variable); dsn != "" {
				var err error
				if s, err = store.Open(b.Context(), dsn, nil); err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = s.Close() })
			}
			benchmarkPages(b, s)
		})
	}
}

func benchmarkPages(b *testing.B, s *store.Store) {
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	check(s.Migrate(b.Context()))
	ring, err := secret.Parse(secret.Generate())
	check(err)
	svc := tracker.New(tracker.Deps{Secrets: ring, Store: s})
	scripts, err := script.New("", 2)
	check(err)
	gate := gateway.New(gateway.Deps{Scripts: scripts, Store: s, Tracker: svc, Secrets: ring, Log: slog.New(slog.DiscardHandler)})
	hooks := webhook.New(webhook.Deps{Store: s, Secrets: ring, Dial: netguard.WebDialer(nil)})
	h, err := build(Deps{Tracker: svc, Gateway: gate, Webhooks: hooks, Version: "bench", Changes: func(func(string)) {}})
	check(err)
	u, err := svc.UserByLogin(b.Context(), tracker.CommandLine(), "bench")
	if err != nil {
		u, err = svc.CreateUser(b.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "bench", Name: "Bench", Role: models.RoleAdmin, Addresses: []string{"bench@example.org"}})
		check(err)
	}
	cookie, err := svc.StartSession(b.Context(), &u, nil)
	check(err)
	srv := httptest.NewServer(h.router())
	b.Cleanup(srv.Close)
	for _, page := range []struct{ name, path string }{
		{"list", "/issues"},
		{"list-all", "/issues?q="},
		{"by-state", "/issues?group=state"},
		{"by-priority", "/issues?group=priority"},
		{"by-assignee", "/issues?group=assignee"},
		{"by-project", "/issues?group=project&density=compact"},
		{"by-assignee-all", "/issues?group=assignee&q=is:all"},
		{"by-priority-oldest", "/issues?group=priority&sort=oldest&q=is:all"},
		{"word-by-priority", "/issues?group=priority&q=" + url.QueryEscape("is:open word999")},
		{"two-by-state", "/issues?group=state&q=" + url.QueryEscape("is:all word40 word4000")},
		{"rare-by-state", "/issues?group=state&q=" + url.QueryEscape("is:all word49000")},
		{"word", "/issues?q=" + url.QueryEscape("word999")},
		{"open-two", "/issues?q=" + url.QueryEscape("is:open word40 word4000")},
		{"phrase", "/issues?q=" + url.QueryEscape(`"word400 word3"`)},
		{"board", "/board"},
		{"issue", "/issues/50000"},
	} {
		b.Run(page.name, func(b *testing.B) {
			least := time.Hour
			for b.Loop() {
				start := time.Now()
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL+page.path, nil)
				check(err)
				req.Header.Set("Cookie", h.sessionCookie()+"="+cookie)
				res, err := srv.Client().Do(req)
				check(err)
				_, err = io.Copy(io.Discard, res.Body)
				check(err)
				check(res.Body.Close())
				if res.StatusCode != http.StatusOK {
					b.Skipf("status %d", res.StatusCode)
				}
				least = min(least, time.Since(start))
			}
			b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
		})
	}
}
