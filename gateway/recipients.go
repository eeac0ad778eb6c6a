package gateway

import (
	"context"

	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
)

// Recipient is an inbox that takes mail for an address when a mail server hands it in.
type Recipient struct {
	InboxID int64
	Most    int64 // Octets of a message.
	Paused  bool
}

// Recipients returns the inboxes to which mail for an address may be handed in: those that receive by "push" and have the
// address, or the one without its subaddress (RFC 5233): "support+anything@". None when there are none.
func (g *Gateway) Recipients(ctx context.Context, address string) ([]Recipient, error) {
	address = rule.Canonical(address)
	wanted := []string{address}
	if base, _, tagged := outbound.SplitTag(address); tagged {
		wanted = append(wanted, base)
	}
	found, err := g.Store.InboxesAt(ctx, wanted...)
	if err != nil {
		return nil, err
	}
	for _, one := range wanted { // An inbox with exactly this address comes before the one without the subaddress.
		var out []Recipient
		for _, ib := range found {
			if ib.Settings.Receive == "push" && rule.Canonical(ib.Address) == one {
				out = append(out, Recipient{InboxID: ib.ID, Most: ib.Settings.MaxMessageSize, Paused: !ib.Enabled || g.readsNothing.Load()})
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}
