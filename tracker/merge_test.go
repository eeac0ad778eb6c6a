package tracker_test

import (
	"slices"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// bodies are the comments of an issue in their order.
func (w *world) bodies(t *testing.T, number int64) []string {
	t.Helper()
	list, err := w.Comments(t.Context(), &w.admin, number)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Body)
	}
	return out
}

func (w *world) search(t *testing.T, query string) []int64 {
	t.Helper()
	page, err := w.Issues(t.Context(), &w.admin, tracker.IssueFilter{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	var out []int64
	for _, i := range page.Items {
		out = append(out, i.Number)
	}
	return out
}

func TestMergedIssueLeadsToTheOtherOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		origin := int64(77)
		first, err := w.CreateIssue(ctx, models.NewIssue{
			ProjectID: w.sup.ID, Title: "Printer", Description: "It burns", ReporterID: w.customer.ID, OriginMessageID: &origin,
			Participants: []string{"customer@example.org"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.store.AddMessageIDs(ctx, first.Number, []string{"a@x"}, false); err != nil {
			t.Fatal(err)
		}
		into := w.open(t, &w.member, "Fire")
		for _, c := range []models.NewComment{
			{IssueNumber: first.Number, AuthorID: w.customer.ID, Body: "Still burning"}, {IssueNumber: into.Number, AuthorID: w.member.ID, Body: "On the way"},
		} {
			if _, err := w.AddComment(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		for _, bad := range []int64{first.Number, 99} {
			if got := codes(t, w.Merge(ctx, &w.member, first.Number, bad)); got != "into E-MERGE-01" {
				t.Errorf("merge into %d: got %s, want into E-MERGE-01", bad, got)
			}
		}
		if err := w.Merge(ctx, &w.stranger, first.Number, into.Number); err == nil {
			t.Error("a stranger merges issues")
		}
		if err := w.Merge(ctx, &w.member, first.Number, into.Number); err != nil {
			t.Fatal(err)
		}
		if got, want := w.bodies(t, into.Number), []string{"It burns", "Still burning", "On the way"}; !slices.Equal(got, want) {
			t.Errorf("comments: got %q, want %q", got, want)
		}
		i, err := w.store.ResolveIssue(ctx, first.Number)
		if err != nil || i.Number != into.Number {
			t.Errorf("the first issue leads to %d (%v), want %d", i.Number, err, into.Number)
		}
		refs, err := w.store.IssuesByMessageIDs(ctx, []string{"a@x"})
		if err != nil || len(refs["a@x"]) != 1 || refs["a@x"][0].IssueNumber != into.Number {
			t.Errorf("Message-ID: got %v (%v), want the other issue", refs, err)
		}
		if yes, err := w.store.IsParticipant(ctx, into.Number, "customer@example.org"); err != nil || !yes {
			t.Errorf("the customer takes part: got %v (%v), want true", yes, err)
		}
		// What was on its way to the first one still arrives.
		c, err := w.AddComment(ctx, models.NewComment{IssueNumber: first.Number, AuthorID: w.customer.ID, Body: "And now?"})
		if err != nil || c.IssueNumber != into.Number {
			t.Errorf("late comment: got issue %d (%v), want %d", c.IssueNumber, err, into.Number)
		}
		if got := w.search(t, "burning"); !slices.Equal(got, []int64{into.Number}) {
			t.Errorf("search: got %v, want the other issue", got)
		}
		state := models.IssueOpen
		if _, err := w.UpdateIssue(ctx, &w.member, first.Number, 0, tracker.IssuePatch{State: &state}); err == nil {
			t.Error("a merged issue is reopened")
		}
		if err := w.Merge(ctx, &w.member, into.Number, first.Number); err == nil {
			t.Error("issues are merged in a circle")
		}
		// A third one that takes over the second also takes over the first.
		third := w.open(t, &w.member, "All fires")
		if err := w.Merge(ctx, &w.member, into.Number, third.Number); err != nil {
			t.Fatal(err)
		}
		if i, err := w.store.ResolveIssue(ctx, first.Number); err != nil || i.Number != third.Number {
			t.Errorf("the first issue leads to %d (%v), want %d", i.Number, err, third.Number)
		}
	})
}

func TestCommentBecomesAnIssueOrGoesElsewhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b := w.open(t, &w.member, "Printer"), w.open(t, &w.member, "Coffee")
		say := func(text string) models.Comment {
			t.Helper()
			c, err := w.AddComment(ctx, models.NewComment{IssueNumber: a.Number, AuthorID: w.customer.ID, Body: text})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		split, move := say("The scanner squeaks"), say("And the coffee is cold")
		made, err := w.Split(ctx, &w.member, a.Number, split.ID, "Scanner squeaks")
		if err != nil {
			t.Fatal(err)
		}
		if made.Description != "The scanner squeaks" || made.ReporterID != w.customer.ID || made.ProjectID != w.sup.ID {
			t.Errorf("split: got %+v", made.Issue)
		}
		if err := w.MoveComment(ctx, &w.member, a.Number, move.ID, b.Number); err != nil {
			t.Fatal(err)
		}
		if got := w.bodies(t, a.Number); len(got) != 0 {
			t.Errorf("the first issue still has %q", got)
		}
		if got, want := w.bodies(t, b.Number), []string{"And the coffee is cold"}; !slices.Equal(got, want) {
			t.Errorf("the other issue: got %q, want %q", got, want)
		}
		for query, want := range map[string]int64{"squeaks": made.Number, "cold": b.Number} {
			if got := w.search(t, query); !slices.Equal(got, []int64{want}) {
				t.Errorf("search %s: got %v, want %d", query, got, want)
			}
		}
		links, err := w.Links(ctx, &w.member, made.Number)
		if err != nil || len(links) != 1 || links[0].Kind != models.LinkSplit || !links[0].Back || links[0].Number != a.Number {
			t.Errorf("links: got %+v (%v), want one back to the first issue", links, err)
		}
		if _, err := w.Split(ctx, &w.member, a.Number, move.ID, "x"); err == nil {
			t.Error("a comment of another issue is split off")
		}
		if _, err := w.Split(ctx, &w.stranger, b.Number, move.ID, "x"); err == nil {
			t.Error("a stranger splits an issue")
		}
	})
}

func TestFilesComeWithACommentOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		i := w.open(t, &w.member, "Printer")
		c, err := w.Comment(ctx, &w.member, i.Number, tracker.CommentDraft{Files: []tracker.Upload{
			{Name: "Übersicht.pdf", ContentType: "application/pdf", Content: strings.NewReader("hello")},
		}})
		if err != nil || len(c.Attachments) != 1 || c.Attachments[0].Size != 5 || c.Attachments[0].ID == 0 {
			t.Fatalf("comment: got %+v (%v), want one file of 5 octets", c.Attachments, err)
		}
		if got := w.search(t, "ubersicht"); !slices.Equal(got, []int64{i.Number}) {
			t.Errorf("search for the name: got %v, want %d", got, i.Number)
		}
		many := make([]tracker.Upload, 21)
		for n := range many {
			many[n] = tracker.Upload{Name: "x", Content: strings.NewReader("x")}
		}
		_, err = w.Comment(ctx, &w.member, i.Number, tracker.CommentDraft{Body: "x", Files: many})
		if got := codes(t, err); got != "files E-FILE-01" {
			t.Errorf("got %s, want files E-FILE-01", got)
		}
		if got := len(w.bodies(t, i.Number)); got != 1 {
			t.Errorf("%d comments, want 1", got)
		}
	})
}

func TestDraftIsKeptUntilItIsSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		i := w.open(t, &w.member, "Printer")
		for _, text := range []string{"Dear", "Dear Anna"} {
			if err := w.SaveDraft(ctx, &w.member, i.Number, text, true); err != nil {
				t.Fatal(err)
			}
		}
		d, ok, err := w.Draft(ctx, &w.member, i.Number)
		if err != nil || !ok || d.Body != "Dear Anna" || !d.Internal {
			t.Errorf("draft: got %+v %v (%v)", d, ok, err)
		}
		if _, ok, _ := w.Draft(ctx, &w.boss, i.Number); ok {
			t.Error("somebody else sees the draft")
		}
		if err := w.SaveDraft(ctx, &w.stranger, i.Number, "x", false); err == nil {
			t.Error("a stranger keeps a draft")
		}
		if _, err := w.Comment(ctx, &w.member, i.Number, tracker.CommentDraft{Body: "Dear Anna, done."}); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := w.Draft(ctx, &w.member, i.Number); ok {
			t.Error("the draft is still there")
		}
	})
}

func TestIssueOnBehalfOfACustomer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "Call", Reporter: "New@Customer.example", Name: "Nina"})
		if err != nil || i.Reporter.Name != "Nina" || i.Reporter.Role != models.RoleCustomer {
			t.Fatalf("reporter: got %+v (%v), want the new customer", i.Reporter, err)
		}
		if yes, err := w.store.IsParticipant(t.Context(), i.Number, "new@customer.example"); err != nil || !yes {
			t.Errorf("the customer takes part: got %v (%v), want true", yes, err)
		}
		card, err := w.Customer(t.Context(), &w.member, i.Number)
		if err != nil || card.Open != 1 || len(card.Earlier) != 0 {
			t.Errorf("card: got %+v (%v)", card, err)
		}
		_, err = w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "Call", Reporter: "nobody"})
		if got := codes(t, err); got != "reporter E-USER-03" {
			t.Errorf("got %s, want reporter E-USER-03", got)
		}
	})
}
