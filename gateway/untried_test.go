package gateway_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// TestBacklogGoesOnTogetherAfterARestart ends a process while it downloads, and one while it decides. What they leave has no
// attempt on it, so the next one fetches it with one command and brings it to its results in groups.
func TestBacklogGoesOnTogetherAfterARestart(t *testing.T) {
	const mails = 60
	for name, tt := range map[string]struct {
		step string // The process ends after this step.
		uid  string // Or once this message has come.
		left models.MessageState
	}{
		"while it downloads": {uid: "40", left: models.MessageKnown},
		"while it decides":   {step: "match", left: models.MessageReceived},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := testdb.OpenFaulty(t, testdb.Template(t))
				d := newDen(t, s)
				manyMails(d.server, mails)
				d.inbox(d.process(nil), nil)
				ctx, cancel := context.WithCancel(t.Context())
				d.server.onFetch = func(uid string) {
					if uid == tt.uid {
						cancel()
					}
				}
				var amiss []string
				stop := d.runIn(ctx, cancel, d.process(func(deps *gateway.Deps) {
					deps.Log = slog.New(ender{Handler: slog.DiscardHandler, step: tt.step, end: cancel, amiss: &amiss})
				}))
				d.wait(time.Minute)
				stop()
				left := 0
				for _, m := range d.messages() {
					if !m.State.Final() && m.Attempts != 0 {
						t.Errorf("message %s is left with %d attempts", m.UID, m.Attempts)
					}
					if m.State == tt.left {
						left++
					}
				}
				if left < mails/2 {
					t.Fatalf("%d messages are left %s: %v", left, tt.left, d.ledger())
				}
				before := len(d.server.did("asked for"))
				var counted atomic.Int64
				ctx = testdb.WithFault(t.Context(), func(query string) (before, after error) {
					if strings.Contains(query, "SET attempts = attempts + 1") {
						counted.Add(1)
					}
					return nil, nil
				})
				d.runIn(ctx, func() {}, d.process(nil))
				d.wait(time.Minute)
				if issues, _ := d.once(); issues != mails {
					t.Errorf("%d issues, want %d: %v", issues, mails, d.ledger())
				}
				if got := d.server.did("asked for")[before:]; len(got) > 1 {
					t.Errorf("the second process asked %d times, want once at most: %v", len(got), got)
				}
				if got := counted.Load(); got == 0 || got > 3 {
					t.Errorf("attempts of %d messages were counted in %d statements, want 1 to 3", left, got)
				}
				for i, m := range d.messages() {
					if m.IssueNumber == nil || *m.IssueNumber != int64(i+1) {
						t.Fatalf("message %s is issue %v, want %d", m.UID, m.IssueNumber, i+1)
					}
				}
			})
		})
	}
}

// TestServerThatCannotSendManyAtOnceIsAskedForOne: after a visit that failed, what it left is not asked for together again.
func TestServerThatCannotSendManyAtOnceIsAskedForOne(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		const mails = 20
		manyMails(d.server, mails)
		d.server.script = func(op, _ string) error {
			if asked := d.server.did("asked for"); op == "fetch" && asked[len(asked)-1] != "asked for 1" {
				return errCut
			}
			return nil
		}
		g := d.process(nil)
		d.inbox(g, nil)
		d.run(g)
		d.wait(time.Hour)
		if issues, _ := d.once(); issues != mails {
			t.Errorf("%d issues, want %d: %v", issues, mails, d.ledger())
		}
	})
}
