package tracker_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

func TestUsersThatCannotBeMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, tc := range []struct {
			name  string
			draft tracker.UserDraft
			want  string
		}{
			{"login taken in another case", tracker.UserDraft{Login: "MEMBER", Role: models.RoleMember}, "login E-USER-02"},
			{"address taken in another case", tracker.UserDraft{Login: "new", Addresses: []string{"Member@Example.org"}, Role: models.RoleMember}, "addresses E-USER-04"},
			{"no login", tracker.UserDraft{Role: models.RoleMember}, "login E-USER-01"},
			{"login with a blank", tracker.UserDraft{Login: "a b", Role: models.RoleMember}, "login E-USER-01"},
			{"no role", tracker.UserDraft{Login: "new"}, "role E-USER-05"},
			{"unknown role", tracker.UserDraft{Login: "new", Role: "root"}, "role E-USER-05"},
			{"no address", tracker.UserDraft{Login: "new", Role: models.RoleMember, Addresses: []string{"x"}}, "addresses E-USER-03"},
			{"customer with login", tracker.UserDraft{Login: "new", Role: models.RoleCustomer, Addresses: []string{"c@example.org"}}, "login E-USER-01"},
			{"customer with password", tracker.UserDraft{Role: models.RoleCustomer, Addresses: []string{"c@example.org"}, Password: password}, "password E-USER-11"},
			{"customer without address", tracker.UserDraft{Role: models.RoleCustomer}, "addresses E-USER-10"},
		} {
			_, err := w.CreateUser(t.Context(), &w.admin, tc.draft)
			if got := codes(t, err); got != tc.want {
				t.Errorf("%s = %s, want %s", tc.name, got, tc.want)
			}
		}
	})
}

func TestTheLastAdminStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if err := w.SetPassword(t.Context(), &w.admin, w.admin.ID, password); err != nil {
			t.Fatal(err)
		}
		_, err := w.SetRole(t.Context(), &w.admin, w.admin.ID, models.RoleMember)
		if got, want := codes(t, err), "role E-USER-09"; got != want {
			t.Errorf("SetRole of the last admin = %s, want %s", got, want)
		}
		_, err = w.DisableUser(t.Context(), &w.admin, w.admin.ID, true)
		if got, want := codes(t, err), "role E-USER-09"; got != want {
			t.Errorf("DisableUser of the last admin = %s, want %s", got, want)
		}
		if u, err := w.User(t.Context(), &w.admin, w.admin.ID); err != nil || u.Role != models.RoleAdmin || u.DisabledAt != nil {
			t.Errorf("last admin = %s, disabled %v, %v, want an enabled admin", u.Role, u.DisabledAt, err)
		}
		if _, err := w.CreateUser(t.Context(), &w.admin, tracker.UserDraft{Login: "second", Role: models.RoleAdmin, Password: password}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SetRole(t.Context(), &w.admin, w.admin.ID, models.RoleMember); err != nil {
			t.Errorf("SetRole with a second admin: %v", err)
		}
	})
}

func TestUserListHasPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var logins []string
		for after := int64(0); ; {
			page, err := w.Users(t.Context(), &w.admin, 2, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Items {
				logins = append(logins, u.Name)
			}
			if after = page.Next; after == 0 {
				break
			}
		}
		if diff := cmp.Diff([]string{"ADMIN", "BOSS", "MEMBER", "STRANGER", "CUSTOMER"}, logins); diff != "" {
			t.Errorf("users (-want +got):\n%s", diff)
		}
	})
}

func TestSetupMakesOneAdminOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		tr := tracker.New(tracker.Deps{Store: s})
		old, err := tr.NewSetupToken(t.Context())
		if err != nil || old == "" {
			t.Fatalf("NewSetupToken = %q, %v", old, err)
		}
		token, err := tr.NewSetupToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		draft := tracker.SetupDraft{Login: "first", Name: "First", Address: "first@example.org", Password: password}
		for _, bad := range []string{"", "x", old, strings.ToUpper(token)} {
			if _, err := tr.Setup(t.Context(), bad, draft); !errors.Is(err, models.ErrNotFound) {
				t.Errorf("Setup(%q) = %v, want ErrNotFound", bad, err)
			}
		}
		weak := draft
		weak.Password = "12345678"
		if _, err := tr.Setup(t.Context(), token, weak); err == nil {
			t.Error("Setup took a common password")
		}
		if _, err := tr.Setup(t.Context(), token, draft); err != nil {
			t.Fatalf("Setup after a refused input: %v", err)
		}
		if _, err := tr.Setup(t.Context(), token, tracker.SetupDraft{Login: "second", Password: password}); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("second Setup = %v, want ErrNotFound", err)
		}
		if again, err := tr.NewSetupToken(t.Context()); err != nil || again != "" {
			t.Errorf("NewSetupToken with an admin = %q, %v, want none", again, err)
		}
		if _, err := tr.SignIn(t.Context(), "first", password, "192.0.2.1"); err != nil {
			t.Errorf("SignIn of the first admin: %v", err)
		}
	})
}

func TestOfTwoSetupsAtOnceOneWins(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		tr := tracker.New(tracker.Deps{Store: s})
		token, err := tr.NewSetupToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		errs := make([]error, 4)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = tr.Setup(t.Context(), token, tracker.SetupDraft{Login: "first" + string(rune('a'+i)), Password: password})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, models.ErrNotFound):
				t.Errorf("error = %v, want ErrNotFound", err)
			}
		}
		if n, err := s.CountSignIns(t.Context()); won != 1 || n != 1 || err != nil {
			t.Errorf("%d setups succeeded and %d people can sign in (%v), want 1 and 1", won, n, err)
		}
	})
}

func TestChangesOfPeopleAreAuditedWithoutSecrets(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	if err := w.SetPassword(t.Context(), &w.admin, w.member.ID, password); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DisableUser(t.Context(), &w.admin, w.member.ID, true); err != nil {
		t.Fatal(err)
	}
	token, _, err := w.CreateToken(t.Context(), &w.admin, w.boss.ID, "x")
	if err != nil {
		t.Fatal(err)
	}
	lines, _, err := w.store.Audits(t.Context(), store.AuditFilter{UserID: &w.admin.ID})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range lines {
		got = append(got, l.Action)
		if strings.Contains(l.Detail, password) || strings.Contains(l.Detail, token) {
			t.Errorf("audit line %s holds a secret", l.Action)
		}
	}
	if diff := cmp.Diff([]string{"token.create", "user.disable", "user.password"}, got); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}
