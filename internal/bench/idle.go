package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/models"
)

// The numbers of inboxes that wait for mail.
const (
	idleFew  = 10
	idleMany = 1000
)

// idle measures what an inbox costs that waits for mail over TLS: memory, from the difference of many and few, and
// processor time.
func idle(ctx context.Context) error {
	few, _, err := waiting(ctx, idleFew, quietFor, nil, nil)
	if err != nil {
		return err
	}
	many, cpu, err := waiting(ctx, idleMany, quietFor, nil, pushAmongMany)
	if err != nil {
		return err
	}
	fmt.Printf("| %d inboxes that wait, over TLS | | | %.2f %% of a core | %.0f, %.0f KB an inbox | |\n",
		idleMany, 100*cpu.Seconds()/quietFor.Seconds(), many, (many-few)*1024/(idleMany-idleFew))
	return nil
}

// polled measures inboxes that are polled every minute on kept connections, with nothing new in them.
func polled(ctx context.Context) error {
	const long = 2 * time.Minute
	_, cpu, err := waiting(ctx, idleMany, long, func(s *models.InboxSettings) { s.Idle, s.PollInterval = false, time.Minute }, nil)
	if err != nil {
		return err
	}
	fmt.Printf("| %d inboxes that are polled every minute, over TLS | | | %.2f %% of a core | | |\n", idleMany, 100*cpu.Seconds()/long.Seconds())
	return nil
}

// waiting starts a process with n inboxes and returns its memory in MB and, once all wait, its processor time in long.
// At the end it does then, unless that is nil.
func waiting(ctx context.Context, n int, long time.Duration, change func(*models.InboxSettings),
	then func(context.Context, *mailtest.Dovecot, *house) error,
) (memory float64, cpu time.Duration, err error) {
	users := map[string]string{"alice": "secret"}
	for i := 1; i < n; i++ {
		users[fmt.Sprintf("user%d", i)] = "secret"
	}
	d, stop, err := startDovecotFor(mailtest.DovecotOptions{Users: users, Connections: n + 50})
	if err != nil {
		return 0, 0, err
	}
	defer stop()
	secure := func(s *models.InboxSettings) {
		_, port, _ := strings.Cut(d.IMAPSAddr, ":")
		s.Port, _ = strconv.Atoi(port)
		s.Security, s.TLSVerify, s.ImportSince = "tls", "off", "from_now"
		if change != nil {
			change(s)
		}
	}
	h, err := newHouse(ctx, d.IMAPSAddr, "imap", secure)
	if err != nil {
		return 0, 0, err
	}
	for i := 1; i < n; i++ {
		if err := h.addInbox(ctx, i); err != nil {
			return 0, 0, err
		}
	}
	p, err := h.start(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := h.awaitActive(ctx, n); err != nil {
		return 0, 0, errors.Join(err, p.stop(), h.close())
	}
	time.Sleep(30 * time.Second) // A while after the work of signing in.
	before := p.cpuNow()
	time.Sleep(long)
	cpu, memory = p.cpuNow()-before, memoryOf(p.cmd.Process.Pid, "VmRSS:")
	if then != nil {
		err = then(ctx, d, h)
	}
	return memory, cpu, errors.Join(err, p.stop(), h.close())
}

// addInbox adds one more inbox like the first.
func (h *house) addInbox(ctx context.Context, i int) error {
	ib, err := h.app.Store.InboxByID(ctx, h.id)
	if err != nil {
		return err
	}
	password := "secret"
	ib.Settings.Username = fmt.Sprintf("user%d", i)
	_, err = h.app.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
		Name: fmt.Sprintf("Bench %d", i), Address: fmt.Sprintf("support%d@here.example", i), ProjectID: ib.ProjectID, Enabled: true,
		Settings: ib.Settings, Rules: rules(), Password: &password,
	})
	if err != nil {
		return fmt.Errorf("add inbox %d: %w", i, err)
	}
	return nil
}

// awaitActive waits until n inboxes have visited their server.
func (h *house) awaitActive(ctx context.Context, n int) error {
	deadline := time.Now().Add(5 * time.Minute)
	for {
		all, err := h.app.Gateway.Inboxes(ctx)
		if err != nil {
			return err
		}
		active := 0
		for _, v := range all {
			if v.Status.State == models.InboxActive {
				active++
			}
		}
		if active == n {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d inboxes wait after five minutes", active, n)
		}
		time.Sleep(time.Second)
	}
}
