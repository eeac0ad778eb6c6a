package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
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
		fmt.Printf("| poll of an unchanged folder of %d; a bare NOOP takes %.3f in the same run | | | %.3f a poll | | 1 a poll, %d polls, %s |\n",
			n, c.bare.Seconds()*1000, c.cpu.Seconds()*1000/float64(c.trips), c.trips, written(c.wrote))
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
	wrote              bool          // The database was written to.
	bare               time.Duration // What one NOOP costs this process.
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
	c = calm{cpu: p.cpuNow() - cpu, trips: proxy.RoundTrips() - trips, connections: proxy.Connections() - connections, wrote: h.walSize() != size}
	if c.trips == 0 || protocol == "pop3" && c.connections == 0 {
		err = errors.New("nothing was polled")
	}
	if err = errors.Join(err, p.stop(), h.close()); err == nil {
		c.bare, err = bare(d.IMAPAddr)
	}
	return c, err
}

// bare is the processor time of the least that a poll can be: NOOP and its answer (RFC 9051, 6.1.2), a millisecond after the
// one before. Much of it is the machine's, which sleeps and wakes up for each.
func bare(address string) (time.Duration, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	ask := func(command string) error {
		if _, err := conn.Write([]byte("a " + command + "\r\n")); err != nil {
			return err
		}
		for {
			line, err := answers.ReadString('\n')
			if err != nil || strings.HasPrefix(line, "a OK") {
				return err
			}
			if strings.HasPrefix(line, "a ") {
				return fmt.Errorf("%s: %s", command, line)
			}
		}
	}
	if err := ask("LOGIN alice secret"); err != nil {
		return 0, err
	}
	const times = 2000
	before := ownTime()
	for range times {
		if err := ask("NOOP"); err != nil {
			return 0, err
		}
		time.Sleep(time.Millisecond)
	}
	return (ownTime() - before) / times, nil
}
