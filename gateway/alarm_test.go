package gateway_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// The admins are reminded 30, 7 and 1 days before a client secret ends, once each, and when it has ended: by an account that does
// not sign in by the same app. Who wants no such mails gets none.
func TestAdminsAreRemindedByMailBeforeAClientSecretEnds(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(func(deps *gateway.Deps) { deps.BaseURL = "https://desk.example" })
		for login, role := range map[string]models.Role{"ada": models.RoleAdmin, "quiet": models.RoleAdmin, "lead": models.RoleMember, "cem": models.RoleMember} {
			u, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: login, Name: login, Addresses: []string{login + "@there.example"}, Role: role})
			if err != nil {
				t.Fatal(err)
			}
			if login == "lead" {
				err = d.tracker.SetMember(t.Context(), tracker.CommandLine(), d.project.ID, login, models.ProjectAdmin)
			} else if login == "quiet" {
				never := models.DefaultNotifySettings(u.ID)
				never.Assigned = models.NotifyNever
				err = d.tracker.SetNotifySettings(t.Context(), &u, never)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Auth, dr.Enabled = "oauth2_client", false })
		app := models.OAuthSettings{Provider: "microsoft", Tenant: "firm.example", ClientID: "client"}
		secret := "s3cret"
		set := func(o gateway.OAuthOwner, s models.OAuthSettings) {
			t.Helper()
			if err := g.SetOAuth(t.Context(), nil, o, 0, gateway.OAuthDraft{Auth: "oauth2_client", Secret: &secret, Settings: s}); err != nil {
				t.Fatal(err)
			}
		}
		var accounts []int64
		for i, place := range []string{fmt.Sprintf("inbox:%d", ib.ID), "default"} {
			s := models.DefaultSendingSettings()
			s.Host, s.Auth = "smtp.here.example", []string{"oauth2_client", "none"}[i]
			a, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: place, Address: fmt.Sprintf("post%d@here.example", i), Settings: s})
			if err != nil {
				t.Fatal(err)
			}
			accounts = append(accounts, a.ID)
		}
		set(gateway.OAuthSending(accounts[0]), app)
		app.SecretExpiresOn = time.Now().AddDate(0, 0, 39).Format(time.DateOnly)
		set(gateway.OAuthInbox(ib.ID), app)

		var got []string
		for day := 40; day >= -1; day-- {
			for range 2 {
				if err := g.TendTokens(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			list, _, err := g.Outbox(t.Context(), gateway.OutboxFilter{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(list); n != len(got) {
				got = nil
				for _, o := range list {
					got = append(got, fmt.Sprint(o.Kind, " ", o.Recipient, " ", o.AccountID == accounts[1]))
				}
				if n%2 != 0 || day != 30 && day != 7 && day != 1 && day != -1 {
					t.Errorf("%d days before the end: %d mails", day, n)
				}
			}
			time.Sleep(24 * time.Hour)
		}
		var want []string
		for range 4 {
			want = append(want, "alarm lead@there.example true", "alarm ada@there.example true")
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
	})
}
