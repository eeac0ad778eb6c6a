package gateway

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"letterbox/internal/secret"
	"letterbox/internal/testdb"
)

// heldUp is a context with which the store comes no further until on is closed.
type heldUp struct {
	context.Context //nolint:containedctx // It is one.
	begun, on       chan struct{}
}

func (h heldUp) Value(key any) any {
	select {
	case h.begun <- struct{}{}:
	default:
	}
	<-h.on
	return h.Context.Value(key)
}

// Who waits for the database must hold no lock that others need: they may have the connections it waits for.
func TestNobodyWaitsForAnothersQuestionToTheDatabase(t *testing.T) {
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func(context.Context, *Gateway) error{
		"keys of reply addresses":  func(ctx context.Context, g *Gateway) error { _, _, err := g.trusted(ctx); return err },
		"new keys":                 func(ctx context.Context, g *Gateway) error { _, err := g.signing(ctx); return err },
		"inboxes of projects":      func(ctx context.Context, g *Gateway) error { _, _, err := g.crowded(ctx, 1); return err },
		"addresses of the inboxes": func(ctx context.Context, g *Gateway) error { _, err := g.ownAddresses(ctx); return err },
		"trusted time":             func(ctx context.Context, g *Gateway) error { _, err := g.trustedTime(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			g := New(Deps{Store: testdb.Open(t), Secrets: ring, Log: slog.New(slog.DiscardHandler)})
			held := heldUp{t.Context(), make(chan struct{}, 1), make(chan struct{})}
			first, second := make(chan error, 1), make(chan error, 1)
			go func() { first <- ask(held, g) }()
			<-held.begun
			go func() { second <- ask(t.Context(), g) }()
			select {
			case err := <-second:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("somebody waits for the answer that somebody else waits for")
			}
			close(held.on)
			if err := <-first; err != nil {
				t.Error(err)
			}
		})
	}
}
