package tracker_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
	"letterbox/tracker"
)

// reported makes a contact with an issue of SUP.
func (w *world) reported(t *testing.T, name, address, title string) (models.User, tracker.IssueRow) {
	t.Helper()
	i, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{
		ProjectKey: "SUP", Title: title, Description: "My number is 0170 zebra.", Reporter: address, Name: name,
		Files: []tracker.Upload{{Name: "passport.txt", Content: strings.NewReader("P<UTO")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return i.Reporter, i
}

func names(list []tracker.Contact) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

func TestContactsAreSeenByThoseWhoWorkOnTheirIssues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, _ := w.reported(t, "Anna", "anna@firm.example", "Roof")
		w.reported(t, "Ben", "ben@sub.firm.example", "Door")
		w.person(t, "rita", models.RoleMember)
		w.join(t, w.sup, "rita", models.ProjectReporter)
		rita, err := w.UserByLogin(t.Context(), &w.admin, "rita")
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			by   *models.User
			text string
			want string
		}{
			{&w.admin, "", "Ben, Anna, CUSTOMER"}, {&w.member, "", "Ben, Anna"}, {&w.stranger, "", ""}, {&w.member, "ANN", "Anna"},
			{&w.member, "@firm.example", "Anna"}, {&w.member, "firm", "Ben, Anna"}, {&w.member, "%", ""},
		} {
			list, _, err := w.Contacts(t.Context(), tc.by, tracker.ContactFilter{Text: tc.text})
			if got := names(list); err != nil || got != tc.want {
				t.Errorf("%s looking for %q sees %q (%v), want %q", tc.by.Name, tc.text, got, err, tc.want)
			}
		}
		_, _, err = w.Contacts(t.Context(), &rita, tracker.ContactFilter{})
		if got, want := verdict(err), "no"; got != want {
			t.Errorf("a reporter: %s, want %s", got, want)
		}
		for who, want := range map[*models.User]string{&w.admin: "yes", &w.member: "yes", &w.stranger: "hidden", &rita: "no"} {
			if _, err := w.Contact(t.Context(), who, anna.ID); verdict(err) != want {
				t.Errorf("%s sees Anna: %s, want %s", who.Name, verdict(err), want)
			}
		}
		v, err := w.Contact(t.Context(), &w.member, anna.ID)
		if err != nil || v.Open != 1 || v.Done != 0 || len(v.Issues) != 1 {
			t.Errorf("Anna has %d open, %d done, %d shown (%v), want 1, 0, 1", v.Open, v.Done, len(v.Issues), err)
		}
		first, next, err := w.Contacts(t.Context(), &w.admin, tracker.ContactFilter{Limit: 2})
		if err != nil || names(first) != "Ben, Anna" {
			t.Fatalf("first page = %q (%v)", names(first), err)
		}
		if rest, _, err := w.Contacts(t.Context(), &w.admin, tracker.ContactFilter{Limit: 2, Cursor: next}); err != nil || names(rest) != "CUSTOMER" {
			t.Errorf("second page = %q (%v), want CUSTOMER", names(rest), err)
		}
	})
}

func TestOrganisationsAreAddressesAndDomains(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, _ := w.reported(t, "Anna", "anna@firm.example", "Roof")
		w.reported(t, "Ben", "ben@firm.example", "Door")
		w.reported(t, "Carl", "carl@xfirm.example", "Wall")
		firm, err := w.SaveOrganisation(t.Context(), &w.admin, models.Organisation{Name: "Firm", Entries: []string{"FIRM.example", "", "@firm.example"}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"@firm.example"}, firm.Entries); d != "" {
			t.Errorf("entries (-want +got):\n%s", d)
		}
		board, err := w.SaveOrganisation(t.Context(), &w.admin, models.Organisation{Name: "Board", Entries: []string{"Anna@firm.example"}})
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := w.Contacts(t.Context(), &w.member, tracker.ContactFilter{Organisation: firm.ID})
		if err != nil || names(list) != "Ben, Anna" {
			t.Errorf("contacts of the firm = %q (%v), want Ben, Anna", names(list), err)
		}
		if v, err := w.Contact(t.Context(), &w.member, anna.ID); err != nil || v.Organisation == nil || v.Organisation.Name != "Board" {
			t.Errorf("Anna belongs to %v (%v), want the board: her address counts before the domain", v.Organisation, err)
		}
		for _, tc := range []struct {
			o    models.Organisation
			want string
		}{
			{models.Organisation{Name: " "}, "name E-ORG-01"},
			{models.Organisation{Name: "X", Entries: []string{"no domain", "localhost"}}, "entries E-ORG-02, entries E-ORG-02"},
			{models.Organisation{Name: "X", Entries: []string{"firm.example"}}, "entries E-ORG-03"},
		} {
			_, err := w.SaveOrganisation(t.Context(), &w.admin, tc.o)
			if got := codes(t, err); got != tc.want {
				t.Errorf("%+v: %s, want %s", tc.o, got, tc.want)
			}
		}
		board.Entries = []string{"@board.example"}
		if board, err = w.SaveOrganisation(t.Context(), &w.admin, board); err != nil || board.Entries[0] != "@board.example" {
			t.Errorf("changed = %+v, %v", board, err)
		}
		if _, err := w.SaveOrganisation(t.Context(), &w.boss, board); verdict(err) != "no" {
			t.Errorf("changed by a project admin: %s, want no", verdict(err))
		}
		if err := w.DeleteOrganisation(t.Context(), &w.admin, board.ID); err != nil {
			t.Fatal(err)
		}
		if all, err := w.Organisations(t.Context(), &w.member); err != nil || len(all) != 1 {
			t.Errorf("%d organisations (%v), want 1", len(all), err)
		}
	})
}

func TestMergedContactsAreOnePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		work, one := w.reported(t, "Anna at work", "anna@firm.example", "Roof")
		home, two := w.reported(t, "Anna at home", "anna@home.example", "Door")
		if _, err := w.AddComment(t.Context(), models.NewComment{IssueNumber: one.Number, AuthorID: home.ID, Body: "From home."}); err != nil {
			t.Fatal(err)
		}
		if got, want := verdict(w.MergeContacts(t.Context(), &w.boss, home.ID, work.ID)), "no"; got != want {
			t.Errorf("by a project admin: %s, want %s", got, want)
		}
		if got, want := codes(t, w.MergeContacts(t.Context(), &w.admin, home.ID, w.member.ID)), "into E-CONTACT-01"; got != want {
			t.Errorf("into a user: %s, want %s", got, want)
		}
		if err := w.MergeContacts(t.Context(), &w.admin, home.ID, work.ID); err != nil {
			t.Fatal(err)
		}
		v, err := w.Contact(t.Context(), &w.admin, work.ID)
		if err != nil || v.Open != 2 {
			t.Fatalf("merged contact has %d issues (%v), want 2", v.Open, err)
		}
		if d := cmp.Diff([]string{"anna@firm.example", "anna@home.example"}, v.Addresses); d != "" {
			t.Errorf("addresses (-want +got):\n%s", d)
		}
		if _, err := w.Contact(t.Context(), &w.admin, home.ID); verdict(err) != "hidden" {
			t.Errorf("the other one is still there: %v", err)
		}
		if i, err := w.ShowIssue(t.Context(), &w.member, two.Number); err != nil || i.Reporter.ID != work.ID {
			t.Errorf("issue of the other one is reported by %d (%v), want %d", i.Reporter.ID, err, work.ID)
		}
		if c, err := w.Comments(t.Context(), &w.member, one.Number); err != nil || c[0].AuthorID != work.ID {
			t.Errorf("comment of the other one: %v", err)
		}
		if u, err := w.EnsureCustomer(t.Context(), "", "anna@home.example"); err != nil || u.ID != work.ID {
			t.Errorf("mail from the other address is from %d (%v), want %d", u.ID, err, work.ID)
		}
	})
}

func TestExportHoldsAllOfAContact(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, i := w.reported(t, "Anna", "anna@firm.example", "Roof")
		w.reported(t, "Ben", "ben@firm.example", "Secret of Ben")
		if _, err := w.AddComment(t.Context(), models.NewComment{IssueNumber: i.Number, AuthorID: anna.ID, Body: "It drips."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Comment(t.Context(), &w.member, i.Number, tracker.CommentDraft{Body: "Difficult person.", Internal: true}); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := w.ExportContact(t.Context(), &w.boss, anna.ID, &out); verdict(err) != "no" || out.Len() != 0 {
			t.Errorf("by a project admin: %v, %d octets", err, out.Len())
		}
		if err := w.ExportContact(t.Context(), &w.admin, anna.ID, &out); err != nil {
			t.Fatal(err)
		}
		archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range archive.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if name, _, ok := strings.Cut(f.Name, "/"); ok {
				files[name] = string(raw)
			} else {
				files[f.Name] = string(raw)
			}
		}
		if got, want := files["files"], "P<UTO"; got != want {
			t.Errorf("file = %q, want %q", got, want)
		}
		var data map[string]any
		if err := json.Unmarshal([]byte(files["contact.json"]), &data); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{"anna@firm.example": true, "Roof": true, "It drips.": true, "Ben": false, "Difficult": false} {
			if got := strings.Contains(files["contact.json"], text); got != want {
				t.Errorf("%q stands in the export = %t, want %t", text, got, want)
			}
		}
	})
}

// What the law asks for: nothing of the person is left that we can find, and the counts stay.
func TestErasedContactLeavesNumbersOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, i := w.reported(t, "Anna Zebra", "anna@firm.example", "Roof of the zebra")
		if _, err := w.AddComment(t.Context(), models.NewComment{IssueNumber: i.Number, AuthorID: anna.ID, Body: "Call the zebra.", Participants: []string{"anna@firm.example"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Comment(t.Context(), &w.member, i.Number, tracker.CommentDraft{Body: "We have called."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.EraseContact(t.Context(), &w.boss, anna.ID, true); verdict(err) != "no" {
			t.Errorf("by a project admin: %s, want no", verdict(err))
		}
		got, err := w.EraseContact(t.Context(), &w.admin, anna.ID, true)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(models.Erasure{Addresses: 1, Issues: 1, Comments: 1, Attachments: 1}, got); d != "" {
			t.Errorf("report (-want +got):\n%s", d)
		}
		v, err := w.ShowIssue(t.Context(), &w.member, i.Number)
		if err != nil {
			t.Fatal(err)
		}
		if v.Title != "" || v.Description != "" || v.Reporter.Name != "" || len(v.Reporter.Addresses) != 0 || len(v.Attachments) != 0 {
			t.Errorf("issue = %q, %q by %q %v", v.Title, v.Description, v.Reporter.Name, v.Reporter.Addresses)
		}
		if len(v.Comments) != 2 || v.Comments[0].Body != "" || v.Comments[1].Body != "We have called." {
			t.Errorf("comments = %+v, want an empty one and the answer", v.Comments)
		}
		for _, query := range []string{"zebra", "passport", "from:anna@firm.example"} {
			if page, err := w.Issues(t.Context(), &w.admin, tracker.IssueFilter{Query: query}); err != nil || len(page.Items) != 0 {
				t.Errorf("%q is still found (%d, %v)", query, len(page.Items), err)
			}
		}
		if list, err := w.store.Participants(t.Context(), i.Number); err != nil || len(list) != 0 {
			t.Errorf("participants = %v (%v), want none", list, err)
		}
		if again, err := w.EnsureCustomer(t.Context(), "Anna", "anna@firm.example"); err != nil || again.ID == anna.ID {
			t.Errorf("new mail from the address is from %d (%v), want somebody new", again.ID, err)
		}
		if _, err := w.EraseContact(t.Context(), &w.admin, anna.ID, true); verdict(err) != "hidden" {
			t.Errorf("again: %s, want hidden", verdict(err))
		}
	})
}

func TestErasedContactMayLeaveItsTexts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, i := w.reported(t, "Anna", "anna@firm.example", "Roof")
		if _, err := w.EraseContact(t.Context(), &w.admin, anna.ID, false); err != nil {
			t.Fatal(err)
		}
		v, err := w.ShowIssue(t.Context(), &w.member, i.Number)
		if err != nil || v.Title != "Roof" || len(v.Attachments) != 1 || v.Reporter.Name != "" {
			t.Errorf("issue = %q by %q with %d files (%v), want the text without the person", v.Title, v.Reporter.Name, len(v.Attachments), err)
		}
	})
}
