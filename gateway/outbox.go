package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/models"
	"letterbox/models/store"
)

// How long a mail is tried to be sent. An acknowledgement that comes a day late helps nobody.
const (
	ackLife    = 24 * time.Hour
	answerLife = 3 * 24 * time.Hour
	undoTime   = 10 * time.Second // How long an answer waits so that its writer can take it back.
)

// sendSoon has this process look into the outbox at once.
func (g *Gateway) sendSoon() {
	select {
	case g.mailOut <- struct{}{}:
	default: // Asked for already.
	}
}

// sendingFor returns the account that answers for an issue of the project that came by the inbox (0: by none) go out by;
// models.ErrNotFound when there is none.
func (g *Gateway) sendingFor(ctx context.Context, inbox, project int64) (models.SendingAccount, error) {
	places := []string{"project:" + itoa(project), "default"}
	if inbox != 0 {
		places = slices.Insert(places, 0, inboxPlace(inbox))
	}
	return g.Store.SendingAccountAt(ctx, places...)
}

// isOwn reports whether an address, or the one without its subaddress, is one of ours.
func isOwn(own map[string]bool, address string) bool {
	if own[address] {
		return true
	}
	base, _, tagged := outbound.SplitTag(address)
	return tagged && own[base]
}

// say returns a text of the catalogue for a mail.
func (g *Gateway) say(lang, key string, args ...string) string {
	if g.Texts == nil {
		return key
	}
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return g.Texts(lang, key, m)
}

// answerSubject is the subject of a mail about an issue: "Re: [#12] Printer is on fire".
func answerSubject(number int64, title string) string {
	return strings.TrimSpace("Re: [" + issueKey(number) + "] " + title)
}

// OutboxFilter says which mails of the outbox are asked for.
type OutboxFilter = store.OutboxFilter

// ExchangeFilter selects mails in both directions.
type ExchangeFilter = store.ExchangeFilter

// Exchange returns a page of mails that came in and went out, newest first, and the cursor of the next one.
func (g *Gateway) Exchange(ctx context.Context, f ExchangeFilter) ([]models.Exchanged, string, error) {
	return g.Store.Exchange(ctx, f)
}

// Outbox returns a page of the outbox, newest first, and the cursor of the next one.
func (g *Gateway) Outbox(ctx context.Context, f OutboxFilter) ([]models.Outgoing, string, error) {
	return g.Store.Outbox(ctx, f)
}

// OutboxCounts returns how many mails stand in each state.
func (g *Gateway) OutboxCounts(ctx context.Context) (map[models.OutgoingState]int, error) {
	return g.Store.OutboxCounts(ctx)
}

// Outgoing returns one mail of the outbox.
func (g *Gateway) Outgoing(ctx context.Context, id int64) (models.Outgoing, error) {
	return g.Store.OutgoingByID(ctx, id)
}

// OutgoingOfIssue returns the mails of an issue, oldest first.
func (g *Gateway) OutgoingOfIssue(ctx context.Context, issue int64) ([]models.Outgoing, error) {
	return g.Store.OutgoingOfIssue(ctx, issue)
}

// CancelOutgoing keeps a mail from being sent; models.ErrConflict when it is too late.
func (g *Gateway) CancelOutgoing(ctx context.Context, by *models.User, id int64) error {
	return g.changeOutgoing(ctx, by, "outbox.cancel", id, func(ctx context.Context, _ models.Outgoing) error {
		return g.Store.ChangeOutgoing(ctx, id, models.OutgoingCancelled, nil, models.OutgoingDraft, models.OutgoingQueued)
	})
}

// SendNow has a mail sent at once, also one that was given up or cancelled; models.ErrConflict when it was sent or is
// being sent.
func (g *Gateway) SendNow(ctx context.Context, by *models.User, id int64) error {
	err := g.changeOutgoing(ctx, by, "outbox.send_now", id, func(ctx context.Context, o models.Outgoing) error {
		if err := g.Store.RetrySendingAccount(ctx, o.AccountID); err != nil {
			return err
		}
		at := now()
		return g.Store.RestartOutgoing(ctx, id, at, at.Add(answerLife),
			models.OutgoingDraft, models.OutgoingQueued, models.OutgoingFailed, models.OutgoingCancelled)
	})
	if err == nil {
		g.sendSoon()
	}
	return err
}

func (g *Gateway) changeOutgoing(ctx context.Context, by *models.User, action string, id int64, change func(context.Context, models.Outgoing) error) error {
	var o models.Outgoing
	err := g.Store.WithTx(ctx, func(ctx context.Context) (err error) {
		if o, err = g.Store.OutgoingByID(ctx, id); err != nil {
			return err
		}
		if err := change(ctx, o); err != nil {
			return err
		}
		return g.audit(ctx, by, action, "outbox:"+itoa(id), nil)
	})
	if err == nil {
		g.outgoingChanged(o)
	}
	return err
}

// outgoingChanged tells the open pages.
func (g *Gateway) outgoingChanged(o models.Outgoing) {
	g.Changed("outbox")
	if o.IssueNumber != 0 {
		g.Changed("issue:" + itoa(o.IssueNumber))
	}
}
