package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func ptr[T any](v T) *T { return &v }

// must stops the test at the first error.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// want fails the test when err is not target.
func want(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: got error %v, want %v", what, err, target)
	}
}

// base makes a project and a user with a login and an address.
func base(t testing.TB, s *store.Store) (*models.Project, *models.User) {
	t.Helper()
	p := &models.Project{Key: "SUP", Name: "Support"}
	u := &models.User{Login: ptr("max"), Name: "Max", Role: models.RoleMember, Addresses: []string{"max@example.org"}}
	must(t, s.CreateProject(t.Context(), p), s.CreateUser(t.Context(), u))
	return p, u
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	for _, dsn := range []string{
		"", "sqlite", "sqlite:", "postgres:x", "mysql:root@tcp(127.0.0.1:1)/x", "mysql:root@tcp(127.0.0.1:1)/", "mysql:nonsense",
		"sqlite:" + filepath.Join(t.TempDir(), "none", "x.db"),
	} {
		if s, err := store.Open(t.Context(), dsn, nil); err == nil {
			_ = s.Close()
			t.Errorf("Open(%q): got no error, want one", dsn)
		}
	}
}

func TestOpenDoesNotRepeatThePassword(t *testing.T) {
	_, err := store.Open(t.Context(), "mysql:root:geheim@tcp(127.0.0.1:1)/x", nil)
	if err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got error %v, want one without the password", err)
	}
}

func TestDatabasePathMayHoldAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c=d#e%20ü.db")
	s, err := store.Open(t.Context(), "sqlite:"+path, nil)
	must(t, err, s.Migrate(t.Context()), s.SetSetting(t.Context(), "a", "1"), s.Close())
	s, err = store.Open(t.Context(), "sqlite:"+path, nil)
	must(t, err)
	defer s.Close()
	got, err := s.Setting(t.Context(), "a")
	must(t, err)
	if got != "1" {
		t.Errorf("setting after reopening: got %q, want %q", got, "1")
	}
}

func TestNowIsUTCAndNearTheClock(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		got, err := s.Now(t.Context())
		must(t, err, s.Ping(t.Context()))
		if d := time.Since(got).Abs(); d > time.Minute || got.Location() != time.UTC {
			t.Errorf("Now: got %v (%v from the clock), want the time in UTC", got, d)
		}
	})
}

func TestSettingsAreSetAndReplaced(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		_, err := s.Setting(t.Context(), "a")
		want(t, "unset", err, models.ErrNotFound)
		must(t, s.SetSetting(t.Context(), "a", "1"), s.SetSetting(t.Context(), "A", "3"), s.SetSetting(t.Context(), "a", "2"))
		got, err := s.Setting(t.Context(), "a")
		must(t, err)
		if got != "2" {
			t.Errorf("got %q, want %q", got, "2")
		}
	})
}
