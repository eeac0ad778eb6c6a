package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// ConfigImport is a file of inboxes and how it is taken in.
type ConfigImport struct {
	Entries []*inboxfile.Entry
	Inbox   int64 // The one that the file is about, whatever it calls it; 0: found by name, and added when there is none.
	// Restores is the version that the file comes from; 0 for every other file.
	Restores int64
	Dry      bool // Find out everything, change nothing.
	// Shown is the digest of the difference that somebody has seen: another one is models.ErrConflict. "" looks at nothing.
	Shown string
	// Secret returns what a reference stands for. Nil: references are refused, for who may not read our surroundings.
	Secret func(kind, name string) (string, error)
	// Project returns the ID of a project that the person sees; nil: every one.
	Project func(ctx context.Context, key string) (int64, error)
	// May returns what keeps the person from making such an inbox; nil: nothing does.
	May func(ctx context.Context, before models.InboxSettings, d InboxDraft) error
}

// ConfigChange is how one inbox differs from what a file says of it.
type ConfigChange struct {
	ID      int64 // 0 as long as there is none.
	Name    string
	New     bool
	Changes []RuleChange // None: it is as the file says.
}

// Differs reports whether there is anything to do.
func (c ConfigChange) Differs() bool { return c.New || len(c.Changes) > 0 }

// Digest names a difference: what somebody has been shown and nothing else is applied.
func Digest(all []ConfigChange) string {
	raw, err := json.Marshal(all)
	if err != nil {
		raw = []byte(err.Error()) // Texts and numbers only.
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:12])
}

var errDry = errors.New("dry run")

// ImportInboxes makes inboxes what a file says, all in one transaction, and returns how they differed, in the order of the
// file. A second time there is nothing to do. What cannot be taken is a models.InvalidList with the lines of the file, and
// nothing has changed then.
func (g *Gateway) ImportInboxes(ctx context.Context, by *models.User, q ConfigImport) ([]ConfigChange, error) {
	if mayScript(by) { // Who may not change scripts is told so below.
		if err := g.wrongScripts(ctx, q); err != nil {
			return nil, err
		}
	}
	var out []ConfigChange
	var touched []int64
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		out, touched = nil, nil
		all, err := g.Store.Inboxes(ctx)
		if err != nil {
			return err
		}
		var list models.InvalidList
		var todo []wanted
		for _, e := range q.Entries {
			w, err := g.want(ctx, by, q, e, inboxNamed(all, q.Inbox, e.Name))
			if found, ok := errors.AsType[models.InvalidList](err); ok {
				list = append(list, found...)
				continue
			}
			if err != nil {
				return fmt.Errorf("compare inbox %q: %w", e.Name, err)
			}
			out, todo = append(out, w.change), append(todo, w)
		}
		if len(list) == 0 && q.Shown != "" && q.Shown != Digest(out) {
			return models.ErrConflict
		}
		for _, w := range todo {
			if !w.change.Differs() {
				continue
			}
			id, err := g.become(ctx, by, q, w)
			if found, ok := errors.AsType[models.InvalidList](err); ok {
				list = append(list, inLines(w.entry, found)...)
				continue
			}
			if err != nil {
				return fmt.Errorf("change inbox %q: %w", w.change.Name, err)
			}
			touched = append(touched, id)
		}
		if len(list) > 0 {
			return list
		}
		if q.Dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	for _, id := range touched {
		g.inboxChanged(id)
	}
	return out, nil
}

// inboxNamed returns the inbox with that ID, or with that name when there is none.
func inboxNamed(all []models.Inbox, id int64, name string) *models.Inbox {
	for i, ib := range all {
		if id != 0 && ib.ID == id || id == 0 && strings.EqualFold(ib.Name, name) {
			return &all[i]
		}
	}
	return nil
}

// inLines gives what is to be checked the lines of the file that say it.
func inLines(e *inboxfile.Entry, list models.InvalidList) models.InvalidList {
	out := make(models.InvalidList, len(list))
	for i, one := range list {
		copied := *one
		copied.Line = e.Line(one.Field)
		out[i] = &copied
	}
	return out
}

// wrongScripts compiles the scripts of a file before the transaction: they are compiled in another process.
func (g *Gateway) wrongScripts(ctx context.Context, q ConfigImport) error {
	for _, e := range q.Entries {
		in, _ := e.Lay(inboxfile.Inbox{})
		if in.Rules.Script.Empty() && in.Rules.Script.OnFailure == "" {
			continue
		}
		err := g.wrongScript(ctx, in.Rules.Script)
		if list, ok := errors.AsType[models.InvalidList](err); ok {
			return inLines(e, list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// want finds out what a file wants of an inbox; was is nil when there is none yet.
func (g *Gateway) want(ctx context.Context, by *models.User, q ConfigImport, e *inboxfile.Entry, was *models.Inbox) (w wanted, err error) {
	before := newConfig(e.Name)
	if was != nil {
		if before, err = g.configOf(ctx, *was); err != nil {
			return w, err
		}
	} else if q.Inbox != 0 {
		return w, models.ErrNotFound
	}
	after, list := e.Lay(before)
	if len(list) > 0 {
		return w, list
	}
	after.Rules.Script = tidyScript(after.Rules.Script)
	if w.draft, list = g.draftOf(&after); len(list) > 0 {
		return w, inLines(e, list)
	}
	if w.draft.ProjectID, err = g.projectFor(ctx, q, after.Project); err != nil {
		return w, inLine(e, err)
	}
	if list = validate(w.draft); len(list) > 0 {
		return w, inLines(e, list)
	}
	w.entry, w.change = e, ConfigChange{Name: after.Name, New: was == nil}
	var more []RuleChange
	if more, err = g.secretsOf(ctx, q, e, was, before, &after, &w); err != nil {
		return w, inLine(e, err)
	}
	sending, err := g.wantSending(ctx, by, q, e, was, before, &after, &w)
	if err != nil {
		return w, inLine(e, err)
	}
	w.change.Changes = append(CompareConfig(before, after), append(more, sending...)...)
	if was != nil {
		w.change.ID = was.ID
	}
	apart := before // What is changed apart counts as changed already.
	apart.Acknowledgement, apart.ClientSecret, apart.Certificate, apart.Sending = after.Acknowledgement, after.ClientSecret, after.Certificate, after.Sending
	if w.inbox = was == nil || w.draft.Password != nil || len(CompareConfig(apart, after)) > 0; w.inbox && q.May != nil {
		if err := q.May(ctx, before.Settings, w.draft); err != nil {
			return w, err
		}
	}
	if ack := Acknowledgement(after.Acknowledgement); len(acknowledgementChanges(before, after)) > 0 {
		w.ack = &ack
	}
	return w, nil
}

func acknowledgementChanges(before, after inboxfile.Inbox) []RuleChange {
	return CompareConfig(inboxfile.Inbox{Acknowledgement: before.Acknowledgement}, inboxfile.Inbox{Acknowledgement: after.Acknowledgement})
}

func inLine(e *inboxfile.Entry, err error) error {
	if list, ok := errors.AsType[models.InvalidList](err); ok {
		return inLines(e, list)
	}
	return err
}

func (g *Gateway) projectFor(ctx context.Context, q ConfigImport, key string) (id int64, err error) {
	if key == "" {
		return 0, nil // The checks say so.
	}
	find := q.Project
	if find == nil {
		find = func(ctx context.Context, key string) (int64, error) {
			p, err := g.Store.ProjectByKey(ctx, key)
			return p.ID, err
		}
	}
	if id, err = find(ctx, key); errors.Is(err, models.ErrNotFound) {
		return 0, models.InvalidList{{Field: "project", Code: "E-PROJECT-04", Args: map[string]string{"key": key}}}
	}
	return id, err
}

// become makes an inbox what is wanted of it, in the transaction of ctx.
func (g *Gateway) become(ctx context.Context, by *models.User, q ConfigImport, w wanted) (id int64, err error) {
	action, detail := "inbox.import", map[string]string{}
	if q.Restores != 0 {
		action, detail["to"] = "inbox.restore", itoa(q.Restores)
	}
	var fields []string
	for _, c := range w.change.Changes {
		fields = append(fields, c.Field)
	}
	detail["fields"] = strings.Join(fields, ", ")
	if id = w.change.ID; id != 0 {
		return id, g.versioned(ctx, by, id, action, func(ctx context.Context) error {
			if _, err := g.change(context.WithValue(ctx, versionless{}, true), by, w); err != nil {
				return err
			}
			return g.audit(ctx, by, action, "inbox:"+itoa(id), detail)
		})
	}
	if id, err = g.change(context.WithValue(ctx, versionless{}, true), by, w); err != nil {
		return 0, err
	}
	if err := g.keepVersion(ctx, by, id, action); err != nil {
		return 0, err
	}
	return id, g.audit(ctx, by, action, "inbox:"+itoa(id), detail)
}

// change makes the changes one by one.
func (g *Gateway) change(ctx context.Context, by *models.User, w wanted) (id int64, err error) {
	id = w.change.ID
	d := w.draft
	if w.oauth != nil {
		d.Settings.OAuth = models.OAuthSettings{}
	}
	switch {
	case w.change.New:
		v, err := g.CreateInbox(ctx, by, d)
		if err != nil {
			return 0, err
		}
		id = v.ID
	case w.inbox:
		if w.oauth != nil { // What it signs in with is changed below.
			ib, err := g.Store.InboxByID(ctx, id)
			if err != nil {
				return id, err
			}
			d.Settings.OAuth = ib.Settings.OAuth
		}
		if _, err := g.UpdateInbox(ctx, by, id, 0, d); err != nil {
			return id, err
		}
	}
	if w.oauth != nil {
		if err := g.SetOAuth(ctx, by, OAuthInbox(id), 0, *w.oauth); err != nil {
			return id, err
		}
	}
	if w.ack != nil {
		if err := g.SetAcknowledgement(ctx, by, id, *w.ack); err != nil {
			return id, err
		}
	}
	return id, g.changeSending(ctx, by, id, w.sends)
}
