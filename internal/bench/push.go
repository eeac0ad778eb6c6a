package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

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
	ear, err := listenFor(d.IMAPAddr, " EXISTS")
	if err != nil {
		return err
	}
	defer ear.Close()
	h, err := newHouse(ctx, ear.Addr().String(), "imap", nil)
	if err != nil {
		return err
	}
	p, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errorsJoin(p.stop(), h.close()) }()
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

// part is the duration within which so many of a hundred lie.
func part(all []time.Duration, percent int) string {
	sorted := slices.Sorted(slices.Values(all))
	return fmt.Sprintf("%.1f ms", float64(sorted[(len(sorted)-1)*percent/100].Microseconds())/1000)
}

// ear is a proxy that notes when the server first said a word.
type ear struct {
	net.Listener
	word string

	mu sync.Mutex
	at time.Time
}

func listenFor(target, word string) (*ear, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &ear{Listener: l, word: word}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go e.pass(c, target)
		}
	}()
	return e, nil
}

func (e *ear) pass(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client)
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if bytes.Contains(buf[:n], []byte(e.word)) {
			e.mu.Lock()
			if e.at.IsZero() {
				e.at = time.Now()
			}
			e.mu.Unlock()
		}
		if _, werr := client.Write(buf[:n]); werr != nil || err != nil {
			return
		}
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
