package gateway_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// kept describes the versions of an inbox, oldest first.
func (d *den) kept(g *gateway.Gateway, id int64) []string {
	d.t.Helper()
	all, err := g.ConfigVersions(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for i := len(all) - 1; i >= 0; i-- {
		line := fmt.Sprintf("%d %s:", all[i].Version, all[i].Action)
		if i+1 < len(all) {
			for _, c := range gateway.CompareConfig(all[i+1].Config, all[i].Config) {
				line += " " + c.Field
			}
		}
		out = append(out, line)
	}
	return out
}

// Whatever changes what is set of an inbox makes one version of it, and nothing else does.
func TestEveryChangeOfAnInboxIsAVersion(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		in := d.inbox(g, nil)
		first := d.exports(g)
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		update := func(change func(*gateway.InboxDraft)) error {
			_, err := g.UpdateInbox(t.Context(), nil, in.ID, 0, d.draft(func(dr *gateway.InboxDraft) {
				dr.Password = nil
				change(dr)
			}))
			return err
		}
		do(update(func(*gateway.InboxDraft) {}))
		do(update(func(dr *gateway.InboxDraft) { dr.Settings.RetentionDays = 7 }))
		do(update(func(dr *gateway.InboxDraft) {
			dr.Settings.RetentionDays, dr.Rules.Intake = 8, true
		}))
		if err := update(func(dr *gateway.InboxDraft) { dr.Settings.Port = -1 }); err == nil {
			t.Error("a port below 0 is taken")
		}
		do(g.SetEnabled(t.Context(), nil, in.ID, false))
		do(g.SetEnabled(t.Context(), nil, in.ID, false))
		v, err := g.Inbox(t.Context(), in.ID)
		do(err)
		rules := v.Rules
		rules.AllowCreate = false
		_, err = g.SaveRules(t.Context(), nil, in.ID, v.RuleVersion, rules)
		do(err)
		do(g.SetAcknowledgement(t.Context(), nil, in.ID, gateway.Acknowledgement{Mode: "off"}))
		do(g.SetOAuth(t.Context(), nil, gateway.OAuthInbox(in.ID), 0, gateway.OAuthDraft{Auth: "oauth2_user", Settings: models.OAuthSettings{Provider: "google", ClientID: "app"}}))
		_, err = d.imports(g, "inboxes:\n  - name: Support\n    settings: {batch_size: 9}\n    acknowledgement: {mode: known}\n", nil)
		do(err)
		q, err := g.Restoring(t.Context(), in.ID, 1)
		do(err)
		_, err = g.ImportInboxes(t.Context(), nil, q)
		do(err)
		want := []string{
			"1 inbox.create:", "2 inbox.update: retention_days", "3 inbox.update: retention_days intake", "4 inbox.pause: enabled", "5 rules.update: allow_create",
			"6 acknowledgement.update: acknowledgement.mode", "7 oauth.update: auth oauth.provider oauth.authority oauth.client_id", "8 inbox.import: batch_size acknowledgement.mode",
			"9 inbox.restore: enabled auth oauth.provider oauth.authority oauth.client_id batch_size retention_days allow_create intake",
		}
		got := d.kept(g, in.ID)
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("versions (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(d.exports(g), first); diff != "" {
			t.Errorf("restored, it is not what it was (-got +want):\n%s", diff)
		}
		if _, err := g.Restoring(t.Context(), in.ID, 99); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a version that is not there: %v", err)
		}
		do(g.DeleteInbox(t.Context(), nil, in.ID))
		if left := d.kept(g, in.ID); len(left) > 0 {
			t.Errorf("versions of an inbox that is gone: %q", left)
		}
	})
}

// A restore never brings a password back, and keeps the one that is stored.
func TestRestoringKeepsTheSecretsOfNow(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		in := d.inbox(g, nil)
		now := "another one"
		if _, err := g.UpdateInbox(t.Context(), nil, in.ID, 0, d.draft(func(dr *gateway.InboxDraft) { dr.Settings.BatchSize, dr.Password = 7, &now })); err != nil {
			t.Fatal(err)
		}
		q, err := g.Restoring(t.Context(), in.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.ImportInboxes(t.Context(), nil, q); err != nil {
			t.Fatal(err)
		}
		ib, err := d.store.InboxByID(t.Context(), in.ID)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := d.ring.Open(ib.PasswordEnc, gateway.InboxSecretPlace(ib.ID)); plain != now || err != nil || ib.Settings.BatchSize != 50 {
			t.Errorf("password %q, %d messages a visit, %v", plain, ib.Settings.BatchSize, err)
		}
	})
}

// What was set before versions were kept is the first version.
func TestWhatWasBeforeVersionsIsKept(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		rules := models.DefaultRules()
		ib := models.Inbox{Name: "Old", ProjectID: d.project.ID, Settings: models.DefaultInboxSettings(), RuleVersion: 1}
		ib.Settings.Receive, ib.Settings.Auth, ib.Settings.Port = "push", "none", 993
		if err := d.store.CreateInbox(t.Context(), &ib); err != nil {
			t.Fatal(err)
		}
		if err := d.store.AddRuleVersion(t.Context(), &models.RuleVersion{InboxID: ib.ID, Version: 1, Rules: rules}); err != nil {
			t.Fatal(err)
		}
		if err := g.SetEnabled(t.Context(), nil, ib.ID, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d.kept(g, ib.ID), []string{"1 :", "2 inbox.resume: enabled"}); diff != "" {
			t.Errorf("versions (-got +want):\n%s", diff)
		}
	})
}
