package gateway_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// ender is a log handler that ends a process when a step has been taken, and keeps what is said to be amiss.
type ender struct {
	slog.Handler
	step  string
	end   func()
	amiss *[]string
}

func (e ender) Enabled(context.Context, slog.Level) bool { return true }

func (e ender) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		*e.amiss = append(*e.amiss, r.Message)
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "step" && a.Value.String() == e.step {
			e.end()
		}
		return true
	})
	return nil
}

// TestProcessThatEndsWithinAStepWarnsOfNothing ends it between two steps, so that the second one fails.
func TestProcessThatEndsWithinAStepWarnsOfNothing(t *testing.T) {
	for _, step := range []string{"parse", "gate", "match"} {
		t.Run(step, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				manyMails(d.server, 3)
				d.inbox(d.process(nil), nil)
				ctx, cancel := context.WithCancel(t.Context())
				var amiss []string
				stop := d.runIn(ctx, cancel, d.process(func(deps *gateway.Deps) {
					deps.Log = slog.New(ender{Handler: slog.DiscardHandler, step: step, end: cancel, amiss: &amiss})
				}))
				d.wait(time.Minute)
				stop()
				if len(amiss) > 0 || !slices.ContainsFunc(d.messages(), func(m models.Message) bool { return !m.State.Final() }) {
					t.Errorf("warned of %q, messages %v; want nothing, and some that are not finished", amiss, d.ledger())
				}
				d.run(d.process(nil))
				d.wait(time.Minute)
				if issues, _ := d.once(); issues != 3 {
					t.Errorf("%d issues, want 3: %v", issues, d.ledger())
				}
			})
		})
	}
}
