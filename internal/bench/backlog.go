package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/models/store"
)

// backlog measures an inbox in whose folder n mails wait, while another one gets a mail every now and then: how long all
// of it takes, whether memory stays flat, how long new mail in front of the backlog waits, and how long the mail of the other
// inbox takes. It is left out unless n is given: a hundred thousand take a while.
func backlog(ctx context.Context, n int) error {
	d, stop, err := startDovecotFor(mailtest.DovecotOptions{Users: map[string]string{"alice": "secret", "user1": "secret"}})
	if err != nil {
		return err
	}
	defer stop()
	if err := d.Fill("alice", func(yield func([]byte) bool) {
		for k := 1; k < n && yield(letter("alice", k)); k++ { // The first is Fill's own.
		}
	}); err != nil {
		return err
	}
	h, err := newHouse(ctx, d.IMAPAddr, "imap", nil)
	if err != nil {
		return err
	}
	if err := h.addInbox(ctx, 1); err != nil {
		return err
	}
	all, err := h.app.Gateway.Inboxes(ctx)
	if err != nil {
		return err
	}
	other := all[slices.IndexFunc(all, func(v gateway.InboxView) bool { return v.ID != h.id })].ID
	p, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(p.stop(), h.close()) }()
	began := time.Now()
	var memory []float64
	front, side := &probe{h: h, inbox: h.id, d: d, login: "alice"}, &probe{h: h, inbox: other, d: d, login: "user1"}
	extra := 0
	for {
		done, err := h.app.Store.SettledCount(ctx, h.id)
		if err != nil {
			return err
		}
		if done >= n+extra {
			break
		}
		memory = append(memory, memoryOf(p.cmd.Process.Pid, "VmRSS:"))
		for _, pr := range []*probe{front, side} {
			sent, err := pr.look(ctx)
			if err != nil {
				return err
			}
			if sent && pr == front {
				extra++
			}
		}
		time.Sleep(time.Second)
	}
	took := time.Since(began)
	if !front.sent.IsZero() { // It is through now, with everything else.
		if _, err := front.look(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("| %d mails in one folder, %.0f s | %.0f | | %.2f | %.0f after a tenth of the time, %.0f at the end, %.0f at most | |\n",
		n, took.Seconds(), float64(n)/took.Seconds(), float64(p.cpuNow().Microseconds())/1000/float64(n),
		memory[len(memory)/10], memory[len(memory)-1], memoryOf(p.cmd.Process.Pid, "VmHWM:"))
	fmt.Printf("| new mail in front of it | | | | | %d mails, the slowest after %.0f s |\n", len(front.waits), slowest(front.waits))
	fmt.Printf("| mail of another inbox meanwhile | | | | | %d mails, the slowest after %.1f s |\n", len(side.waits), slowest(side.waits))
	return nil
}

// probe sends a mail to an inbox, waits until it is through, and sends the next one.
type probe struct {
	h     *house
	inbox int64
	d     *mailtest.Dovecot
	login string
	n     int
	sent  time.Time // Zero when none is on its way.
	last  time.Time
	waits []time.Duration
}

// look reports whether it has sent a mail now.
func (p *probe) look(ctx context.Context) (sent bool, err error) {
	if !p.sent.IsZero() {
		list, _, err := p.h.app.Store.Messages(ctx, store.MessageFilter{InboxIDs: []int64{p.inbox}, RFCID: fmt.Sprintf("probe%d.%s@customer.example", p.n, p.login), Limit: 1})
		if err != nil || len(list) == 0 || list[0].FinishedAt == nil {
			return false, err
		}
		p.waits = append(p.waits, list[0].FinishedAt.Sub(p.sent))
		p.sent = time.Time{}
	}
	if time.Since(p.last) < 20*time.Second {
		return false, nil
	}
	p.n++
	p.sent, p.last = time.Now(), time.Now()
	return true, p.d.Deliver(p.login, fmt.Appendf(nil, "From: probe@customer.example\r\nSubject: Probe %s %d.\r\nMessage-ID: <probe%d.%s@customer.example>\r\n\r\nText\r\n", p.login, p.n, p.n, p.login))
}

func slowest(all []time.Duration) float64 {
	if len(all) == 0 {
		return 0
	}
	return slices.Max(all).Seconds()
}

func letter(login string, k int) []byte {
	return fmt.Appendf(nil, "From: Person %d <person%d@customer.example>\r\nTo: support@here.example\r\nSubject: Request %d\r\nMessage-ID: <%d.%s@customer.example>\r\n"+
		"Date: Mon, 5 Jan 2026 08:00:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", k%500, k%500, k, k, login, words)
}
