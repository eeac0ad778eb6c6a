package tracker_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

func TestMailMakesIssueAndCommentWithFilesAndPeople(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		file := w.file(t, "the octets of a picture")
		one, two := int64(1), int64(2)
		issue, err := w.CreateIssue(t.Context(), models.NewIssue{
			ProjectID: w.sup.ID, Title: "Wasser\r\nim Keller\x00", Description: "Es tropft.\r\n", ReporterID: w.customer.ID, OriginMessageID: &one,
			Attachments: []models.Attachment{file}, WatcherIDs: []int64{w.member.ID, w.member.ID}, Participants: []string{"customer@example.org", "cc@example.org"},
		})
		if err != nil {
			t.Fatal(err)
		}
		comment, err := w.AddComment(t.Context(), models.NewComment{
			IssueNumber: issue.Number, AuthorID: w.customer.ID, Body: "Jetzt mehr.", OriginMessageID: &two, Attachments: []models.Attachment{file},
		})
		if err != nil {
			t.Fatal(err)
		}
		view, err := w.ShowIssue(t.Context(), &w.member, issue.Number)
		if err != nil {
			t.Fatal(err)
		}
		if view.Title != "Wasser im Keller" || view.Description != "Es tropft.\n" || view.State != models.IssueNew {
			t.Errorf("issue = %q, %q, %s", view.Title, view.Description, view.State)
		}
		if len(view.Attachments) != 1 || len(view.Comments) != 1 || len(view.Comments[0].Attachments) != 1 {
			t.Fatalf("issue has %d files and comments %+v, want one each", len(view.Attachments), view.Comments)
		}
		if view.Comments[0].ID != comment.ID || view.Comments[0].Author.ID != w.customer.ID {
			t.Errorf("comment = %+v, want %d by %d", view.Comments[0], comment.ID, w.customer.ID)
		}
		var watchers []int64
		for _, u := range view.Watchers {
			watchers = append(watchers, u.ID)
		}
		if diff := cmp.Diff([]int64{w.member.ID, w.customer.ID}, watchers); diff != "" {
			t.Errorf("watchers (-want +got):\n%s", diff)
		}
		if yes, err := w.store.IsParticipant(t.Context(), issue.Number, "cc@example.org"); err != nil || !yes {
			t.Errorf("cc@example.org takes part = %v, %v, want true", yes, err)
		}
		_, r, err := w.OpenAttachment(t.Context(), &w.member, view.Attachments[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || string(got) != "the octets of a picture" {
			t.Errorf("octets = %q, %v", got, err)
		}
		if _, _, err := w.OpenAttachment(t.Context(), &w.stranger, view.Attachments[0].ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("OpenAttachment by a stranger = %v, want ErrNotFound", err)
		}
	})
}

func (w *world) file(t *testing.T, text string) models.Attachment {
	t.Helper()
	b := w.store.NewBlob(t.Context())
	if _, err := io.WriteString(b, text); err != nil {
		t.Fatal(err)
	}
	blob, err := b.Seal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return models.Attachment{BlobID: blob.ID, Name: "bild.png", ContentType: "image/png", Size: blob.Size, SHA256: strings.Repeat("0", 64)}
}

func TestAMessageHasItsEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := int64(1), int64(2)
		n := models.NewIssue{ProjectID: w.sup.ID, ReporterID: w.customer.ID, OriginMessageID: &one}
		issue, err := w.CreateIssue(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateIssue(t.Context(), n); !errors.Is(err, models.ErrConflict) {
			t.Errorf("second issue of a message = %v, want ErrConflict", err)
		}
		c := models.NewComment{IssueNumber: issue.Number, AuthorID: w.customer.ID, Body: "x", OriginMessageID: &two}
		if _, err := w.AddComment(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := w.AddComment(t.Context(), c); !errors.Is(err, models.ErrConflict) {
			t.Errorf("second comment of a message = %v, want ErrConflict", err)
		}
		next, err := w.CreateIssue(t.Context(), models.NewIssue{ProjectID: w.sup.ID, ReporterID: w.customer.ID})
		if err != nil || next.Number != issue.Number+1 {
			t.Errorf("next issue = #%d, %v, want #%d: a refused one takes no number", next.Number, err, issue.Number+1)
		}
	})
}

func TestMailJoinsTheTransactionOfItsCaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		undo := errors.New("undo")
		w.topics = nil
		var number int64
		err := w.store.WithTx(t.Context(), func(ctx context.Context) error {
			u, err := w.EnsureCustomer(ctx, "Nora", "nora@example.org")
			if err != nil {
				return err
			}
			issue, err := w.CreateIssue(ctx, models.NewIssue{ProjectID: w.sup.ID, ReporterID: u.ID})
			if err != nil {
				return err
			}
			number = issue.Number
			if _, err := w.AddComment(ctx, models.NewComment{IssueNumber: number, AuthorID: u.ID, Body: "x"}); err != nil {
				return err
			}
			return undo
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		if _, err := w.Issue(t.Context(), &w.admin, number); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("issue after a rollback = %v, want ErrNotFound", err)
		}
		if _, err := w.store.UserByAddress(t.Context(), "nora@example.org"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("customer after a rollback = %v, want ErrNotFound", err)
		}
		if len(w.topics) != 0 {
			t.Errorf("told %v before a commit, want nothing", w.topics)
		}
	})
}

func TestEnsureCustomerFindsOrMakesOnePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got, err := w.EnsureCustomer(t.Context(), "Somebody", "MEMBER@example.org")
		if err != nil || got.ID != w.member.ID || got.Role != models.RoleMember {
			t.Errorf("EnsureCustomer of a member = %d %s, %v, want the member", got.ID, got.Role, err)
		}
		first, err := w.EnsureCustomer(t.Context(), "Nora\r\nBcc: x", "nora@example.org")
		if err != nil || first.Name != "Nora Bcc: x" || first.Role != models.RoleCustomer || first.Login != nil || first.PasswordHash != "" {
			t.Errorf("EnsureCustomer = %+v, %v", first, err)
		}
		again, err := w.EnsureCustomer(t.Context(), "Other name", "nora@example.org")
		if err != nil || again.ID != first.ID || again.Name != first.Name {
			t.Errorf("EnsureCustomer again = %d %q, %v, want %d %q", again.ID, again.Name, err, first.ID, first.Name)
		}
		if u, err := w.EnsureCustomer(t.Context(), "", "plain@example.org"); err != nil || u.Name != "plain@example.org" {
			t.Errorf("EnsureCustomer without a name = %q, %v, want the address", u.Name, err)
		}
		for _, bad := range []string{"", "x", "a\n@b.org", "a@b\xff.org", strings.Repeat("a", 320) + "@b.org"} {
			if _, err := w.EnsureCustomer(t.Context(), "x", bad); err == nil {
				t.Errorf("EnsureCustomer(%.20q) made a person", bad)
			}
		}
	})
}

func TestAddressesThatOnlyLookAlikeAreDifferentPeople(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		karl := w.person(t, "karl", models.RoleMember)
		for _, alike := range []string{"\u212Aarl@example.org", "ｋarl@example.org", "kárl@example.org", "karl @example.org"} {
			u, err := w.EnsureCustomer(t.Context(), "Not Karl", alike)
			if err == nil && u.ID == karl.ID {
				t.Errorf("mail from %q is mail from karl@example.org", alike)
			}
		}
	})
}

func TestCommentsOfAnIssueThatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, reopen := range []bool{false, true} {
			_, err := w.AddComment(t.Context(), models.NewComment{IssueNumber: 99, AuthorID: w.customer.ID, Body: "x", Reopen: reopen})
			if !errors.Is(err, models.ErrNotFound) {
				t.Errorf("AddComment (reopen %v) = %v, want ErrNotFound", reopen, err)
			}
		}
	})
}

func TestChangesAreToldAfterCommit(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	w.topics = nil
	issue := w.open(t, &w.member, "x")
	if _, err := w.Comment(t.Context(), &w.member, issue.Number, tracker.CommentDraft{Body: "x"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"issue:1", "issue:1"}, w.topics); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
}

func TestTextThatIsTooLongIsMadeToFit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		long := strings.Repeat("ä😀", 3000)
		u, err := w.EnsureCustomer(t.Context(), long, strings.Repeat("l", 300)+"@example.org")
		if err != nil {
			t.Fatal(err)
		}
		issue, err := w.CreateIssue(t.Context(), models.NewIssue{
			ProjectID: w.sup.ID, Title: long, Description: strings.Repeat(long, 100), ReporterID: u.ID, Mentions: strings.Repeat("123456,", 100) + "7",
			Participants: []string{strings.Repeat("p", 400) + "@example.org"},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Issue(t.Context(), &w.admin, issue.Number)
		if err != nil {
			t.Fatal(err)
		}
		if n := len([]rune(got.Title)); n != 500 || !strings.HasSuffix(got.Title, "…") {
			t.Errorf("title has %d characters, want 500 with an ellipsis", n)
		}
		if len(got.Description) != 100*len(long) {
			t.Errorf("description has %d octets, want %d", len(got.Description), 100*len(long))
		}
		if len(got.Mentions) > 255 || !strings.HasSuffix(got.Mentions, ",123456") {
			t.Errorf("mentions = %q, want whole numbers in 255 octets", got.Mentions)
		}
	})
}
