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
		c, polls, wrote, err := quiet(ctx, mails)
		if err != nil {
			return err
		}
		fmt.Printf("| poll of an unchanged folder of %d | | | %.3f a poll | | 1 a poll, %d polls, %s |\n",
			n, c.Seconds()*1000/float64(polls), polls, written(wrote))
	}
	return nil
}

func written(wrote bool) string {
	if wrote {
		return "the database was written to"
	}
	return "nothing written"
}

const quietFor = 10 * time.Second

func quiet(ctx context.Context, mails [][]byte) (cpu time.Duration, polls int64, wrote bool, err error) {
	d, stop, err := startDovecot(mails...)
	if err != nil {
		return 0, 0, false, err
	}
	defer stop()
	proxy, err := mailtest.Delay(d.IMAPAddr, 0)
	if err != nil {
		return 0, 0, false, err
	}
	defer proxy.Close()
	h, err := newHouse(ctx, proxy.Addr, "imap", func(s *models.InboxSettings) {
		s.PollInterval, s.Idle, s.ImportSince = time.Millisecond, false, "from_now"
	})
	if err != nil {
		return 0, 0, false, err
	}
	p, err := h.start(ctx)
	if err != nil {
		return 0, 0, false, err
	}
	time.Sleep(3 * time.Second) // The first listing is over.
	cpu0, trips0, size0 := p.cpuNow(), proxy.RoundTrips(), h.walSize()
	time.Sleep(quietFor)
	cpu, polls, wrote = p.cpuNow()-cpu0, proxy.RoundTrips()-trips0, h.walSize() != size0
	if polls == 0 {
		err = errors.New("nothing was polled")
	}
	return cpu, polls, wrote, errors.Join(err, p.stop(), h.close())
}
