package gateway

import (
	"context"
	"errors"
	"strings"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// Suppressions returns the addresses that get no mail, newest first; at most 10,000.
func (g *Gateway) Suppressions(ctx context.Context) ([]models.Suppression, error) {
	return g.Store.Suppressions(ctx, now())
}

// Suppress keeps all mail from an address until somebody releases it; models.InvalidList when it is no address.
func (g *Gateway) Suppress(ctx context.Context, by *models.User, address, why string) error {
	address = lower(strings.TrimSpace(address))
	if !outbound.Sendable(address) {
		return models.InvalidList{{Field: "address", Code: "E-SEND-03", Args: map[string]string{"address": outbound.Line(address, 100)}}}
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		err := g.Store.Suppress(ctx, models.Suppression{
			Address: address, Reason: "manual", Detail: outbound.Line(why, 200), CreatedBy: idOf(by), CreatedAt: now(),
		})
		if err != nil {
			return err
		}
		return g.audit(ctx, by, "suppression.add", "suppression:"+address, nil)
	})
}

// Release lets an address get mail again; models.ErrNotFound when it was not suppressed.
func (g *Gateway) Release(ctx context.Context, by *models.User, address string) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.Release(ctx, lower(address)); err != nil {
			return err
		}
		return g.audit(ctx, by, "suppression.release", "suppression:"+lower(address), nil)
	})
}

// Breakers returns where acknowledgements rest because there were too many.
func (g *Gateway) Breakers(ctx context.Context) ([]models.Breaker, error) {
	return g.Store.Breakers(ctx, now())
}

// ResetBreaker lets acknowledgements of a place out again.
func (g *Gateway) ResetBreaker(ctx context.Context, by *models.User, place string) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.ResetBreaker(ctx, place); err != nil {
			return err
		}
		return g.audit(ctx, by, "breaker.reset", place, nil)
	})
}

// SendsFrom returns the address that mail about issues of an inbox comes from; "" when no account can send it.
func (g *Gateway) SendsFrom(ctx context.Context, inbox, project int64) (string, error) {
	a, err := g.sendingFor(ctx, inbox, project)
	if errors.Is(err, models.ErrNotFound) {
		return "", nil
	}
	return a.Address, err
}

// Told shows the open pages that an issue and its mails have changed, and has the outbox looked into.
func (g *Gateway) Told(issue int64) {
	g.Changed("issue:" + itoa(issue))
	g.Changed("outbox")
	g.sendSoon()
}
