package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// Wait returns nil when the server announces a change of the first folder (IDLE, RFC 2177), when d has passed or when
// wake delivers, and an error when ctx is done or the connection is lost. IDLE is renewed every nine minutes, so that a
// dead connection is noticed.
func (m *Mailbox) Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for mail: %w", err)
	}
	if _, err := m.open(ctx, m.folders[0], false); err != nil {
		return err
	}
	if m.grew.Load() {
		return nil
	}
	select {
	case <-m.news: // Left over from a command in between; News has seen it.
	default:
	}
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		again, err := m.waitOnce(ctx, end.C, wake)
		if err != nil {
			return m.problem(mailbox.PhaseFetch, fmt.Errorf("wait for mail: %w", err))
		}
		if !again {
			return nil
		}
	}
}

// waitOnce waits during one IDLE; again says that it only has to be renewed.
func (m *Mailbox) waitOnce(ctx context.Context, end <-chan time.Time, wake <-chan struct{}) (again bool, err error) {
	if !m.caps.Has(goimap.CapIdle) {
		again, err = m.sleep(ctx, end, nil, wake)
		return again, err
	}
	renew := time.NewTimer(renewIdle)
	defer renew.Stop()
	// ctx must not close the connection while IDLE runs: sleep ends it politely.
	limits := wire.Limits{Octets: 1 << 20, Idle: renewIdle + time.Minute, Total: renewIdle + time.Minute}
	var waitErr error
	err = m.do(context.WithoutCancel(ctx), limits, func() error {
		cmd, err := m.client.Idle()
		if err != nil {
			return err
		}
		again, waitErr = m.sleep(ctx, end, renew.C, wake)
		m.conn.Hurry(10 * time.Second)
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
	return again, errors.Join(waitErr, err)
}

func (m *Mailbox) sleep(ctx context.Context, end, renew <-chan time.Time, wake <-chan struct{}) (again bool, err error) {
	select {
	case <-m.news:
	case <-end:
	case <-wake:
	case <-renew:
		return true, nil
	case <-m.client.Closed():
		return false, errors.New("connection was closed")
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return false, nil
}
