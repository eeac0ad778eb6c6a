package tracker_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
	"letterbox/tracker"
)

// Who has written mail before and is a colleague now is one person: number, issues and addresses stay.
func TestInvitedContactBecomesTheColleague(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		work, one := w.reported(t, "Anna at work", "anna@firm.example", "Roof")
		home, _ := w.reported(t, "Anna at home", "anna@home.example", "Door")
		if err := w.MergeContacts(t.Context(), &w.admin, home.ID, work.ID); err != nil {
			t.Fatal(err)
		}
		made, err := w.Invite(t.Context(), &w.admin, tracker.InvitationDraft{
			Address: "Anna@Home.example", Role: models.RoleMember, Projects: []models.Member{{ProjectID: w.sup.ID, Role: models.ProjectMember}},
		})
		if err != nil {
			t.Fatal(err)
		}
		u := made.User
		if u.ID != work.ID || !made.Contact || u.Role != models.RoleMember || u.Name != "Anna at work" || *u.Login != "anna" {
			t.Fatalf("Invite = %+v of a contact %t, want the contact %d as member anna with its name", u, made.Contact, work.ID)
		}
		if u, err = w.ChoosePassword(t.Context(), made.Token, chosen, "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
		if u, err = w.SignIn(t.Context(), "anna", chosen, "192.0.2.9"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"anna@home.example", "anna@firm.example"}, u.Addresses); d != "" {
			t.Errorf("addresses, the invited one first (-want +got):\n%s", d)
		}
		if v, err := w.Issue(t.Context(), &u, one.Number); err != nil || v.Reporter.ID != u.ID {
			t.Errorf("the issue of before is of %d (%v), want %d", v.Reporter.ID, err, u.ID)
		}
		if list, _, err := w.Contacts(t.Context(), &w.admin, tracker.ContactFilter{Text: "anna"}); err != nil || len(list) != 0 {
			t.Errorf("contacts = %q (%v), want Anna to be none any more", names(list), err)
		}
	})
}

func TestNewUserTakesOverTheContactWithItsAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, _ := w.reported(t, "anna", "anna@firm.example", "Roof")
		ben, _ := w.reported(t, "Ben", "ben@firm.example", "Door")
		draft := tracker.UserDraft{Login: "anna", Name: "Anna A.", Addresses: []string{"new@firm.example", "anna@firm.example"}, Role: models.RoleMember, Password: password}
		u, err := w.CreateUser(t.Context(), &w.admin, draft)
		if err != nil || u.ID != anna.ID || u.Name != "Anna A." {
			t.Fatalf("CreateUser = %+v, %v, want the contact %d under its new name", u, err, anna.ID)
		}
		if u, err = w.SignIn(t.Context(), "anna", password, "192.0.2.9"); err != nil || strings.Join(u.Addresses, " ") != "new@firm.example anna@firm.example" {
			t.Errorf("SignIn = %v, %v, want both addresses", u.Addresses, err)
		}
		carl, _ := w.reported(t, "Carl", "carl@firm.example", "Wall")
		gone, _ := w.reported(t, "Dora", "dora@firm.example", "Floor")
		if _, err := w.DisableUser(t.Context(), &w.admin, gone.ID, true); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			what string
			role models.Role
			of   []string
			want string
		}{
			{"a colleague", models.RoleMember, []string{"anna@firm.example"}, "addresses E-USER-04"},
			{"a contact that is to be a contact", models.RoleCustomer, []string{"ben@firm.example"}, "addresses E-USER-04"},
			{"two contacts", models.RoleMember, []string{"ben@firm.example", "carl@firm.example"}, "addresses E-USER-17"},
			{"a contact that is shut out", models.RoleMember, []string{"dora@firm.example"}, "addresses E-USER-16"},
		} {
			d := tracker.UserDraft{Name: "X", Addresses: tc.of, Role: tc.role}
			if tc.role != models.RoleCustomer {
				d.Login = "x"
			}
			if _, err := w.CreateUser(t.Context(), &w.admin, d); codes(t, err) != tc.want {
				t.Errorf("the address of %s: %v, want %s", tc.what, err, tc.want)
			}
		}
		if err := w.AddAddress(t.Context(), &w.admin, w.member.ID, "carl@firm.example"); codes(t, err) != "address E-USER-15" {
			t.Errorf("the address of a contact as one more: %v, want how it becomes a colleague", err)
		}
		if _, err := w.SetRole(t.Context(), &w.admin, carl.ID, models.RoleMember); codes(t, err) != "role E-USER-15" {
			t.Errorf("a contact as member: %v, want how it becomes a colleague", err)
		}
		if c, err := w.Contact(t.Context(), &w.admin, ben.ID); err != nil || c.Role != models.RoleCustomer {
			t.Errorf("Ben = %+v, %v, want the contact of before", c, err)
		}
	})
}
