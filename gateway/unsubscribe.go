package gateway

import (
	"context"
	"errors"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// Unsubscription is what a token of a mail lets its reader end.
type Unsubscription struct {
	Issue  int64  // 0: mails about several issues.
	Reason string // "assigned", "mentioned", "watching", "project" or "digest".
}

// UnsubscribeToken returns the token with which whoever has a mail to a user can end such mails, and nothing else.
func (g *Gateway) UnsubscribeToken(ctx context.Context, user int64, u Unsubscription) (string, error) {
	keys, err := g.signing(ctx)
	return keys.UnsubscribeToken(outbound.Unsubscription{User: user, Issue: u.Issue, Reason: u.Reason}), err
}

// Unsubscription reads the token of a mail; models.ErrNotFound when it is none of ours or the person is gone.
func (g *Gateway) Unsubscription(ctx context.Context, token string) (Unsubscription, error) {
	_, u, err := g.unsubscription(ctx, token)
	return u, err
}

func (g *Gateway) unsubscription(ctx context.Context, token string) (user int64, u Unsubscription, err error) {
	keys, ok, err := g.trusted(ctx)
	if err != nil {
		return 0, u, err
	}
	read, good := keys.ReadUnsubscribeToken(token)
	if !ok || !good {
		return 0, u, models.ErrNotFound
	}
	if _, err := g.Store.UserByID(ctx, read.User); err != nil {
		return 0, u, err
	}
	return read.User, Unsubscription{Issue: read.Issue, Reason: read.Reason}, nil
}

// Unsubscribe ends mails to the person of a token. what is "issue" (the issue of the mail is muted), "reason" (no mails
// for the reason of this one), "all" (no mails at all) or "" for what a click in a mail program means (RFC 8058): this
// issue, or the collected mails. Doing it twice does no harm.
func (g *Gateway) Unsubscribe(ctx context.Context, token, what string) error {
	user, u, err := g.unsubscription(ctx, token)
	if err != nil {
		return err
	}
	if u.Issue != 0 && (what == "" || what == "issue") {
		i, err := g.Store.ResolveIssue(ctx, u.Issue)
		if errors.Is(err, models.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return g.Store.SetMuted(ctx, i.Number, user, true)
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		all, err := g.Store.NotifySettings(ctx, []int64{user})
		if err != nil {
			return err
		}
		s := all[user]
		for _, reason := range []string{"assigned", "mentioned", "watching", "project"} {
			if what == "all" || u.Reason == reason || u.Reason == "digest" && s.By(reason) == models.NotifyDigest {
				s.Silence(reason)
			}
		}
		return g.Store.SetNotifySettings(ctx, s)
	})
}
