package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"letterbox/gateway/inboxfile"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// ExportInboxes writes inboxes as a file, by name; no ids are all of them. Secrets are never part of it. An inbox that is
// not there is models.ErrNotFound.
func (g *Gateway) ExportInboxes(ctx context.Context, ids ...int64) (raw []byte, err error) {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return nil, err
	}
	var list []inboxfile.Inbox
	for _, ib := range all {
		if len(ids) > 0 && !slices.Contains(ids, ib.ID) {
			continue
		}
		one, err := g.configOf(ctx, ib)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if len(list) < len(ids) {
		return nil, models.ErrNotFound
	}
	return inboxfile.Write(list...)
}

// configOf is an inbox as a file says it. Of secrets only whether there is one.
func (g *Gateway) configOf(ctx context.Context, ib models.Inbox) (inboxfile.Inbox, error) {
	out := inboxfile.Inbox{
		Name: ib.Name, Address: ib.Address, Global: ib.Global, Enabled: ib.Enabled, Settings: ib.Settings,
		Password: stored(ib.PasswordEnc), ClientSecret: inboxfile.None, Certificate: inboxfile.None,
	}
	out.Settings.TrustedAt = nil
	p, err := g.Store.ProjectByID(ctx, ib.ProjectID)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return out, fmt.Errorf("read the project of inbox %d: %w", ib.ID, err)
	}
	out.Project = p.Key
	rules, err := g.Store.RuleVersion(ctx, ib.ID, ib.RuleVersion)
	if err != nil {
		return out, fmt.Errorf("read the rules of inbox %d: %w", ib.ID, err)
	}
	out.Rules = rules.Rules
	ack, err := g.Acknowledgement(ctx, ib.ID)
	if err != nil {
		return out, fmt.Errorf("read the acknowledgement of inbox %d: %w", ib.ID, err)
	}
	out.Acknowledgement = inboxfile.Acknowledgement{Mode: ack.Mode, Text: filled(ack.Text), Refusal: filled(ack.Refusal)}
	c, err := g.Store.OAuthCredential(ctx, string(OAuthInbox(ib.ID)))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return out, fmt.Errorf("read how inbox %d signs in: %w", ib.ID, err)
	}
	out.ClientSecret, out.Certificate = stored(c.SecretEnc), stored(c.CertificateEnc)
	a, err := g.Store.SendingAccountAt(ctx, inboxPlace(ib.ID))
	if errors.Is(err, models.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("read the sending account of inbox %d: %w", ib.ID, err)
	}
	if c, err = g.Store.OAuthCredential(ctx, string(OAuthSending(a.ID))); err != nil && !errors.Is(err, models.ErrNotFound) {
		return out, fmt.Errorf("read how the sending account of inbox %d signs in: %w", ib.ID, err)
	}
	out.Sending = &inboxfile.Sending{
		Address: a.Address, Name: a.Name, Password: stored(a.PasswordEnc), ClientSecret: stored(c.SecretEnc), Certificate: stored(c.CertificateEnc), Settings: a.Settings,
	}
	out.Sending.Settings.TrustedAt = nil
	return out, nil
}

// newConfig is what a new inbox begins with.
func newConfig(name string) inboxfile.Inbox {
	return inboxfile.Inbox{
		Name: name, Enabled: true, Password: inboxfile.None, ClientSecret: inboxfile.None, Certificate: inboxfile.None,
		Settings: models.DefaultInboxSettings(), Rules: models.DefaultRules(),
		Acknowledgement: inboxfile.Acknowledgement{Mode: "known", Text: map[string]string{}, Refusal: map[string]string{}},
	}
}

func stored(sealed string) string {
	if sealed == "" {
		return inboxfile.None
	}
	return inboxfile.Keep
}

// filled is a map without the texts that are empty.
func filled(m map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, m)
	maps.DeleteFunc(out, func(_, text string) bool { return text == "" })
	return out
}

// CompareConfig returns the settings of an inbox that differ, its rules among them.
func CompareConfig(before, after inboxfile.Inbox) []RuleChange {
	return append(compareLeaves(inboxfile.Leaves(before), inboxfile.Leaves(after)), CompareRules(before.Rules, after.Rules)...)
}

// CompareTemplates returns the answer templates that differ, by their names, in lines.
func CompareTemplates(before, after []inboxfile.Template) []RuleChange {
	return compareLeaves(inboxfile.TemplateLeaves(before), inboxfile.TemplateLeaves(after))
}

// compareLeaves returns the settings that differ. What is gone stands behind the others.
func compareLeaves(before, after []inboxfile.Leaf) []RuleChange {
	var out []RuleChange
	was := map[string]inboxfile.Leaf{}
	for _, l := range before {
		was[l.Path] = l
	}
	for _, l := range after {
		old := was[l.Path]
		delete(was, l.Path)
		if old.Text == l.Text {
			continue
		}
		c := RuleChange{Field: l.Path, Before: old.Text, After: l.Text}
		if l.List != nil {
			c.Added, c.Gone = missing(l.List, old.List), missing(old.List, l.List)
		}
		out = append(out, c)
	}
	for _, path := range slices.Sorted(maps.Keys(was)) { // A text that is gone.
		out = append(out, RuleChange{Field: path, Before: was[path].Text, Gone: was[path].List})
	}
	return out
}

// wanted is an inbox as it is to be.
type wanted struct {
	entry  *inboxfile.Entry
	draft  InboxDraft
	oauth  *OAuthDraft // Nil: it does not sign in so, or nothing of it changes.
	ack    *Acknowledgement
	sends  *wantedSending // Nil: its sending account stays as it is.
	change ConfigChange
	inbox  bool // The inbox itself changes.
}

// draftOf returns the draft of what a file says, and what is to be checked about it. The names of fields are those of the
// forms.
func (g *Gateway) draftOf(to *inboxfile.Inbox) (InboxDraft, models.InvalidList) {
	d := InboxDraft{Name: to.Name, Address: to.Address, Global: to.Global, Enabled: to.Enabled, Settings: to.Settings, Rules: to.Rules}
	complete(&d)
	d.Address = lower(d.Address)
	var list models.InvalidList
	if s := &d.Settings; s.Auth == oauth.ClientFlow || s.Auth == oauth.UserFlow {
		o := OAuthDraft{Auth: s.Auth, Settings: s.OAuth}
		list = append(list, g.completeOAuth(&o)...)
		s.OAuth = o.Settings
	}
	to.Name, to.Address, to.Settings = d.Name, d.Address, d.Settings
	return d, append(list, wrongAcknowledgement(Acknowledgement(to.Acknowledgement))...)
}
