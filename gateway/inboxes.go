package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"letterbox/models"
)

// InboxDraft is all that a person or a program can set of an inbox.
type InboxDraft struct {
	Name      string
	Address   string
	ProjectID int64
	Global    bool
	Enabled   bool
	Settings  models.InboxSettings
	Rules     models.Rules
	// Password replaces the stored one. Nil leaves it, unless host, port, protocol, security or user name change: then
	// it is cleared, because it was given for another server (SEC-12).
	Password *string
	// Stored is the inbox whose sign-in with OAuth 2.0 is used while the draft is tried; 0 for none.
	Stored int64
}

// InboxView is an inbox as people see it. It never holds the password.
type InboxView struct {
	models.Inbox
	Rules       models.Rules
	Status      models.InboxStatus
	PasswordSet bool
	Today       TodayCounts
}

// TodayCounts are the messages that became known since midnight UTC, by what became of them.
type TodayCounts struct {
	Accepted, Refused, Other int
}

// Inboxes returns all inboxes by name.
func (g *Gateway) Inboxes(ctx context.Context) ([]InboxView, error) {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]InboxView, 0, len(all))
	for _, ib := range all {
		v, err := g.view(ctx, ib)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// Inbox returns one inbox; models.ErrNotFound when there is none.
func (g *Gateway) Inbox(ctx context.Context, id int64) (InboxView, error) {
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return InboxView{}, err
	}
	return g.view(ctx, ib)
}

// InboxByName returns the inbox with that name, or with that number in decimal.
func (g *Gateway) InboxByName(ctx context.Context, name string) (InboxView, error) {
	ib, err := g.Store.InboxByName(ctx, name)
	if errors.Is(err, models.ErrNotFound) {
		if id, nerr := strconv.ParseInt(name, 10, 64); nerr == nil {
			return g.Inbox(ctx, id)
		}
	}
	if err != nil {
		return InboxView{}, err
	}
	return g.view(ctx, ib)
}

func (g *Gateway) view(ctx context.Context, ib models.Inbox) (InboxView, error) {
	v := InboxView{Inbox: ib, PasswordSet: ib.PasswordEnc != "", Status: g.latest(*g.statusOf(ctx, ib.ID))}
	v.PasswordEnc = ""
	rules, err := g.Store.RuleVersion(ctx, ib.ID, ib.RuleVersion)
	if err != nil {
		return v, fmt.Errorf("read the rules of inbox %d: %w", ib.ID, err)
	}
	v.Rules = rules.Rules
	if p := g.livePulse(ib.ID); !p.polledAt.IsZero() {
		v.Status.LastPollAt = &p.polledAt
		if !p.nextAt.IsZero() {
			v.Status.NextPollAt = &p.nextAt
		}
	}
	off, err := g.Reading(ctx)
	if err != nil {
		return v, err
	}
	if !ib.Enabled || off.Off {
		v.Status.State, v.Status.Code, v.Status.NextPollAt = models.InboxPaused, "", nil
	}
	counts, err := g.Store.MessageCounts(ctx, ib.ID, now().Truncate(24*time.Hour))
	if err != nil {
		return v, fmt.Errorf("count messages: %w", err)
	}
	for state, n := range counts {
		switch state {
		case models.MessageCreated, models.MessageCommented:
			v.Today.Accepted += n
		case models.MessageRejected, models.MessageQuarantined:
			v.Today.Refused += n
		default:
			v.Today.Other += n
		}
	}
	return v, nil
}

// CreateInbox adds an inbox. A draft that cannot be taken is a models.InvalidList.
func (g *Gateway) CreateInbox(ctx context.Context, by *models.User, d InboxDraft) (InboxView, error) {
	complete(&d)
	if list := validate(d); len(list) > 0 {
		return InboxView{}, list
	}
	at := now()
	ib := models.Inbox{
		Name: d.Name, Address: lower(d.Address), ProjectID: d.ProjectID, Global: d.Global, Enabled: d.Enabled,
		Settings: d.Settings, RuleVersion: 1, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	ib.Settings.TrustedAt = trustedAt(models.InboxSettings{}, d.Settings, at)
	if !d.Rules.Script.Empty() && !mayScript(by) {
		return InboxView{}, fmt.Errorf("add a script: %w", models.ErrForbidden)
	}
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.room(ctx, 0, d); err != nil {
			return err
		}
		if err := g.openProject(ctx, 0, d); err != nil {
			return err
		}
		if err := g.unique(ctx, 0, d); err != nil {
			return err
		}
		ib.ID = 0
		if err := g.Store.CreateInbox(ctx, &ib); err != nil {
			return err
		}
		if err := g.knownScript(ctx, models.Script{}, d.Rules.Script); err != nil {
			return err
		}
		if err := g.mayPlus(ctx, by, nil, d.Rules.PlusProjects); err != nil {
			return err
		}
		if err := g.mayRoute(ctx, by, models.Flow{}, d.Rules.Flow); err != nil {
			return err
		}
		if err := g.Store.AddRuleVersion(ctx, &models.RuleVersion{InboxID: ib.ID, Version: 1, Rules: d.Rules, CreatedBy: idOf(by), CreatedAt: at}); err != nil {
			return err
		}
		if err := g.sealPassword(&ib, d.Password); err != nil {
			return err
		}
		if err := g.Store.UpdateInbox(ctx, &ib, ib.Version); err != nil {
			return err
		}
		if err := g.keepVersion(ctx, by, ib.ID, "inbox.create"); err != nil {
			return err
		}
		return g.audit(ctx, by, "inbox.create", "inbox:"+itoa(ib.ID), auditNew(ib, d))
	})
	if err != nil {
		return InboxView{}, err
	}
	g.inboxChanged(ib.ID)
	return g.Inbox(ctx, ib.ID)
}

// UpdateInbox changes an inbox when its version is still version; models.ErrConflict otherwise. 0 skips that check.
func (g *Gateway) UpdateInbox(ctx context.Context, by *models.User, id, version int64, d InboxDraft) (InboxView, error) {
	complete(&d)
	if list := validate(d); len(list) > 0 {
		return InboxView{}, list
	}
	err := g.versioned(ctx, by, id, "inbox.update", func(ctx context.Context) error {
		ib, err := g.Store.InboxByID(ctx, id)
		if err != nil {
			return err
		}
		if version != 0 && ib.Version != version {
			return models.ErrConflict
		}
		if err := g.room(ctx, id, d); err != nil {
			return err
		}
		if err := g.openProject(ctx, ib.ProjectID, d); err != nil {
			return err
		}
		if err := g.unique(ctx, id, d); err != nil {
			return err
		}
		before := ib
		if d.Password == nil && clearsPassword(ib.Settings, d.Settings) {
			if ib.PasswordEnc != "" && d.Settings.Auth == "password" && d.Enabled {
				return models.InvalidList{{Field: "password", Code: "E-INBOX-07"}}
			}
			ib.PasswordEnc = ""
		}
		if losesOAuth(before.Settings, d.Settings) {
			if err := g.Store.DeleteOAuth(ctx, string(OAuthInbox(id))); err != nil {
				return err
			}
		}
		ib.Name, ib.Address, ib.ProjectID, ib.Global, ib.Enabled = d.Name, lower(d.Address), d.ProjectID, d.Global, d.Enabled
		ib.Settings, ib.UpdatedAt = d.Settings, now()
		ib.Settings.TrustedAt = trustedAt(before.Settings, d.Settings, ib.UpdatedAt)
		if err := g.sealPassword(&ib, d.Password); err != nil {
			return err
		}
		if err := g.retire(ctx, before, d.Settings); err != nil {
			return err
		}
		detail, err := g.auditChange(ctx, before, ib, d)
		if err != nil {
			return err
		}
		if err := g.newRules(ctx, by, &ib, d.Rules); err != nil {
			return err
		}
		if err := g.Store.UpdateInbox(ctx, &ib, before.Version); err != nil {
			return err
		}
		return g.audit(ctx, by, "inbox.update", "inbox:"+itoa(id), detail)
	})
	if err != nil {
		return InboxView{}, err
	}
	g.inboxChanged(id)
	return g.Inbox(ctx, id)
}

// inboxChanged has a change take effect and shown.
func (g *Gateway) inboxChanged(id int64) {
	g.lookNow()
	g.Changed("inbox:" + itoa(id))
}

// retire gives up the names of messages when an inbox reads another account from now on. What that one received since
// the last good visit is ours; what has been processed before is recognised by its octets.
func (g *Gateway) retire(ctx context.Context, was models.Inbox, is models.InboxSettings) error {
	if !otherAccount(was.Settings, is) {
		return nil
	}
	since := now()
	if was.StartedAt != nil {
		since = *was.StartedAt
	}
	if s := g.statusOf(ctx, was.ID); s.LastSuccessAt != nil {
		since = *s.LastSuccessAt
	}
	return g.Store.RetireSource(ctx, was.ID, leaseName(was.ID), since)
}

// newRules makes a new version when the rules differ from those in force.
func (g *Gateway) newRules(ctx context.Context, by *models.User, ib *models.Inbox, rules models.Rules) error {
	cur, err := g.Store.RuleVersion(ctx, ib.ID, ib.RuleVersion)
	if err != nil {
		return err
	}
	if sameRules(cur.Rules, rules) {
		return nil
	}
	if err := g.mayReplace(ctx, by, cur.Rules, rules); err != nil {
		return err
	}
	ib.RuleVersion++
	return g.Store.AddRuleVersion(ctx, &models.RuleVersion{
		InboxID: ib.ID, Version: ib.RuleVersion, Rules: rules, CreatedBy: idOf(by), CreatedAt: now(),
	})
}

// mayReplace returns what keeps a person from putting rules in force in the place of others, which are good in themselves:
// what was in force before may stay.
func (g *Gateway) mayReplace(ctx context.Context, by *models.User, before, after models.Rules) error {
	if sameRules(before, after) {
		return nil
	}
	if before.Script != after.Script && !mayScript(by) {
		return fmt.Errorf("change the script: %w", models.ErrForbidden)
	}
	if err := g.knownScript(ctx, before.Script, after.Script); err != nil {
		return err
	}
	if err := g.mayPlus(ctx, by, before.PlusProjects, after.PlusProjects); err != nil {
		return err
	}
	return g.mayRoute(ctx, by, before.Flow, after.Flow)
}

// DeleteInbox removes an inbox. Its messages stay in the log; those that are still on their way are set aside.
func (g *Gateway) DeleteInbox(ctx context.Context, by *models.User, id int64) error {
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.setAsideOpen(ctx, id); err != nil {
			return err
		}
		if err := g.Store.DeleteInbox(ctx, id); err != nil {
			return err
		}
		if err := g.Store.DeleteOAuth(ctx, string(OAuthInbox(id))); err != nil {
			return err
		}
		return g.audit(ctx, by, "inbox.delete", "inbox:"+itoa(id), nil)
	})
	if err == nil {
		g.inboxChanged(id)
	}
	return err
}

// setAsideOpen gives every message of an inbox that has none a result.
func (g *Gateway) setAsideOpen(ctx context.Context, id int64) error {
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return err
	}
	for last := int64(0); ; {
		open, err := g.Store.OpenMessages(ctx, id, now().AddDate(100, 0, 0), 500)
		if err != nil || len(open) == 0 || open[len(open)-1].ID == last {
			return err
		}
		last = open[len(open)-1].ID
		for i := range open {
			if err := g.setAside(ctx, ib, &open[i], "E-STEP-02", "the inbox was deleted"); err != nil {
				return err
			}
		}
	}
}

// trustedAt is when the certificate that is pinned was trusted; nil when none is.
func trustedAt(was, is models.InboxSettings, at time.Time) *time.Time {
	switch is.Fingerprint {
	case "":
		return nil
	case was.Fingerprint:
		return was.TrustedAt
	default:
		return &at
	}
}

func idOf(u *models.User) *int64 {
	if u == nil {
		return nil
	}
	return &u.ID
}

func (g *Gateway) sealPassword(ib *models.Inbox, password *string) error {
	if password == nil {
		return nil
	}
	if *password == "" {
		ib.PasswordEnc = ""
		return nil
	}
	sealed, err := g.Secrets.Seal(*password, InboxSecretPlace(ib.ID))
	if err != nil {
		return fmt.Errorf("seal the password: %w", err)
	}
	ib.PasswordEnc = sealed
	return nil
}
