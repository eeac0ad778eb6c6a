package gateway

import (
	"context"
	"slices"

	"letterbox/gateway/message"
	"letterbox/gateway/outbound"
	"letterbox/gateway/thread"
)

// lookUpSigned finds the issues that the mail names by a signed reference of ours: a reply address among its recipients,
// then a Message-ID that it answers or, in a delivery report, the one it is about. Nobody can make one up, so they are
// the surest hints, and they count whoever sends them; a sender that the reference was not made for gains nothing but
// the comment.
func (g *Gateway) lookUpSigned(ctx context.Context, m *message.Message, s *snapshot) error {
	keys, ok, err := g.trusted(ctx)
	if err != nil || !ok {
		return err
	}
	seen := map[int64]int{}
	add := func(r outbound.Reference, where string) error {
		notice := r.Kind == noticeKind && r.IsFor(sender(m))
		if at, twice := seen[r.Issue]; twice {
			s.hints[at].notice = s.hints[at].notice || notice
			return nil
		}
		seen[r.Issue] = len(s.hints)
		h, err := g.hint(ctx, thread.Candidate{Kind: thread.BySignature, Where: where}, r.Issue, s.sender, sender(m))
		h.signed, h.others, h.notice = true, !r.IsFor(sender(m)), notice
		s.hints = append(s.hints, h)
		return err
	}
	for _, address := range slices.Concat(addressesOf(m.To), addressesOf(m.Cc), m.DeliveredTo) {
		if _, r, ok := keys.ReadAddress(address); ok {
			if err := add(r, "To"); err != nil {
				return err
			}
		}
	}
	for _, f := range []struct {
		where string
		ids   []string
	}{{"In-Reply-To", m.InReplyTo}, {"References", m.References}} {
		for _, id := range slices.Backward(lastOf(f.ids, 50)) {
			if r, ok := keys.ReadMessageID(id); ok {
				if err := add(r, f.where); err != nil {
					return err
				}
			}
		}
	}
	if m.Bounce != nil {
		if r, ok := keys.ReadMessageID(m.Bounce.OriginalMessageID); ok {
			return add(r, "Final-Recipient")
		}
	}
	return nil
}

func addressesOf(list []message.Address) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, a.Address)
	}
	return out
}
