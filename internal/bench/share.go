package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/internal/testdb/mariadbd"
)

// databases measures the same mailbox on SQLite and on MariaDB, in turn; both flush the disk at each commit.
func databases(ctx context.Context, mails [][]byte, runs int) error {
	m, err := startMariaDB(ctx)
	if err != nil {
		return err
	}
	defer m.Stop()
	var lite, maria, share, cpu []float64
	for range runs {
		var rate [2]float64
		for i := range rate {
			dsn := ""
			if i == 1 {
				if dsn, err = newDatabase(ctx, m); err != nil {
					return err
				}
			}
			c, err := mailbox(ctx, dsn, mails)
			if err != nil {
				return err
			}
			if rate[i] = float64(len(mails)) / c.seconds; i == 1 {
				cpu = append(cpu, c.cpu.Seconds()*1000/float64(len(mails)))
			}
		}
		lite, maria, share = append(lite, rate[0]), append(maria, rate[1]), append(share, rate[1]/rate[0])
	}
	fmt.Printf("| IMAP, MariaDB; %.0f %% of SQLite's %.0f msg/s in the same run | %.0f | | %.2f | | |\n", 100*median(share), median(lite), median(maria), median(cpu))
	return nil
}

// mailbox takes a whole mailbox in.
func mailbox(ctx context.Context, dsn string, mails [][]byte) (cost, error) {
	d, stop, err := startDovecot(mails...)
	if err != nil {
		return cost{}, err
	}
	defer stop()
	h, err := newHouseOn(ctx, dsn, d.IMAPAddr, "imap", nil)
	if err != nil {
		return cost{}, err
	}
	c, err := h.run(ctx, len(mails))
	return c, errors.Join(err, h.close())
}

func startMariaDB(ctx context.Context) (*mariadbd.Server, error) {
	m, err := mariadbd.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.Exec(ctx, "SET GLOBAL innodb_flush_log_at_trx_commit = 1", "SET GLOBAL innodb_buffer_pool_size = 1073741824",
		"SET GLOBAL innodb_log_file_size = 268435456"); err != nil {
		m.Stop()
		return nil, err
	}
	return m, nil
}

// newDatabase makes an empty database and returns its DSN.
func newDatabase(ctx context.Context, m *mariadbd.Server) (string, error) {
	name := fmt.Sprint("bench", time.Now().UnixNano())
	return "mysql:root@tcp(" + m.Address + ")/" + name, m.Exec(ctx, "CREATE DATABASE "+name)
}

// What several inboxes get at once.
const (
	sharedInboxes = 8
	sharedMails   = 150 // Each.
)

// replicas measures several inboxes on MariaDB that one process visits, and then two.
func replicas(ctx context.Context, mails [][]byte, runs int) error {
	mails = mails[:min(len(mails), sharedMails)]
	m, err := startMariaDB(ctx)
	if err != nil {
		return err
	}
	defer m.Stop()
	var one, two, gain []float64
	for range runs {
		var rate [2]float64
		for i := range rate {
			dsn, err := newDatabase(ctx, m)
			if err != nil {
				return err
			}
			took, err := together(ctx, dsn, sharedInboxes, i+1, mails, "")
			if err != nil {
				return err
			}
			rate[i] = float64(sharedInboxes*len(mails)) / took.Seconds()
		}
		one, two, gain = append(one, rate[0]), append(two, rate[1]), append(gain, rate[1]/rate[0])
	}
	fmt.Printf("| %d inboxes on MariaDB, two processes; %.2f times one's %.0f msg/s in the same run | %.0f | | | | |\n", sharedInboxes, median(gain), median(one), median(two))
	return nil
}

var identity = regexp.MustCompile(`(?mi)^(message-id|in-reply-to|references):.*$`)

// others are the mails as they would be if they had been sent once more: with other Message-IDs.
func others(mails [][]byte, n int) [][]byte {
	out := make([][]byte, len(mails))
	for i, raw := range mails {
		out[i] = identity.ReplaceAllFunc(raw, func(line []byte) []byte {
			return bytes.ReplaceAll(line, []byte("<"), fmt.Appendf(nil, "<%d.", n))
		})
	}
	return out
}

// together has processes take in the mails of n inboxes at once and returns how long that took. With silent, there is one
// more inbox at a server of that address.
func together(ctx context.Context, dsn string, n, processes int, mails [][]byte, silent string) (took time.Duration, err error) {
	users := map[string]string{"alice": "secret"}
	for i := 1; i < n; i++ {
		users[fmt.Sprint("user", i)] = "secret"
	}
	d, stop, err := startDovecotFor(mailtest.DovecotOptions{Users: users, Connections: 4*n + 50}, mails...)
	if err != nil {
		return 0, err
	}
	defer stop()
	h, err := newHouseOn(ctx, dsn, d.IMAPAddr, "imap", nil)
	if err != nil {
		return 0, err
	}
	for i := 1; i < n; i++ {
		if err := errors.Join(d.Deliver(fmt.Sprint("user", i), others(mails, i)...), h.addInbox(ctx, i)); err != nil {
			return 0, err
		}
	}
	if silent != "" {
		if err := h.addSilent(ctx, n, silent); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	var all []*process
	for range processes {
		p, err := h.start(ctx)
		if err != nil {
			return 0, err
		}
		all = append(all, p)
	}
	inboxes, err := h.app.Gateway.Inboxes(ctx)
	for _, v := range inboxes[:min(n, len(inboxes))] {
		h.id = v.ID
		err = errors.Join(err, h.await(ctx, len(mails)))
	}
	took = time.Since(began)
	for _, p := range all {
		err = errors.Join(err, p.stop())
	}
	return took, errors.Join(err, h.close())
}
