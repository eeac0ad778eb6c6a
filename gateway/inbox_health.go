package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// InboxHealth is how an inbox is doing beside its status.
type InboxHealth struct {
	Account *models.InboxAccount // Nil before the first full listing.
	Backlog store.Backlog
	// Median and Slow are how long the latest messages took from being seen to their result: half of them, and nineteen
	// of twenty, at most. Zero when there were none.
	Median, Slow time.Duration
	Events       []models.InboxEvent // Newest first.
	// FailedFrom is when the failure began from which the inbox has recovered last, nil when it is not known or when
	// that is more than a day ago.
	FailedFrom *time.Time
}

// InboxHealth returns how an inbox is doing.
func (g *Gateway) InboxHealth(ctx context.Context, id int64) (InboxHealth, error) {
	var h InboxHealth
	all, err := g.InboxesHealth(ctx)
	if err != nil {
		return h, err
	}
	h = all[id]
	waits, err := g.Store.Waits(ctx, id, 200)
	if err != nil {
		return h, err
	}
	if n := len(waits); n > 0 {
		slices.Sort(waits)
		h.Median, h.Slow = waits[n/2], waits[n*19/20]
	}
	if h.Events, err = g.Store.InboxEvents(ctx, id, 20); err != nil {
		return h, err
	}
	h.FailedFrom = recovered(h.Events, now())
	return h, nil
}

// recovered returns since when an inbox that works again had failed.
func recovered(events []models.InboxEvent, at time.Time) *time.Time {
	events = slices.DeleteFunc(slices.Clone(events), func(e models.InboxEvent) bool { return e.State == models.InboxActive && e.Code != "" })
	if len(events) < 2 || events[0].State != models.InboxActive || at.Sub(events[0].At) > 24*time.Hour {
		return nil
	}
	var from *time.Time
	for i := range events[1:] {
		if e := events[i+1]; e.Code != "" {
			from = &e.At
		} else {
			break
		}
	}
	return from
}

// InboxesHealth returns the account and the backlog of every inbox, by inbox.
func (g *Gateway) InboxesHealth(ctx context.Context) (map[int64]InboxHealth, error) {
	accounts, err := g.Store.InboxAccounts(ctx)
	if err != nil {
		return nil, err
	}
	backlogs, err := g.Store.Backlogs(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int64]InboxHealth{}
	for id, a := range accounts {
		out[id] = InboxHealth{Account: &a}
	}
	for id, b := range backlogs {
		h := out[id]
		h.Backlog = b
		out[id] = h
	}
	return out, nil
}

// SetEnabled pauses an inbox or has it go on. What is under way is finished.
func (g *Gateway) SetEnabled(ctx context.Context, by *models.User, id int64, enabled bool) error {
	action := "inbox.pause"
	if enabled {
		action = "inbox.resume"
	}
	err := g.versioned(ctx, by, id, action, func(ctx context.Context) error {
		ib, err := g.Store.InboxByID(ctx, id)
		if err != nil || ib.Enabled == enabled {
			return err
		}
		ib.Enabled = enabled
		d := InboxDraft{Name: ib.Name, Settings: ib.Settings, ProjectID: ib.ProjectID, Enabled: enabled}
		if err := g.openProject(ctx, ib.ProjectID, d); err != nil {
			return err
		}
		if err := g.unique(ctx, id, d); err != nil {
			return err
		}
		if err := g.Store.UpdateInbox(ctx, &ib, ib.Version); err != nil {
			return err
		}
		return g.audit(ctx, by, action, "inbox:"+itoa(id), nil)
	})
	if err == nil {
		g.inboxChanged(id)
	}
	return err
}

// DuplicateInbox makes a paused copy of an inbox under another name, with its settings and rules. It has no password,
// which belongs to the one it was entered for, and reads nothing before somebody has looked at it.
func (g *Gateway) DuplicateInbox(ctx context.Context, by *models.User, id int64, name string) (InboxView, error) {
	in, err := g.Inbox(ctx, id)
	if err != nil {
		return in, err
	}
	if !mayScript(by) {
		in.Rules.Script = models.Script{} // Only admins give an inbox a script.
	}
	if err := g.mayRoute(ctx, by, models.Flow{}, in.Rules.Flow); err != nil {
		if _, refused := errors.AsType[models.InvalidList](err); !refused {
			return in, err
		}
		in.Rules.Flow = models.Flow{} // They send mail to projects of others.
	}
	return g.CreateInbox(ctx, by, InboxDraft{
		Name: name, Address: in.Address, ProjectID: in.ProjectID, Global: in.Global, Settings: in.Settings, Rules: in.Rules,
	})
}

// room refuses one inbox more than a project may have. Global inboxes belong to no project.
func (g *Gateway) room(ctx context.Context, id int64, d InboxDraft) error {
	if g.InboxesPerProject <= 0 || d.Global {
		return nil
	}
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return fmt.Errorf("count the inboxes: %w", err)
	}
	n := 0
	for _, ib := range all {
		if ib.ProjectID != d.ProjectID || ib.Global {
			continue
		}
		if ib.ID == id {
			return nil // It is one of them already.
		}
		n++
	}
	if n < g.InboxesPerProject {
		return nil
	}
	return models.InvalidList{{Field: "project", Code: "E-INBOX-06", Args: map[string]string{"n": itoa(int64(n)), "max": itoa(int64(g.InboxesPerProject))}}}
}

// openProject refuses to have mail put into a project that takes nothing new: when the inbox is on, and when it comes there
// from another project. before is the project it had, 0 for a new one.
func (g *Gateway) openProject(ctx context.Context, before int64, d InboxDraft) error {
	if !d.Enabled && before == d.ProjectID {
		return nil
	}
	p, err := g.Store.ProjectByID(ctx, d.ProjectID)
	if errors.Is(err, models.ErrNotFound) {
		return models.InvalidList{{Field: "project", Code: "E-INBOX-02"}}
	}
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	if p.ArchivedAt == nil {
		return nil
	}
	return models.InvalidList{{Field: "project", Code: "E-PROJECT-06", Args: map[string]string{"key": p.Key}}}
}
