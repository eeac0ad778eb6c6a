package gateway_test

import (
	"slices"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// planMail is a mail with a text and two files.
func planMail(id, subject string) string {
	return "From: " + centre + "\nTo: support@here.example\nSubject: " + subject + "\nMessage-ID: <" + id + "@there.example>\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlease see the plan.\n" +
		"--b\nContent-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\n\n%PDF-1.4 " + id + "\n" +
		"--b\nContent-Type: text/csv; name=people.csv\nContent-Disposition: attachment; filename=people.csv\n\na;b\n--b--\n"
}

// files are the names of the files of an issue, and how many of its comments are internal.
func (d *den) files(number int64) (names []string, notes int) {
	d.t.Helper()
	files, err := d.store.Attachments(d.t.Context(), number)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name)
	}
	comments, err := d.store.Comments(d.t.Context(), number)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range comments {
		if c.Internal {
			notes++
		}
	}
	return names, notes
}

func TestFilesGoToTheActiveCase(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		only := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.AttachToActive = "attach_only" })
		both := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Name, dr.Address, dr.Rules.AttachToActive = "Second", "second@here.example", "attach_and_issue"
			dr.Settings.Username = "second"
		})
		before := d.receive(g, only.ID, planMail("1", "None is active"))
		if before.State != models.MessageCreated || !slices.Contains(d.trace(before.ID), "match.no_active_case") {
			t.Errorf("without an active case: %s %v, want a new issue and a remark", before.State, d.trace(before.ID))
		}
		scene := *d.receive(g, only.ID, mail("2", anna, "Flood", "Water rises")).IssueNumber
		if _, err := d.tracker.SetActiveCase(t.Context(), tracker.CommandLine(), scene, true); err != nil {
			t.Fatal(err)
		}
		for range 2 { // The same again is a duplicate, as ever.
			m := d.receive(g, only.ID, planMail("3", "Plan"))
			if m.State != models.MessageCommented || *m.IssueNumber != scene || m.CommentID == nil {
				t.Fatalf("a mail with files is %s on %v, want a comment on the active case", m.State, m.IssueNumber)
			}
		}
		plain := d.receive(g, only.ID, mail("4", anna, "Something else", "No files"))
		if plain.State != models.MessageCreated {
			t.Errorf("a mail without files is %s, want created", plain.State)
		}
		second := d.receive(g, both.ID, planMail("5", "Plan with an issue"))
		if second.State != models.MessageCreated || *second.IssueNumber == scene || !slices.Contains(d.trace(second.ID), "apply.active_case") {
			t.Errorf("with an issue of its own: %s %v", second.State, d.trace(second.ID))
		}
		want := []string{"plan.pdf", "people.csv", "plan.pdf", "people.csv"}
		if got, notes := d.files(scene); !slices.Equal(got, want) || notes != 2 {
			t.Errorf("the active case has %v in %d notes, want %v in 2", got, notes, want)
		}
		if got, _ := d.files(*second.IssueNumber); len(got) != 2 {
			t.Errorf("the issue of the mail has %v, want both files", got)
		}
		if yes, err := d.store.IsParticipant(t.Context(), scene, "leitstelle@there.example"); err != nil || yes {
			t.Errorf("who sent files takes part in the active case: %t (%v)", yes, err)
		}
		if got, want := d.history(scene), []string{"active:  > "}; !slices.Equal(got, want) {
			t.Errorf("history %v, want %v", got, want)
		}
		if err := setState(d, scene, models.IssueClosed); err != nil {
			t.Fatal(err)
		}
		if m := d.receive(g, only.ID, planMail("6", "Too late")); m.State != models.MessageCreated {
			t.Errorf("after the case was closed a mail is %s, want created", m.State)
		}
	})
}
