package tracker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// verdict names an error of the kind that rights make.
func verdict(err error) string {
	switch {
	case err == nil:
		return "yes"
	case errors.Is(err, models.ErrNotFound):
		return "hidden"
	case errors.Is(err, models.ErrForbidden):
		return "no"
	}
	if list, ok := errors.AsType[models.InvalidList](err); ok {
		return list[0].Code
	}
	return err.Error()
}

func TestRightsByRole(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	issue := w.open(t, &w.member, "Printer")
	gone := w.person(t, "gone", models.RoleAdmin)
	at := time.Now()
	gone.DisabledAt = &at
	who := []struct {
		name string
		u    *models.User
	}{
		{"admin", &w.admin}, {"boss", &w.boss}, {"member", &w.member}, {"stranger", &w.stranger},
		{"customer", &w.customer}, {"disabled admin", &gone}, {"nobody", nil},
	}
	title := "Changed"
	for _, tc := range []struct {
		do   string
		act  func(by *models.User) error
		want [7]string // In the order of who.
	}{
		{"see a project", func(by *models.User) error { _, err := w.Project(t.Context(), by, w.sup.ID); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"see a project by key", func(by *models.User) error { _, err := w.ProjectByKey(t.Context(), by, "sup"); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"see members", func(by *models.User) error { _, err := w.Members(t.Context(), by, w.sup.ID); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"change a project", func(by *models.User) error {
			_, err := w.UpdateProject(t.Context(), by, w.sup.ID, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
			return err
		}, [7]string{"yes", "yes", "no", "hidden", "hidden", "hidden", "hidden"}},
		{"set a member", func(by *models.User) error {
			return w.SetMember(t.Context(), by, w.sup.ID, "member", models.ProjectMember)
		}, [7]string{"yes", "yes", "no", "hidden", "hidden", "hidden", "hidden"}},
		{"remove a member", func(by *models.User) error { return w.RemoveMember(t.Context(), by, w.sup.ID, 999) },
			[7]string{"yes", "yes", "no", "hidden", "hidden", "hidden", "hidden"}},
		{"see an issue", func(by *models.User) error { _, err := w.Issue(t.Context(), by, issue.Number); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"see an issue with its thread", func(by *models.User) error { _, err := w.ShowIssue(t.Context(), by, issue.Number); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"list issues of a project", func(by *models.User) error {
			_, err := w.Issues(t.Context(), by, tracker.IssueFilter{ProjectKey: "SUP"})
			return err
		}, [7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"open an issue", func(by *models.User) error {
			_, err := w.OpenIssue(t.Context(), by, tracker.IssueDraft{ProjectKey: "SUP", Title: "x"})
			return err
		}, [7]string{"yes", "yes", "yes", "E-PROJECT-04", "E-PROJECT-04", "E-PROJECT-04", "no"}},
		{"change an issue", func(by *models.User) error {
			_, err := w.UpdateIssue(t.Context(), by, issue.Number, 0, tracker.IssuePatch{Title: &title})
			return err
		}, [7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"comment", func(by *models.User) error {
			_, err := w.Comment(t.Context(), by, issue.Number, tracker.CommentDraft{Body: "x"})
			return err
		}, [7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"see attachments", func(by *models.User) error { _, err := w.Attachments(t.Context(), by, issue.Number); return err },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"watch", func(by *models.User) error { return w.Watch(t.Context(), by, issue.Number) },
			[7]string{"yes", "yes", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"add a project", func(by *models.User) error {
			_, err := w.CreateProject(t.Context(), by, tracker.ProjectDraft{Key: "P" + fmt.Sprint(len(w.topics)), Name: "x"})
			return err
		}, [7]string{"yes", "no", "no", "no", "no", "no", "no"}},
		{"list users", func(by *models.User) error { _, err := w.Users(t.Context(), by, 0, 0); return err },
			[7]string{"yes", "no", "no", "no", "no", "no", "no"}},
		{"see a user", func(by *models.User) error { _, err := w.User(t.Context(), by, w.member.ID); return err },
			[7]string{"yes", "hidden", "yes", "hidden", "hidden", "hidden", "hidden"}},
		{"add a user", func(by *models.User) error {
			_, err := w.CreateUser(t.Context(), by, tracker.UserDraft{
				Role: models.RoleCustomer, Addresses: []string{fmt.Sprint("n", len(w.topics), "@example.org")},
			})
			return err
		}, [7]string{"yes", "no", "no", "no", "no", "no", "no"}},
		{"give a role", func(by *models.User) error {
			_, err := w.SetRole(t.Context(), by, w.stranger.ID, models.RoleMember)
			return err
		}, [7]string{"yes", "no", "no", "no", "no", "no", "no"}},
		{"make a token for somebody", func(by *models.User) error {
			_, _, err := w.CreateToken(t.Context(), by, w.boss.ID, "x")
			return err
		}, [7]string{"yes", "yes", "hidden", "hidden", "hidden", "hidden", "hidden"}},
	} {
		for i, p := range who {
			t.Run(tc.do+" as "+p.name, func(t *testing.T) {
				if got := verdict(tc.act(p.u)); got != tc.want[i] {
					t.Errorf("%s as %s = %s, want %s", tc.do, p.name, got, tc.want[i])
				}
			})
		}
	}
}

func TestInboxesAreSeenByThoseWhoConfigureThem(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	own := models.Inbox{ProjectID: w.sup.ID}
	global := models.Inbox{ProjectID: w.sup.ID, Global: true}
	for _, tc := range []struct {
		name              string
		u                 *models.User
		own, global, some bool
	}{
		{"admin", &w.admin, true, true, true}, {"project admin", &w.boss, true, false, true}, {"member", &w.member, false, false, false},
		{"member of another project", &w.stranger, false, false, false}, {"customer", &w.customer, false, false, false}, {"nobody", nil, false, false, false},
	} {
		a, err := w.Access(t.Context(), tc.u)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.SeesInbox(own); got != tc.own {
			t.Errorf("%s sees the inbox of the project = %v, want %v", tc.name, got, tc.own)
		}
		if got := a.SeesInbox(global); got != tc.global {
			t.Errorf("%s sees the global inbox = %v, want %v", tc.name, got, tc.global)
		}
		if got := a.ConfiguresAny(); got != tc.some {
			t.Errorf("%s configures some project = %v, want %v", tc.name, got, tc.some)
		}
	}
}

func TestListsHoldWhatIsSeen(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	w.open(t, &w.member, "Seen in SUP")
	for _, tc := range []struct {
		name             string
		u                *models.User
		projects, issues int
	}{{"admin", &w.admin, 2, 1}, {"member", &w.member, 1, 1}, {"stranger", &w.stranger, 1, 0}, {"customer", &w.customer, 0, 0}} {
		projects, err := w.Projects(t.Context(), tc.u)
		if err != nil {
			t.Fatal(err)
		}
		page, err := w.Issues(t.Context(), tc.u, tracker.IssueFilter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(projects) != tc.projects || len(page.Items) != tc.issues {
			t.Errorf("%s sees %d projects and %d issues, want %d and %d", tc.name, len(projects), len(page.Items), tc.projects, tc.issues)
		}
	}
}
