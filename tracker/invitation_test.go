package tracker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const chosen = "quite another long one"

// invited is the world with a person who was invited, and the token that the admin hands over.
func invited(t *testing.T, w *world) tracker.Invitation {
	t.Helper()
	made, err := w.Invite(t.Context(), &w.admin, tracker.InvitationDraft{
		Address: "New.One@Example.org", Name: "New One", Role: models.RoleMember,
		Projects: []models.Member{{ProjectID: w.sup.ID, Role: models.ProjectReporter}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestInvitedPersonChoosesItsPasswordOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := invited(t, w)
		if made.Mailed || made.Token == "" || *made.User.Login != "new.one" || made.User.PasswordHash != "" {
			t.Fatalf("Invite = %+v, want a token to hand over and a person without a password", made)
		}
		if life := time.Until(made.ExpiresAt); life < 6*24*time.Hour || life > 7*24*time.Hour {
			t.Errorf("the link is good for %s, want seven days", life)
		}
		if members, err := w.Members(t.Context(), &w.admin, w.sup.ID); err != nil || len(members) != 3 {
			t.Errorf("Members = %d, %v, want the invited person among three", len(members), err)
		}
		if _, err := w.ChoosePassword(t.Context(), made.Token, "short", "192.0.2.9"); codes(t, err) != "password E-USER-06" {
			t.Errorf("a short password: %v, want E-USER-06", err)
		}
		if u, err := w.ChoosePassword(t.Context(), made.Token, chosen, "192.0.2.9"); err != nil || u.ID != made.User.ID {
			t.Fatalf("ChoosePassword = user %d, %v", u.ID, err)
		}
		if _, err := w.ChoosePassword(t.Context(), made.Token, chosen, "192.0.2.9"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the link a second time: %v, want ErrNotFound", err)
		}
		if u, err := w.SignIn(t.Context(), "new.one", chosen, "192.0.2.9"); err != nil || u.ID != made.User.ID {
			t.Errorf("SignIn = user %d, %v", u.ID, err)
		}
	})
}

func TestLinksEnd(t *testing.T) {
	ends := map[string]func(t *testing.T, w *world, made tracker.Invitation) error{
		"invited anew": func(t *testing.T, w *world, made tracker.Invitation) error {
			_, err := w.InviteAnew(t.Context(), &w.admin, made.User.ID, true)
			return err
		},
		"taken back": func(t *testing.T, w *world, made tracker.Invitation) error {
			return w.RevokeInvitation(t.Context(), &w.admin, made.User.ID)
		},
		"deactivated and let in again": func(t *testing.T, w *world, made tracker.Invitation) error {
			_, err := w.DisableUser(t.Context(), &w.admin, made.User.ID, true)
			if err == nil {
				_, err = w.DisableUser(t.Context(), &w.admin, made.User.ID, false)
			}
			return err
		},
		"a customer for a while": func(t *testing.T, w *world, made tracker.Invitation) error {
			_, err := w.SetRole(t.Context(), &w.admin, made.User.ID, models.RoleCustomer)
			if err == nil {
				_, err = w.SetRole(t.Context(), &w.admin, made.User.ID, models.RoleMember)
			}
			return err
		},
		"given a password": func(t *testing.T, w *world, made tracker.Invitation) error {
			return w.SetPassword(t.Context(), &w.admin, made.User.ID, password)
		},
		"expired": func(t *testing.T, w *world, made tracker.Invitation) error {
			l, err := w.store.PasswordLinkOf(t.Context(), made.User.ID, models.InviteLink)
			if err != nil {
				return err
			}
			l.ExpiresAt = l.CreatedAt.Add(-time.Second)
			return w.store.AddPasswordLink(t.Context(), &l)
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testdb.Open(t))
			made := invited(t, w)
			if _, _, err := w.LinkedUser(t.Context(), made.Token, "192.0.2.9"); err != nil {
				t.Fatal(err)
			}
			if err := end(t, w, made); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ChoosePassword(t.Context(), made.Token, chosen, "192.0.2.9"); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("ChoosePassword = %v, want ErrNotFound", err)
			}
		})
	}
}

func TestLinkTokensAreComparedExactlyAndTriedSeldom(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := invited(t, w).Token
		for _, bad := range []string{"", " ", "%20", token + " ", strings.ToUpper(token), token[:len(token)-1], strings.Repeat("a", 10_000)} {
			if _, _, err := w.LinkedUser(t.Context(), bad, "192.0.2.7"); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("LinkedUser(%.20q) = %v, want ErrNotFound", bad, err)
			}
		}
		var many *tracker.TooManyAttempts
		for tries := 8; tries <= 31; tries++ {
			_, _, err := w.LinkedUser(t.Context(), "wrong", "192.0.2.7")
			if refused := errors.As(err, &many); refused != (tries > 30) {
				t.Errorf("wrong token %d: %v, want the first refused to be the 31st", tries, err)
			}
		}
		if _, _, err := w.LinkedUser(t.Context(), token, "198.51.100.1"); err != nil {
			t.Errorf("from another client: %v", err)
		}
	})
}

func TestOfTwoWhoFollowALinkAtOnceOneChooses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made := invited(t, w)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for n := range errs {
			wg.Go(func() {
				_, errs[n] = w.ChoosePassword(t.Context(), made.Token, chosen+string(rune('a'+n)), "192.0.2.9")
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("ChoosePassword = %v and %v, want one that worked", errs[0], errs[1])
		}
	})
}

func TestOnlyAdminsInvite(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	made := invited(t, w)
	for _, by := range []*models.User{nil, &w.boss, &w.member, &w.customer} {
		_, err := w.Invite(t.Context(), by, tracker.InvitationDraft{Address: "x@example.org", Role: models.RoleAdmin})
		_, again := w.InviteAnew(t.Context(), by, made.User.ID, true)
		_, look := w.InvitationOf(t.Context(), by, made.User.ID)
		for _, err := range []error{err, again, look, w.RevokeInvitation(t.Context(), by, made.User.ID)} {
			if !errors.Is(err, models.ErrForbidden) {
				t.Errorf("by %v: %v, want ErrForbidden", by, err)
			}
		}
	}
	for draft, want := range map[string]string{"not-an-address": "address E-USER-03", "boss@example.org": "addresses E-USER-04"} {
		if _, err := w.Invite(t.Context(), &w.admin, tracker.InvitationDraft{Address: draft, Role: models.RoleMember}); codes(t, err) != want {
			t.Errorf("Invite(%s) = %v, want %s", draft, err, want)
		}
	}
	if _, err := w.Invite(t.Context(), &w.admin, tracker.InvitationDraft{Address: "x@example.org", Role: models.RoleCustomer}); codes(t, err) != "role E-INVITE-01" {
		t.Errorf("a customer is invited: %v", err)
	}
	if _, err := w.InviteAnew(t.Context(), &w.admin, w.customer.ID, true); codes(t, err) != "user E-INVITE-03" {
		t.Errorf("a customer is invited anew: %v", err)
	}
}

// posted is a tracker whose mail keeps the links that it was given.
func posted(t *testing.T, s *store.Store) (*tracker.Service, *[]models.PasswordLink, tracker.Secrets) {
	t.Helper()
	ring := plainSecrets{}
	var sent []models.PasswordLink
	return tracker.New(tracker.Deps{Store: s, Secrets: ring, Mail: func(_ context.Context, _ models.User, l models.PasswordLink) (bool, error) {
		sent = append(sent, l)
		return true, nil
	}}), &sent, ring
}

func TestForgottenPasswordIsAskedForWithoutTellingWhoExists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		svc, sent, ring := posted(t, w.store)
		if err := svc.SetPassword(t.Context(), &w.admin, w.member.ID, password); err != nil {
			t.Fatal(err)
		}
		session, err := svc.StartSession(t.Context(), &w.member, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"nobody", "nobody@example.org", "customer@example.org", "boss", "", "a b\x00"} { // boss has no password.
			if err := svc.AskForPassword(t.Context(), name, "192.0.2.1"); err != nil {
				t.Errorf("AskForPassword(%q) = %v, want nothing told", name, err)
			}
		}
		if len(*sent) != 0 {
			t.Fatalf("%d links went out to people who may have none", len(*sent))
		}
		for n, name := range []string{"member", "Member@Example.org", "member"} {
			if err := svc.AskForPassword(t.Context(), name, "192.0.2."+string(rune('2'+n))); err != nil {
				t.Fatal(err)
			}
		}
		if len(*sent) != 3 {
			t.Fatalf("%d links went out, want 3", len(*sent))
		}
		if err := svc.AskForPassword(t.Context(), "member", "192.0.2.9"); err != nil || len(*sent) != 3 {
			t.Errorf("a fourth link within the quarter of an hour: %v, %d sent", err, len(*sent))
		}
		if _, err := svc.Session(t.Context(), session); err != nil {
			t.Errorf("asking has ended a session: %v", err)
		}
		last, err := w.store.PasswordLinkOf(t.Context(), w.member.ID, models.ResetLink)
		if err != nil {
			t.Fatal(err)
		}
		token, err := ring.Open(last.TokenEnc, models.PasswordLinkPlace(last.ID))
		if err != nil || token == last.TokenEnc {
			t.Fatalf("the token is not sealed: %v", err)
		}
		if _, err := svc.ChoosePassword(t.Context(), token, chosen, "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Session(t.Context(), session); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the session lives on after the password has changed: %v", err)
		}
	})
}

func TestAskingForPasswordsIsThrottled(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	svc, _, _ := posted(t, w.store)
	var many *tracker.TooManyAttempts
	for _, name := range []string{"member", "nobody"} {
		for n := range 4 {
			err := svc.AskForPassword(t.Context(), name, "192.0.2.1")
			if refused := errors.As(err, &many); refused != (n == 3) {
				t.Errorf("%s, time %d: %v; want the fourth refused, whether there is such a person or not", name, n+1, err)
			}
		}
	}
}

func TestHashOfAnOlderKindIsRenewedAtTheSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		weak, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.store.SetPasswordHash(t.Context(), w.member.ID, weak); err != nil {
			t.Fatal(err)
		}
		session, err := w.StartSession(t.Context(), &w.member, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignIn(t.Context(), "member", "a long enough two", "192.0.2.1"); !errors.Is(err, tracker.ErrSignIn) {
			t.Fatal(err)
		}
		if u, _ := w.store.UserByID(t.Context(), w.member.ID); u.PasswordHash != weak {
			t.Error("a wrong password has renewed the hash")
		}
		if _, err := w.SignIn(t.Context(), "member", password, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		u, err := w.store.UserByID(t.Context(), w.member.ID)
		if err != nil || !strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("the hash is %.40s, %v, want one of today's parameters", u.PasswordHash, err)
		}
		if _, err := w.Session(t.Context(), session); err != nil {
			t.Errorf("renewing the hash has ended another session: %v", err)
		}
		if _, err := w.SignIn(t.Context(), "member", password, "192.0.2.1"); err != nil {
			t.Errorf("the password does not fit the new hash: %v", err)
		}
		if again, _ := w.store.UserByID(t.Context(), w.member.ID); again.PasswordHash != u.PasswordHash {
			t.Error("a hash of today was made anew")
		}
	})
}
