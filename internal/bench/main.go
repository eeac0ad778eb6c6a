// Command bench measures how fast mail becomes issues and what it costs: a child process visits a private Dovecot and
// writes to SQLite with synchronous=FULL, the raw mail kept, rules, threading and trace switched on. Beside it, in the
// same run, the same mailbox is streamed to nowhere: ratios to that hold on another machine, seconds do not.
//
// It prints a table; docs/benchmarks.md keeps one with the machine and the date.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"letterbox/internal/mailtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == childWord {
		if err := child(ctx, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	corpus := flag.String("corpus", "", "folder of .eml files to measure with; generated mails when empty")
	n := flag.Int("n", 500, "number of generated mails")
	runs := flag.Int("runs", 3, "runs of each measurement; the median counts")
	only := flag.String("only", "", "measure one thing: ingest, delayed, distant, redmine, flushes, databases, replicas, slow, large, idle, polled, unchanged, push or backlog")
	waiting := flag.Int("backlog", 0, "mails that wait in one folder, for the measurement of that name; 100000 take a while")
	flag.Parse()
	if err := measure(ctx, *corpus, *n, *runs, *waiting, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tcpWindow is the most that Linux keeps for a connection that sends, unless somebody changes it: the largest value of
// net.ipv4.tcp_wmem (tcp(7)). So no server of a distance of 30 ms sends more than 140 MB a second over one connection.
const tcpWindow = 4 << 20

// measure runs every measurement and prints the table.
func measure(ctx context.Context, folder string, n, runs, waiting int, only string) error {
	mails, err := corpus(folder, n)
	if err != nil {
		return err
	}
	var octets int64
	for _, m := range mails {
		octets += int64(len(m))
	}
	fmt.Printf("corpus: %d mails, %.1f MB\n\n", len(mails), float64(octets)/1e6)
	fmt.Printf("| measurement | msg/s | of streaming | CPU ms/msg | peak RSS MB | round trips/msg |\n|---|---|---|---|---|---|\n")
	for _, m := range []struct {
		name string
		run  func() error
	}{
		{"ingest", func() error { return ingest(ctx, mails, mailtest.Line{}, runs) }},
		{"delayed", func() error {
			return ingest(ctx, mails, mailtest.Line{RoundTrip: 30 * time.Millisecond, Window: tcpWindow}, runs)
		}},
		{"distant", func() error {
			return ingest(ctx, mails, mailtest.Line{RoundTrip: 30 * time.Millisecond, Rate: 125e6}, runs)
		}},
		{"redmine", func() error { return redmine(ctx, mails, runs) }},
		{"flushes", func() error { return flushes(ctx, mails) }},
		{"databases", func() error { return databases(ctx, mails, runs) }},
		{"replicas", func() error { return replicas(ctx, mails, runs) }},
		{"slow", func() error { return slow(ctx, mails, runs) }},
		{"large", func() error { return large(ctx) }},
		{"idle", func() error { return idle(ctx) }},
		{"polled", func() error { return polled(ctx) }},
		{"unchanged", func() error { return unchanged(ctx) }},
		{"push", func() error { return push(ctx) }},
		{"backlog", func() error { return backlog(ctx, waiting) }},
	} {
		if only != "" && only != m.name || m.name == "backlog" && waiting == 0 {
			continue
		}
		if err := m.run(); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
