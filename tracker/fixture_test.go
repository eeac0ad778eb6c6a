package tracker_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const password = "a long enough one"

// world is a tracker with two projects and one person of every kind.
type world struct {
	*tracker.Service
	store                                   *store.Store
	admin, boss, member, stranger, customer models.User
	sup, dev                                models.Project // boss is admin and member is member of SUP; stranger is member of DEV.
	mu                                      sync.Mutex
	topics                                  []string
}

func (w *world) told(topic string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.topics = append(w.topics, topic)
}

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{store: s}
	w.Service = tracker.New(tracker.Deps{Store: s, Changed: w.told})
	w.admin = w.person(t, "admin", models.RoleAdmin)
	w.boss = w.person(t, "boss", models.RoleMember)
	w.member = w.person(t, "member", models.RoleMember)
	w.stranger = w.person(t, "stranger", models.RoleMember)
	w.customer = w.person(t, "", models.RoleCustomer)
	w.sup = w.project(t, "SUP")
	w.dev = w.project(t, "DEV")
	w.join(t, w.sup, "boss", models.ProjectAdmin)
	w.join(t, w.sup, "member", models.ProjectMember)
	w.join(t, w.dev, "stranger", models.ProjectMember)
	return w
}

func (w *world) person(t *testing.T, login string, role models.Role) models.User {
	t.Helper()
	name := login
	if name == "" {
		name = "customer"
	}
	u, err := w.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{
		Login: login, Name: strings.ToUpper(name), Addresses: []string{name + "@example.org"}, Role: role,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) project(t *testing.T, key string) models.Project {
	t.Helper()
	p, err := w.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: key, Name: "Project " + key})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) join(t *testing.T, p models.Project, login string, role models.ProjectRole) {
	t.Helper()
	if err := w.SetMember(t.Context(), tracker.CommandLine(), p.ID, login, role); err != nil {
		t.Fatal(err)
	}
}

func (w *world) open(t *testing.T, by *models.User, title string) tracker.IssueRow {
	t.Helper()
	i, err := w.OpenIssue(t.Context(), by, tracker.IssueDraft{ProjectKey: "SUP", Title: title, Description: "It does not work."})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// each runs a test against a world on each database.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) { run(t, newWorld(t, s)) })
}

// codes returns the codes of an input that was refused.
func codes(t *testing.T, err error) string {
	t.Helper()
	list, ok := errors.AsType[models.InvalidList](err)
	if !ok {
		t.Fatalf("error = %v, want a models.InvalidList", err)
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, e.Field+" "+e.Code)
	}
	return strings.Join(out, ", ")
}
