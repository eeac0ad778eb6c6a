package gateway_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

func TestInvitationGoesOutByMailAndIsKeptNowhere(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.servers.AddUser("mia", "s3cret", "mia@there.example")
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	h.gateway.Secrets = ring
	h.sending(nil)
	admin := h.agent()
	people := tracker.New(tracker.Deps{Store: h.store, Secrets: ring, Mail: func(ctx context.Context, u models.User, l models.PasswordLink) (bool, error) {
		return h.gateway.QueueLink(ctx, u, l)
	}})
	made, err := people.Invite(t.Context(), admin, tracker.InvitationDraft{Address: "mia@there.example", Name: "Mia", Role: models.RoleMember, Language: "en"})
	if err != nil || !made.Mailed || made.Token != "" {
		t.Fatalf("Invite = %+v, %v, want it mailed and no link shown", made, err)
	}
	h.run()
	got := h.inMailbox("mia", 1)[0]
	link := regexp.MustCompile(`https://issues\.here\.example/password/(\S+)`).FindStringSubmatch(got.Text)
	if link == nil || !strings.Contains(got.Text, "Anna Agent has invited you") || !strings.Contains(got.Text, "Your user name: mia") {
		t.Fatalf("the mail says %q", got.Text)
	}
	h.until("the token is forgotten", func() bool {
		l, err := h.store.PasswordLinkOf(t.Context(), made.User.ID, models.InviteLink)
		return err == nil && l.TokenEnc == ""
	})
	for _, o := range h.outbox() {
		if strings.Contains(o.Content.Text+o.Content.Subject, link[1]) {
			t.Error("the outbox holds the link")
		}
	}
	if _, err := people.ChoosePassword(t.Context(), link[1], "quite a long new one", "192.0.2.1"); err != nil {
		t.Errorf("ChoosePassword = %v", err)
	}
}

func TestLinkIsShownWhereNoMailCanGo(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	admin := h.agent()
	u, err := h.tracker.CreateUser(t.Context(), admin, tracker.UserDraft{Login: "mia", Role: models.RoleMember, Addresses: []string{"mia@there.example"}})
	if err != nil {
		t.Fatal(err)
	}
	queue := func(what string, want bool) {
		t.Helper()
		var sent bool
		undo := errors.New("not kept")
		err := h.store.WithTx(t.Context(), func(ctx context.Context) (err error) {
			if sent, err = h.gateway.QueueLink(ctx, u, models.PasswordLink{ID: 1, UserID: u.ID, Kind: models.InviteLink}); err != nil {
				return err
			}
			return undo
		})
		if !errors.Is(err, undo) || sent != want {
			t.Errorf("%s: QueueLink = %t, %v, want %t", what, sent, err, want)
		}
	}
	queue("no account", false)
	a := h.sending(func(d *gateway.SendingDraft) { d.Address = "post@here.example" })
	queue("an account", true)
	own := u.Addresses
	for what, addresses := range map[string][]string{"no address": nil, "an address of ours": {"post@here.example"}, "what is no address for SMTP": {"a b@there.example"}} {
		u.Addresses = addresses
		queue(what, false)
	}
	u.Addresses = own
	h.gateway.BaseURL = ""
	queue("nobody said where people reach the server", false)
	h.gateway.BaseURL = "https://issues.here.example"
	if _, err := h.store.SaveSendingTrouble(t.Context(), a.ID, "E-AUTH-01", "{}", a.CreatedAt); err != nil {
		t.Fatal(err)
	}
	queue("an account in trouble", false)
}
