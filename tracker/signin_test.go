package tracker_test

import (
	"errors"
	"strings"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

func TestSignInRefusesAllTheSame(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	if err := w.SetPassword(t.Context(), &w.admin, w.member.ID, password); err != nil {
		t.Fatal(err)
	}
	off, err := w.CreateUser(t.Context(), &w.admin, tracker.UserDraft{Login: "off", Role: models.RoleMember, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.DisableUser(t.Context(), &w.admin, off.ID, true); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, login, password string }{
		{"wrong password", "member", "a long enough two"}, {"no such login", "nobody", password}, {"no password set", "boss", password},
		{"empty password", "member", ""}, {"empty password where none is set", "boss", ""}, {"impossible login", "a b\x00", password},
		{"disabled", "off", password}, {"overlong password", "member", strings.Repeat("x", 100_000)},
	} {
		if _, err := w.SignIn(t.Context(), tc.login, tc.password, "192.0.2.1"); !errors.Is(err, tracker.ErrSignIn) {
			t.Errorf("%s: error = %v, want ErrSignIn", tc.name, err)
		}
	}
	u, err := w.SignIn(t.Context(), " Member ", password, "192.0.2.1")
	if err != nil || u.ID != w.member.ID {
		t.Errorf("SignIn = user %d, %v, want %d", u.ID, err, w.member.ID)
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	for _, tc := range []struct{ password, want string }{
		{"short", "password E-USER-06"}, {strings.Repeat("ab", 129), "password E-USER-07"}, {"Passwort123", "password E-USER-08"},
		{"aaaaaaaaaaa", "password E-USER-08"}, {"P@ssw0rt!", "password E-USER-08"}, {"Summer2031!", "password E-USER-08"}, {"73105528", "password E-USER-08"},
		{"abcabcabca", "password E-USER-08"}, {"lkjhgfdsa", "password E-USER-08"}, {"QWERTZ54321", "password E-USER-08"}, {"stranger", "password E-USER-08"}, {"STRANGER@example.org", "password E-USER-08"},
		{"Elizabeth99", "password E-USER-08"}, {"extr@0rdin@ry", "password E-USER-08"}, {"rainbow6", "password E-USER-08"},
	} {
		err := w.SetPassword(t.Context(), &w.admin, w.stranger.ID, tc.password)
		if got := codes(t, err); got != tc.want {
			t.Errorf("SetPassword(%.20q) = %s, want %s", tc.password, got, tc.want)
		}
	}
	for _, good := range []string{"summer of the long rains", "310552873105", "wolf under a lamp", "zg7 kettle", "Regenschirm am Dienstag"} {
		if err := w.SetPassword(t.Context(), &w.admin, w.stranger.ID, good); err != nil {
			t.Errorf("SetPassword(%q) = %v, want it taken", good, err)
		}
	}
}

func TestCustomersNeverSignIn(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	if got, want := codes(t, w.SetPassword(t.Context(), &w.admin, w.customer.ID, password)), "password E-USER-11"; got != want {
		t.Errorf("SetPassword = %s, want %s", got, want)
	}
	if _, err := w.StartSession(t.Context(), &w.customer, nil); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("StartSession = %v, want ErrForbidden", err)
	}
	if _, _, err := w.CreateToken(t.Context(), &w.admin, w.customer.ID, ""); err == nil {
		t.Error("CreateToken made a token for a customer")
	}
}

func TestSessionsEndWithPasswordRoleAndAccess(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, tc := range []struct {
			name string
			end  func() error
		}{
			{"password", func() error { return w.SetPassword(t.Context(), &w.admin, w.member.ID, password) }},
			{"role", func() error {
				_, err := w.SetRole(t.Context(), &w.admin, w.member.ID, models.RoleMember)
				return err
			}},
			{"sign out everywhere", func() error { return w.EndSessions(t.Context(), &w.member, w.member.ID) }},
			{"disabled", func() error {
				_, err := w.DisableUser(t.Context(), &w.admin, w.member.ID, true)
				return err
			}},
		} {
			secret, err := w.StartSession(t.Context(), &w.member, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Session(t.Context(), secret)
			if err != nil || got.User.ID != w.member.ID {
				t.Fatalf("Session = user %d, %v", got.User.ID, err)
			}
			if err := tc.end(); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Session(t.Context(), secret); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("session after change of %s: error = %v, want ErrNotFound", tc.name, err)
			}
		}
	})
}

func TestSessionSecretsAreComparedExactly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret, err := w.StartSession(t.Context(), &w.member, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.SaveSessionData(t.Context(), secret, []byte("kept")); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", " ", secret + " ", strings.ToUpper(secret), secret[:len(secret)-1], strings.Repeat("a", 10_000)} {
			if _, err := w.Session(t.Context(), bad); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("Session(%.50q) = %v, want ErrNotFound", bad, err)
			}
		}
		got, err := w.Session(t.Context(), secret)
		if err != nil || string(got.Data) != "kept" {
			t.Errorf("Session = data %q, %v, want kept", got.Data, err)
		}
		if err := w.EndSession(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Session(t.Context(), secret); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("Session after sign-out = %v, want ErrNotFound", err)
		}
	})
}

func TestTokensSpeakForTheirPersonUntilDeleted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, row, err := w.CreateToken(t.Context(), &w.member, w.member.ID, "script")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(token, "lbx_") || len(token) < 40 {
			t.Errorf("token = %q, want lbx_ and at least 128 random bits", token)
		}
		for range 2 {
			u, _, err := w.TokenUser(t.Context(), token)
			if err != nil || u.ID != w.member.ID {
				t.Fatalf("TokenUser = user %d, %v, want %d", u.ID, err, w.member.ID)
			}
		}
		for _, bad := range []string{"", "lbx_", strings.ToUpper(token), token + " ", token[4:], token[:len(token)-1]} {
			if _, _, err := w.TokenUser(t.Context(), bad); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("TokenUser(%q) = %v, want ErrNotFound", bad, err)
			}
		}
		if err := w.DeleteToken(t.Context(), &w.stranger, w.member.ID, row.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("DeleteToken of somebody else = %v, want ErrNotFound", err)
		}
		if err := w.DeleteToken(t.Context(), &w.member, w.member.ID, row.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.TokenUser(t.Context(), token); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("TokenUser after delete = %v, want ErrNotFound", err)
		}
	})
}

func TestTokenOfSomebodyWhoIsGoneIsWorthless(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	token, _, err := w.CreateToken(t.Context(), &w.admin, w.member.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetRole(t.Context(), &w.admin, w.member.ID, models.RoleCustomer); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.TokenUser(t.Context(), token); !errors.Is(err, models.ErrNotFound) {
		t.Errorf("TokenUser = %v, want ErrNotFound", err)
	}
}
