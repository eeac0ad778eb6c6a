package store_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestUsersAreFoundByLoginAndAddressInAnyCase(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		u := &models.User{
			Login: ptr("Erika"), Name: "Erika Müller 🙂", Role: models.RoleMember, Language: "de",
			Addresses: []string{"Erika@Example.org", "a@example.org"}, CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC),
		}
		must(t, s.CreateUser(ctx, u))
		must(t, s.AddAddress(ctx, u.ID, "Third@example.org"))
		wanted := models.User{
			ID: u.ID, Login: ptr("erika"), Name: u.Name, Role: u.Role, Language: "de",
			CreatedAt: u.CreatedAt.Truncate(time.Microsecond), Addresses: []string{"erika@example.org", "a@example.org", "third@example.org"},
		}
		for name, find := range map[string]func() (models.User, error){
			"id":      func() (models.User, error) { return s.UserByID(ctx, u.ID) },
			"login":   func() (models.User, error) { return s.UserByLogin(ctx, "ERIKA") },
			"address": func() (models.User, error) { return s.UserByAddress(ctx, "THIRD@example.org") },
			"list": func() (models.User, error) {
				l, err := s.Users(ctx, 10, 0)
				must(t, err)
				return l[0], nil
			},
			"many": func() (models.User, error) {
				l, err := s.UsersByID(ctx, []int64{u.ID, 99})
				return l[u.ID], err
			},
		} {
			got, err := find()
			must(t, err)
			if d := cmp.Diff(got, wanted); d != "" {
				t.Errorf("by %s (-got +want):\n%s", name, d)
			}
		}
		for _, address := range []string{"erika@example.org ", "érika@example.org", "", strings.Repeat("x", 2000)} {
			_, err := s.UserByAddress(ctx, address)
			want(t, "other address", err, models.ErrNotFound)
		}
		if l, err := s.Users(ctx, 10, u.ID); len(l) != 0 || err != nil {
			t.Errorf("users after the last: got %v, %v, want none", l, err)
		}
	})
}

func TestAddressAndLoginBelongToOneUser(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, u := base(t, s)
		want(t, "address", s.CreateUser(ctx, &models.User{Name: "x", Addresses: []string{"b@example.org", "MAX@example.org"}}), models.ErrConflict)
		want(t, "login", s.CreateUser(ctx, &models.User{Name: "x", Login: ptr("MAX")}), models.ErrConflict)
		_, err := s.UserByAddress(ctx, "b@example.org")
		want(t, "address of the user who was refused", err, models.ErrNotFound)
		for _, address := range []string{"c@example.org", "d@example.org"} { // Customers have no login: that is no conflict.
			must(t, s.CreateUser(ctx, &models.User{Name: "c", Role: models.RoleCustomer, Addresses: []string{address}}))
		}
		u.Login, u.Name = nil, "Max 2"
		must(t, s.UpdateUser(ctx, u))
		want(t, "missing user", s.UpdateUser(ctx, &models.User{ID: 99}), models.ErrNotFound)
		if err := s.AddAddress(ctx, u.ID, strings.Repeat("x", 400)); err == nil {
			t.Error("endless address: got no error, want one")
		}
	})
}

func TestPasswordEndsSessions(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, u := base(t, s)
		if n, err := s.CountSignIns(ctx); n != 0 || err != nil {
			t.Errorf("without password: got %d, %v sign-ins, want 0", n, err)
		}
		hash := sha256.Sum256([]byte("a"))
		x := &models.Session{TokenHash: hash[:], UserID: u.ID, Data: []byte{0, 1, 0xff}, ExpiresAt: time.Now().Add(time.Hour)}
		must(t, s.SaveSession(ctx, x))
		x.Data = []byte("more")
		must(t, s.SaveSession(ctx, x))
		got, err := s.SessionByHash(ctx, hash[:])
		must(t, err)
		if string(got.Data) != "more" || got.UserID != u.ID {
			t.Errorf("session: got %+v", got)
		}
		must(t, s.SetPasswordHash(ctx, u.ID, "$argon2id$x"))
		_, err = s.SessionByHash(ctx, hash[:])
		want(t, "after the password has changed", err, models.ErrNotFound)
		if n, err := s.CountSignIns(ctx); n != 1 || err != nil {
			t.Errorf("with password: got %d, %v sign-ins, want 1", n, err)
		}
		want(t, "missing user", s.SetPasswordHash(ctx, 99, "x"), models.ErrNotFound)
	})
}

func TestExpiredSessionsAreNotFound(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t,
			s.SaveSession(ctx, &models.Session{TokenHash: []byte("old"), ExpiresAt: time.Now().Add(-time.Second)}),
			s.SaveSession(ctx, &models.Session{TokenHash: []byte("new"), ExpiresAt: time.Now().Add(time.Hour)}))
		_, err := s.SessionByHash(ctx, []byte("old"))
		want(t, "expired", err, models.ErrNotFound)
		must(t, s.DeleteExpiredSessions(ctx))
		_, err = s.SessionByHash(ctx, []byte("new"))
		must(t, err, s.DeleteSession(ctx, []byte("new")), s.DeleteSession(ctx, []byte("new")), s.DeleteSessionsOf(ctx, 0))
		_, err = s.SessionByHash(ctx, []byte("new"))
		want(t, "deleted", err, models.ErrNotFound)
	})
}

func TestTokensAreComparedOctetByOctet(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, u := base(t, s)
		hash := []byte("aB\x00\xff")
		k := &models.Token{UserID: u.ID, Name: "ci", Hash: hash}
		must(t, s.CreateToken(ctx, k))
		for _, other := range [][]byte{[]byte("ab\x00\xff"), []byte("aB"), []byte("aB\x00\xff "), {}, nil} {
			_, err := s.TokenByHash(ctx, other)
			want(t, "other hash", err, models.ErrNotFound)
		}
		must(t, s.TouchToken(ctx, k))
		got, err := s.TokenByHash(ctx, hash)
		must(t, err)
		if got.ID != k.ID || got.LastUsedAt == nil || time.Since(*got.LastUsedAt) > time.Minute {
			t.Errorf("got %+v, want it used now", got)
		}
		first := *got.LastUsedAt
		must(t, s.TouchToken(ctx, k))
		list, err := s.Tokens(ctx, u.ID)
		must(t, err)
		if len(list) != 1 || !list[0].LastUsedAt.Equal(first) {
			t.Errorf("second use within a minute: got %+v, want LastUsedAt %v", list, first)
		}
		want(t, "token of somebody else", s.DeleteToken(ctx, u.ID+1, k.ID), models.ErrNotFound)
		must(t, s.DeleteToken(ctx, u.ID, k.ID))
		_, err = s.TokenByHash(ctx, hash)
		want(t, "deleted", err, models.ErrNotFound)
	})
}

func TestMembers(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		m := models.Member{ProjectID: p.ID, UserID: u.ID, Role: models.ProjectMember}
		must(t, s.SetMember(ctx, m))
		m.Role = models.ProjectAdmin
		must(t, s.SetMember(ctx, m))
		of, err1 := s.Members(ctx, p.ID)
		in, err2 := s.MembershipsOf(ctx, u.ID)
		must(t, err1, err2)
		for _, got := range [][]models.Member{of, in} {
			if d := cmp.Diff(got, []models.Member{m}); d != "" {
				t.Errorf("members (-got +want):\n%s", d)
			}
		}
		must(t, s.RemoveMember(ctx, p.ID, u.ID))
		want(t, "removed", s.RemoveMember(ctx, p.ID, u.ID), models.ErrNotFound)
	})
}

func TestProjects(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, _ := base(t, s)
		want(t, "same key", s.CreateProject(ctx, &models.Project{Key: "SUP"}), models.ErrConflict)
		p.Name, p.ArchivedAt = "Hilfe", ptr(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		must(t, s.UpdateProject(ctx, p))
		byKey, err1 := s.ProjectByKey(ctx, "SUP")
		byID, err2 := s.ProjectByID(ctx, p.ID)
		must(t, err1, err2)
		p.CreatedAt = byID.CreatedAt
		for _, got := range []models.Project{byKey, byID} {
			if d := cmp.Diff(got, *p); d != "" {
				t.Errorf("project (-got +want):\n%s", d)
			}
		}
		_, err := s.ProjectByKey(ctx, "sup")
		want(t, "other key", err, models.ErrNotFound)
	})
}

func TestUsersAreFoundByAnyOfTheirAddresses(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		anna := models.User{Name: "Anna", Role: models.RoleMember, Addresses: []string{"z@there.example", "anna@there.example", "a@there.example"}}
		bert := models.User{Name: "Bert", Role: models.RoleCustomer, Addresses: []string{"bert@there.example"}}
		none := models.User{Name: "Nobody asks", Role: models.RoleCustomer, Addresses: []string{"c@there.example"}}
		must(t, s.CreateUser(t.Context(), &anna), s.CreateUser(t.Context(), &bert), s.CreateUser(t.Context(), &none))
		got, err := s.UsersByAddress(t.Context(), []string{"Anna@There.example", "a@there.example", "bert@there.example", "stranger@there.example"})
		must(t, err)
		if len(got) != 3 || got["anna@there.example"].ID != anna.ID || got["a@there.example"].ID != anna.ID || got["bert@there.example"].ID != bert.ID {
			t.Errorf("got %v, want Anna twice and Bert", got)
		}
		if diff := cmp.Diff(anna.Addresses, got["a@there.example"].Addresses); diff != "" {
			t.Errorf("addresses of Anna, in their order:\n%s", diff)
		}
		if u := got["bert@there.example"]; u.Name != "Bert" || u.Role != models.RoleCustomer || u.CreatedAt.IsZero() {
			t.Errorf("Bert comes back as %+v", u)
		}
		if got, err := s.UsersByAddress(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of no address: %v, %v", got, err)
		}
	})
}
