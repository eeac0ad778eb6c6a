package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
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

// ReplyKeysSetting names the setting in which the keys of signed references are kept, sealed.
const ReplyKeysSetting = "reply_keys"

// keyCache keeps the keys of signed references for a while.
type keyCache struct {
	mu   sync.Mutex
	keys outbound.Keys
	good bool
	at   time.Time
	none time.Time // When there were none.
}

// signing returns the keys that sign references, and makes them when there are none.
func (g *Gateway) signing(ctx context.Context) (outbound.Keys, error) {
	if k, ok, err := g.trusted(ctx); ok || err != nil {
		return k, err
	}
	g.keys.mu.Lock()
	g.keys.none = time.Time{}
	g.keys.mu.Unlock()
	text, err := outbound.NewKeys().Encode()
	if err != nil {
		return outbound.Keys{}, err
	}
	sealed, err := g.Secrets.Seal(text, "settings/"+ReplyKeysSetting)
	if err != nil {
		return outbound.Keys{}, fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	if sealed, err = g.Store.FirstSetting(ctx, ReplyKeysSetting, sealed); err != nil {
		return outbound.Keys{}, err
	}
	k, err := g.openKeys(sealed) // Not cached: the transaction in ctx may come to nothing.
	if err == nil {
		return k, nil
	}
	if sealed, err = g.Secrets.Seal(text, "settings/"+ReplyKeysSetting); err != nil { // The old key of stored secrets is lost.
		return outbound.Keys{}, fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	if err := g.Store.SetSetting(ctx, ReplyKeysSetting, sealed); err != nil {
		return outbound.Keys{}, err
	}
	return g.openKeys(sealed)
}

// trusted returns the keys that verify references; false when there are none yet.
func (g *Gateway) trusted(ctx context.Context) (outbound.Keys, bool, error) {
	g.keys.mu.Lock()
	defer g.keys.mu.Unlock()
	if g.keys.good && time.Since(g.keys.at) < time.Minute {
		return g.keys.keys, true, nil
	}
	if time.Since(g.keys.none) < 2*time.Second {
		return outbound.Keys{}, false, nil
	}
	sealed, err := g.Store.Setting(ctx, ReplyKeysSetting)
	if errors.Is(err, models.ErrNotFound) {
		g.keys.none = time.Now()
		return outbound.Keys{}, false, nil
	}
	if err != nil {
		return outbound.Keys{}, false, err
	}
	k, err := g.openKeys(sealed)
	if err != nil { // Mail must come in all the same: signed references are as none.
		g.Log.LogAttrs(ctx, slog.LevelWarn, "keys of reply addresses not usable", slog.Any("err", err))
		return outbound.Keys{}, false, nil
	}
	if !g.Store.InTx(ctx) {
		g.keys.keys, g.keys.good, g.keys.at = k, true, time.Now()
	}
	return k, true, nil
}

func (g *Gateway) openKeys(sealed string) (outbound.Keys, error) {
	text, err := g.Secrets.Open(sealed, "settings/"+ReplyKeysSetting)
	if err != nil {
		return outbound.Keys{}, fmt.Errorf("open the keys of reply addresses: %w", err)
	}
	return outbound.DecodeKeys(text)
}

// RotateReplyKeys has references signed with a new key from now on; those of the last seven keys still verify.
func (g *Gateway) RotateReplyKeys(ctx context.Context, by *models.User) error {
	k, err := g.signing(ctx)
	if err != nil {
		return err
	}
	text, err := k.Rotate().Encode()
	if err != nil {
		return err
	}
	sealed, err := g.Secrets.Seal(text, "settings/"+ReplyKeysSetting)
	if err != nil {
		return fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.SetSetting(ctx, ReplyKeysSetting, sealed); err != nil {
			return err
		}
		return g.audit(ctx, by, "reply_keys.rotate", "settings", nil)
	})
	g.keys.mu.Lock()
	defer g.keys.mu.Unlock()
	g.keys.good = false
	return err
}

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
