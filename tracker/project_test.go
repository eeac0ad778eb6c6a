package tracker_test

import (
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestNewIssuesGoToTheUsualAssignee(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		set := func(login string) error {
			_, err := w.UpdateProject(t.Context(), &w.boss, w.sup.ID, tracker.ProjectDraft{Key: "SUP", Name: "Support", Assignee: &login})
			return err
		}
		if got, want := codes(t, set("stranger")), "assignee E-MEMBER-01"; got != want {
			t.Errorf("somebody of another project: %s, want %s", got, want)
		}
		if err := set("member"); err != nil {
			t.Fatal(err)
		}
		mail := func() *int64 {
			i, err := w.CreateIssue(t.Context(), models.NewIssue{ProjectID: w.sup.ID, Title: "By mail", ReporterID: w.customer.ID, Tell: models.TellAll})
			if err != nil {
				t.Fatal(err)
			}
			return i.AssigneeID
		}
		if got := mail(); got == nil || *got != w.member.ID {
			t.Errorf("a mail goes to %v, want the member", got)
		}
		if notices, _, err := w.Notices(t.Context(), &w.member, true, 0, ""); err != nil || len(notices) != 1 || notices[0].Reason != "assigned" {
			t.Errorf("the member is told %+v (%v), want that it has the issue", notices, err)
		}
		for _, tc := range []struct {
			d    tracker.IssueDraft
			want int64
		}{
			{tracker.IssueDraft{}, w.member.ID}, {tracker.IssueDraft{Assignee: "boss"}, w.boss.ID}, {tracker.IssueDraft{Priority: "high"}, w.member.ID},
		} {
			tc.d.ProjectKey, tc.d.Title = "SUP", "x"
			i, err := w.OpenIssue(t.Context(), &w.boss, tc.d)
			if err != nil || i.AssigneeID == nil || *i.AssigneeID != tc.want {
				t.Errorf("%+v goes to %v (%v), want %d", tc.d, i.AssigneeID, err, tc.want)
			}
		}
		if err := w.RemoveMember(t.Context(), &w.boss, w.sup.ID, w.member.ID); err != nil {
			t.Fatal(err)
		}
		if got := mail(); got != nil {
			t.Errorf("a mail goes to %d, who works there no more", *got)
		}
	})
}

func TestArchivedProjectTakesNothingNew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.open(t, &w.member, "Old")
		archive := func(yes bool) error {
			_, err := w.UpdateProject(t.Context(), &w.boss, w.sup.ID, tracker.ProjectDraft{Key: "SUP", Name: "Support", Archived: &yes})
			return err
		}
		in := models.Inbox{Name: "Support", ProjectID: w.sup.ID, Enabled: true, Settings: models.DefaultInboxSettings()}
		if err := w.store.CreateInbox(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
		if got, want := codes(t, archive(true)), "archived E-PROJECT-05"; got != want {
			t.Errorf("with an inbox that puts mail there: %s, want %s", got, want)
		}
		in.Enabled = false
		if err := w.store.UpdateInbox(t.Context(), &in, in.Version); err != nil {
			t.Fatal(err)
		}
		if err := archive(true); err != nil {
			t.Fatal(err)
		}
		_, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "New"})
		if got, want := codes(t, err), "project E-PROJECT-06"; got != want {
			t.Errorf("a new issue: %s, want %s", got, want)
		}
		w.join(t, w.dev, "member", models.ProjectMember)
		other, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "DEV", Title: "Elsewhere"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.UpdateIssue(t.Context(), &w.member, other.Number, 0, tracker.IssuePatch{ProjectKey: ptr("SUP")})
		if got, want := codes(t, err), "project E-PROJECT-06"; got != want {
			t.Errorf("an issue that moves there: %s, want %s", got, want)
		}
		if _, err := w.Comment(t.Context(), &w.member, old.Number, tracker.CommentDraft{Body: "Still here."}); err != nil {
			t.Errorf("a comment on an old issue: %v", err)
		}
		if _, err := w.UpdateIssue(t.Context(), &w.member, old.Number, 0, tracker.IssuePatch{ProjectKey: ptr("SUP"), State: ptr(models.IssueClosed)}); err != nil {
			t.Errorf("an old issue is closed: %v", err)
		}
		if err := archive(false); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "New"}); err != nil {
			t.Errorf("a new issue after it was opened again: %v", err)
		}
	})
}

func TestAnswerTemplatesBelongToTheirProject(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		add := func(by *models.User, name, text string) (models.AnswerTemplate, error) {
			return w.AddAnswerTemplate(t.Context(), by, models.AnswerTemplate{ProjectID: w.sup.ID, Name: name, Body: text})
		}
		_, err := add(&w.boss, " ", " ")
		if got, want := codes(t, err), "template_name E-TEMPLATE-01, template_body E-TEMPLATE-02"; got != want {
			t.Errorf("empty: %s, want %s", got, want)
		}
		if _, err := add(&w.member, "Hello", "Dear customer,"); verdict(err) != "no" {
			t.Errorf("added by a member: %s, want no", verdict(err))
		}
		one, err := add(&w.boss, "Hello", "Dear customer,")
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.AnswerTemplates(t.Context(), &w.member, w.sup.ID)
		if err != nil || len(list) != 1 || list[0].Body != "Dear customer," {
			t.Errorf("templates = %+v, %v", list, err)
		}
		if _, err := w.AnswerTemplates(t.Context(), &w.stranger, w.sup.ID); verdict(err) != "hidden" {
			t.Errorf("seen by a stranger: %s, want hidden", verdict(err))
		}
		if err := w.DeleteAnswerTemplate(t.Context(), &w.admin, w.dev.ID, one.ID); verdict(err) != "hidden" {
			t.Errorf("deleted by way of another project: %s, want hidden", verdict(err))
		}
		if err := w.DeleteAnswerTemplate(t.Context(), &w.boss, w.sup.ID, one.ID); err != nil {
			t.Error(err)
		}
	})
}
