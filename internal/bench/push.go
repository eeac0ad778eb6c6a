package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/models/store"
)

// pushes is how many mails are delivered one by one to an inbox that waits for them.
const pushes = 200

// push measures how long a mail takes from its delivery, and from the moment at which the server announces it, until its
// issue is committed. Both moments are taken on this machine's clock, the last one by the measured process.
func push(ctx context.Context) error {
	d, stop, err := startDovecot()
	if err != nil {
		return err
	}
	defer stop()
	ear := &ear{word: " EXISTS"}
	proxy, err := mailtest.Through(d.IMAPAddr, mailtest.Line{Heard: ear.hear})
	if err != nil {
		return err
	}
	defer proxy.Close()
	h, err := newHouse(ctx, proxy.Addr, "imap", nil)
	if err != nil {
		return err
	}
	p, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(p.stop(), h.close()) }()
	if err := h.awaitActive(ctx, 1); err != nil {
		return err
	}
	var delivered, announced []time.Duration
	for i := range pushes {
		time.Sleep(30 * time.Millisecond) // The server is told about the mail before, and IDLE begins again.
		ear.forget()
		raw := fmt.Appendf(nil, "From: a%d@customer.example\r\nTo: support@here.example\r\nSubject: Push %d\r\nMessage-ID: <push%d@customer.example>\r\n\r\nText %d\r\n", i, i, i, i)
		if err := d.Deliver("alice", raw); err != nil {
			return err
		}
		accepted := time.Now()
		if err := h.await(ctx, i+1); err != nil {
			return err
		}
		list, _, err := h.app.Store.Messages(ctx, store.MessageFilter{Limit: 1})
		if err != nil {
			return err
		}
		heard := ear.heard()
		if len(list) != 1 || list[0].FinishedAt == nil || heard.IsZero() {
			return errors.New("the mail came through without being announced")
		}
		delivered = append(delivered, list[0].FinishedAt.Sub(accepted))
		announced = append(announced, list[0].FinishedAt.Sub(heard))
	}
	fmt.Printf("| from delivery (LMTP) to commit, %d mails, IDLE | | | | | half within %s, 99 %% within %s |\n", pushes, part(delivered, 50), part(delivered, 99))
	fmt.Printf("| from the server's announcement to commit | | | | | half within %s, 99 %% within %s |\n", part(announced, 50), part(announced, 99))
	return nil
}

// pushAmongMany measures the same for one inbox after another of many that wait, which the house has.
func pushAmongMany(ctx context.Context, d *mailtest.Dovecot, h *house) error {
	inboxes, err := h.app.Gateway.Inboxes(ctx)
	if err != nil {
		return err
	}
	const limit = "/proc/sys/fs/inotify/max_user_instances"
	// Each process of Dovecot that waits for mail takes one of them; without, it looks every half minute.
	if have, err := os.ReadFile(limit); err != nil || atoi(have) < len(inboxes)+50 {
		fmt.Fprintf(os.Stderr, "mail pushed to one of %d inboxes is not measured: %s has to be at least %d\n", len(inboxes), limit, len(inboxes)+50)
		return nil
	}
	var delivered []time.Duration
	for i := 0; i < len(inboxes); i += len(inboxes) / (pushes / 2) {
		raw := fmt.Appendf(nil, "From: a%d@customer.example\r\nTo: support@here.example\r\nSubject: Push %d\r\nMessage-ID: <many%d@customer.example>\r\n\r\nText %d\r\n", i, i, i, i)
		if err := d.Deliver(inboxes[i].Settings.Username, raw); err != nil {
			return err
		}
		accepted := time.Now()
		h.id = inboxes[i].ID
		if err := h.await(ctx, 1); err != nil {
			return err
		}
		list, _, err := h.app.Store.Messages(ctx, store.MessageFilter{Limit: 1})
		if err != nil {
			return err
		}
		if len(list) != 1 || list[0].FinishedAt == nil || list[0].InboxID != h.id {
			return fmt.Errorf("the mail to inbox %d is not the newest", h.id)
		}
		delivered = append(delivered, list[0].FinishedAt.Sub(accepted))
	}
	fmt.Printf("| from delivery (LMTP) to commit, %d mails to as many of %d inboxes that wait | | | | | half within %s, 99 %% within %s |\n",
		len(delivered), len(inboxes), part(delivered, 50), part(delivered, 99))
	return nil
}

func atoi(octets []byte) int {
	n, _ := strconv.Atoi(string(bytes.TrimSpace(octets))) // 0 is too few in any case.
	return n
}

// part is the duration within which so many of a hundred lie.
func part(all []time.Duration, percent int) string {
	sorted := slices.Sorted(slices.Values(all))
	return fmt.Sprintf("%.1f ms", float64(sorted[(len(sorted)-1)*percent/100].Microseconds())/1000)
}

// ear notes when a server first said a word.
type ear struct {
	word string

	mu sync.Mutex
	at time.Time
}

func (e *ear) hear(piece []byte) {
	if !bytes.Contains(piece, []byte(e.word)) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at.IsZero() {
		e.at = time.Now()
	}
}

func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.at = time.Time{}
}

func (e *ear) heard() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at
}
