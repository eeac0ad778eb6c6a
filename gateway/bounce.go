package gateway

import (
	"context"
	"errors"
	"strings"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// How long an address gets no mail after soft bounces, and how many of them in how long bring that about.
const (
	softBounces = 3
	softWindow  = 7 * 24 * time.Hour
	softPause   = 7 * 24 * time.Hour
)

// takeBounce brings a delivery report back to the mail it is about, by the signed Message-ID in it: a report that
// carries none of ours is only a message like any other.
func (g *Gateway) takeBounce(ctx context.Context, d *delivery) error {
	id := d.mail.Bounce.OriginalMessageID
	keys, ok, err := g.trusted(ctx)
	if err != nil || !ok {
		return err
	}
	if !keys.Signed(id) {
		return nil
	}
	o, err := g.Store.OutgoingByMessageID(ctx, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.bounced = o.IssueNumber
	status, hard, delayed := "", false, true
	for _, r := range d.mail.Bounce.Recipients {
		if status == "" || strings.HasPrefix(r.Status, "5") {
			status = r.Status
		}
		hard = hard || outbound.Hard(r.Status)
		delayed = delayed && r.Action == "delayed"
	}
	at := now()
	if len(d.mail.Bounce.Recipients) > 0 && delayed {
		d.note(models.StepNotify, "notify.delayed", "key", shownKey(o), "address", o.Recipient)
		return nil
	}
	d.note(models.StepNotify, "notify.bounce", "key", shownKey(o), "address", o.Recipient, "status", status)
	again := o.State == models.OutgoingBounced
	o.State, o.Code, o.Answer, o.BouncedAt = models.OutgoingBounced, "E-SMTP-13", status, &at
	if err := g.Store.BounceOutgoing(ctx, o); err != nil {
		return err
	}
	if !again {
		if err := g.publishFailed(ctx, o); err != nil {
			return err
		}
	}
	return g.suppressBounced(ctx, o, status, hard, at)
}

// shownKey is the key of the issue that a mail is about; "–" when it is about none.
func shownKey(o models.Outgoing) string {
	if o.IssueNumber == 0 {
		return "–"
	}
	return issueKey(o.IssueNumber)
}

// suppressBounced keeps mail from an address that does not exist, and for some days from one that bounces again and
// again.
func (g *Gateway) suppressBounced(ctx context.Context, o models.Outgoing, status string, hard bool, at time.Time) error {
	x := models.Suppression{Address: o.Recipient, Detail: status, IssueNumber: o.IssueNumber, CreatedAt: at, Reason: "hard_bounce"}
	if !hard {
		n, err := g.Store.BouncesSince(ctx, o.Recipient, at.Add(-softWindow))
		if err != nil || n < softBounces {
			return err
		}
		end := at.Add(softPause)
		x.Reason, x.ExpiresAt = "soft_bounces", &end
	}
	return g.Store.Suppress(ctx, x)
}
