package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/models"
)

// startDovecot starts a private Dovecot in a temporary folder with mails for alice.
func startDovecot(mails ...[]byte) (*mailtest.Dovecot, func(), error) {
	return startDovecotFor(mailtest.DovecotOptions{}, mails...)
}

func startDovecotFor(o mailtest.DovecotOptions, mails ...[]byte) (*mailtest.Dovecot, func(), error) {
	dir, err := os.MkdirTemp("", "letterbox-dovecot-")
	if err != nil {
		return nil, nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // Its processes run as other users.
		return nil, nil, err
	}
	d, err := mailtest.RunDovecot(dir, o)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop := func() {
		d.Stop()
		_ = os.RemoveAll(dir)
	}
	if err := d.Deliver("alice", mails...); err != nil {
		stop()
		return nil, nil, err
	}
	return d, stop, nil
}

// ingest measures a whole mailbox, in turn with streaming it to nowhere.
func ingest(ctx context.Context, mails [][]byte, line mailtest.Line, runs int) error {
	var rate, share, cpu, peak, trips []float64
	for range runs {
		d, stop, err := startDovecot(mails...)
		if err != nil {
			return err
		}
		proxy, err := mailtest.Through(d.IMAPAddr, line)
		if err != nil {
			stop()
			return err
		}
		streamed, err := fastest(proxy.Addr)
		if err != nil {
			stop()
			return err
		}
		h, err := newHouse(ctx, proxy.Addr, "imap", nil)
		if err != nil {
			stop()
			return err
		}
		before := proxy.RoundTrips()
		c, err := h.run(ctx, len(mails))
		n := float64(len(mails))
		trips = append(trips, float64(proxy.RoundTrips()-before)/n)
		proxy.Close()
		stop()
		if err := errors.Join(err, h.close()); err != nil {
			return err
		}
		rate = append(rate, n/c.seconds)
		share = append(share, streamed.Seconds()/c.seconds)
		cpu = append(cpu, c.cpu.Seconds()*1000/n)
		peak = append(peak, c.peak)
	}
	fmt.Printf("| IMAP, %s | %.0f | %.1f %% | %.2f | %.0f | %.3f |\n",
		lineName(line), median(rate), 100*median(share), median(cpu), median(peak), median(trips))
	return nil
}

func lineName(l mailtest.Line) string {
	name := fmt.Sprintf("%v round trip", l.RoundTrip)
	if l.Window > 0 {
		name += fmt.Sprintf(", a window of %d MiB", l.Window>>20)
	}
	if l.Rate > 0 {
		name += fmt.Sprintf(", %d Mbit/s", l.Rate*8/1e6)
	}
	return name
}

// fastest streams the mailbox three times: the first time it is read from the disk, which would flatter us.
func fastest(address string) (best time.Duration, err error) {
	for range 3 {
		took, err := mailtest.StreamFolder(address, "alice", "secret")
		if err != nil {
			return 0, err
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// large measures one mail of 50 MB and one of 1 MB, over both protocols.
func large(ctx context.Context) error {
	for _, protocol := range []string{"imap", "pop3"} {
		for _, mb := range []int{1, 50} {
			d, stop, err := startDovecot(largeMail(mb << 20))
			if err != nil {
				return err
			}
			address := d.IMAPAddr
			if protocol == "pop3" {
				address = d.POP3Addr
			}
			h, err := newHouse(ctx, address, protocol, func(s *models.InboxSettings) { s.MaxMessageSize = 100 << 20 })
			if err != nil {
				stop()
				return err
			}
			c, err := h.run(ctx, 1)
			stop()
			if err := errors.Join(err, h.close()); err != nil {
				return err
			}
			fmt.Printf("| one mail of %d MB, %s | | | %.0f in all | %.0f | |\n", mb, protocol, c.cpu.Seconds()*1000, c.peak)
		}
	}
	return nil
}
