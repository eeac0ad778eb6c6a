package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/models"
)

// unchanged measures polls of a folder in which nothing happens, for a small and a large one: CPU time of the measured
// process for each poll, and whether the database is written to. A poll is one round trip on the kept connection (a test
// of gateway/mailbox/imap counts that), so the round trips tell how many polls there were.
func unchanged(ctx context.Context) error {
	for _, n := range []int{10, 5000} {
		mails := make([][]byte, n)
		for i := range mails {
			mails[i] = fmt.Appendf(nil, "From: a@customer.example\r\nSubject: %d\r\n\r\n%d\r\n", i, i)
		}
		c, err := quiet(ctx, "imap", mails)
		if err != nil {
			return err
		}
		fmt.Printf("| poll of an unchanged folder of %d | | | %.3f a poll | | 1 a poll, %d polls, %s |\n",
			n, c.cpu.Seconds()*1000/float64(c.trips), c.trips, written(c.wrote))
		if c, err = quiet(ctx, "pop3", mails); err != nil {
			return err
		}
		fmt.Printf("| poll of an unchanged maildrop of %d, a connection each (POP3) | | | %.3f a poll | | %.2f a poll, %d polls, %s |\n",
			n, c.cpu.Seconds()*1000/float64(c.connections), float64(c.trips)/float64(c.connections), c.connections, written(c.wrote))
	}
	return nil
}

// calm is what polls of a mailbox cost in which nothing happens.
type calm struct {
	cpu                time.Duration
	trips, connections int64
	wrote              bool // The database was written to.
}

func written(wrote bool) string {
	if wrote {
		return "the database was written to"
	}
	return "nothing written"
}

const quietFor = 10 * time.Second

func quiet(ctx context.Context, protocol string, mails [][]byte) (c calm, err error) {
	d, stop, err := startDovecot(mails...)
	if err != nil {
		return c, err
	}
	defer stop()
	address := d.IMAPAddr
	if protocol == "pop3" {
		address = d.POP3Addr
	}
	proxy, err := mailtest.Delay(address, 0)
	if err != nil {
		return c, err
	}
	defer proxy.Close()
	h, err := newHouse(ctx, proxy.Addr, protocol, func(s *models.InboxSettings) {
		s.PollInterval, s.Idle, s.ImportSince = time.Millisecond, false, "from_now"
	})
	if err != nil {
		return c, err
	}
	p, err := h.start(ctx)
	if err != nil {
		return c, err
	}
	time.Sleep(3 * time.Second) // The first listing is over.
	cpu, trips, connections, size := p.cpuNow(), proxy.RoundTrips(), proxy.Connections(), h.walSize()
	time.Sleep(quietFor)
	c = calm{p.cpuNow() - cpu, proxy.RoundTrips() - trips, proxy.Connections() - connections, h.walSize() != size}
	if c.trips == 0 || protocol == "pop3" && c.connections == 0 {
		err = errors.New("nothing was polled")
	}
	return c, errors.Join(err, p.stop(), h.close())
}
