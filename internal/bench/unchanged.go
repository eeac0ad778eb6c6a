package main

import (
	"context"
	"fmt"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/models"
)

// unchanged measures polls of a folder in which nothing happens, for a small and a large one: round trips and CPU time
// of the measured process for each poll, and what is written to the database.
func unchanged(ctx context.Context) error {
	for _, n := range []int{10, 5000} {
		mails := make([][]byte, n)
		for i := range mails {
			mails[i] = fmt.Appendf(nil, "From: a@customer.example\r\nSubject: %d\r\n\r\n%d\r\n", i, i)
		}
		c, polls, trips, writes, err := quiet(ctx, mails)
		if err != nil {
			return err
		}
		fmt.Printf("| poll of an unchanged folder of %d | | | %.3f a poll | | %.2f a poll, %d database writes |\n",
			n, c.Seconds()*1000/float64(polls), float64(trips)/float64(polls), writes)
	}
	return nil
}

const quietFor = 10 * time.Second

func quiet(ctx context.Context, mails [][]byte) (cpu time.Duration, polls, trips int64, writes int, err error) {
	d, stop, err := startDovecot(mails...)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	defer stop()
	proxy, err := mailtest.Delay(d.IMAPAddr, 0)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	defer proxy.Close()
	h, err := newHouse(ctx, proxy.Addr, "imap", func(s *models.InboxSettings) {
		s.PollInterval, s.Idle, s.ImportSince = 10*time.Millisecond, false, "from_now"
	})
	if err != nil {
		return 0, 0, 0, 0, err
	}
	p, err := h.start(ctx)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	time.Sleep(3 * time.Second) // The first listing is over.
	cpu0, trips0, size0 := p.cpuNow(), proxy.RoundTrips(), h.walSize()
	time.Sleep(quietFor)
	cpu, trips = p.cpuNow()-cpu0, proxy.RoundTrips()-trips0
	if h.walSize() != size0 {
		writes = 1
	}
	polls = int64(quietFor / (10 * time.Millisecond))
	return cpu, polls, trips, writes, errorsJoin(p.stop(), h.close())
}
