package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func issue(t testing.TB, s *store.Store, p *models.Project, u *models.User, title string) *models.Issue {
	t.Helper()
	i := &models.Issue{ProjectID: p.ID, Title: title, Description: "Text zu " + title, State: models.IssueNew, ReporterID: u.ID}
	must(t, s.CreateIssue(t.Context(), i))
	return i
}

func TestIssueIsChangedOnlyAtTheVersionThatWasRead(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		i := issue(t, s, p, u, "Größe 🙂 stimmt nicht")
		i.State, i.AssigneeID = models.IssueOpen, &u.ID
		i.Description = strings.Repeat("lang ", 100_000)
		must(t, s.UpdateIssue(ctx, i, 1))
		got, err := s.IssueByNumber(ctx, i.Number)
		must(t, err)
		i.CreatedAt = got.CreatedAt
		if d := cmp.Diff(got, *i); d != "" || got.Version != 2 {
			t.Errorf("issue (-got +want):\n%s", d)
		}
		want(t, "old version", s.UpdateIssue(ctx, i, 1), models.ErrConflict)
		must(t, s.TouchIssue(ctx, i.Number))
		_, err = s.IssueByNumber(ctx, 99)
		want(t, "missing", err, models.ErrNotFound)
	})
}

func TestMessageHasItsEffectOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		mk := func() *models.Issue {
			return &models.Issue{ProjectID: p.ID, State: models.IssueNew, ReporterID: u.ID, OriginMessageID: ptr(int64(7))}
		}
		first := mk()
		must(t, s.CreateIssue(ctx, first))
		want(t, "second issue", s.CreateIssue(ctx, mk()), models.ErrConflict)
		c := func() *models.Comment {
			return &models.Comment{IssueNumber: first.Number, AuthorID: u.ID, Body: "b", OriginMessageID: ptr(int64(8))}
		}
		must(t, s.CreateComment(ctx, c()))
		want(t, "second comment", s.CreateComment(ctx, c()), models.ErrConflict)
		next := issue(t, s, p, u, "by a person")
		if next.Number != first.Number+1 {
			t.Errorf("number after a conflict: got %d, want %d", next.Number, first.Number+1)
		}
	})
}

func TestIssuesComeInPagesWithoutGapsOrDoubles(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		other := &models.Project{Key: "DEV", Name: "dev"}
		must(t, s.CreateProject(ctx, other))
		for n := range 7 {
			issue(t, s, p, u, fmt.Sprintf("Nummer %d 100%% a_b!", n+1))
		}
		odd := issue(t, s, other, u, "anderes Projekt")
		var got []int64
		for cursor := ""; ; {
			list, next, err := s.Issues(ctx, store.IssueQuery{ProjectIDs: []int64{p.ID}, Limit: 3, Cursor: cursor})
			must(t, err)
			for _, i := range list {
				got = append(got, i.Number)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if d := cmp.Diff(got, []int64{7, 6, 5, 4, 3, 2, 1}); d != "" {
			t.Errorf("numbers (-got +want):\n%s", d)
		}
		for _, c := range []struct {
			q    store.IssueQuery
			want int
		}{
			{store.IssueQuery{}, 8},
			{store.IssueQuery{ProjectIDs: []int64{}}, 0},
			{store.IssueQuery{States: []models.IssueState{models.IssueNew, models.IssueOpen}}, 8},
			{store.IssueQuery{States: []models.IssueState{models.IssueClosed}}, 0},
			{store.IssueQuery{Text: "#8"}, 1},
			{store.IssueQuery{Text: "100%"}, 7},
			{store.IssueQuery{Text: "100_"}, 7},
			{store.IssueQuery{Text: "101"}, 0},
			{store.IssueQuery{Text: "a_b!"}, 7},
			{store.IssueQuery{Text: "NUMMER 3"}, 1},
			{store.IssueQuery{Text: "zu anderes"}, 1},
			{store.IssueQuery{Text: "'; DROP TABLE issues; --"}, 0},
		} {
			list, _, err := s.Issues(ctx, c.q)
			must(t, err)
			if len(list) != c.want {
				t.Errorf("%+v: got %d issues, want %d", c.q, len(list), c.want)
			}
		}
		for _, bad := range []string{"x", "!!", "MTI", odd.Title} {
			if _, _, err := s.Issues(ctx, store.IssueQuery{Cursor: bad}); err == nil {
				t.Errorf("cursor %q: got no error, want one", bad)
			}
		}
	})
}

func TestAttachmentsKeepTheirOrder(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		i := issue(t, s, p, u, "a")
		c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: strings.Repeat("ä", 40_000), Internal: true}
		must(t, s.CreateComment(ctx, c))
		b := seal(t, s, []byte("hello"))
		list := []models.Attachment{
			{IssueNumber: i.Number, CommentID: &c.ID, Place: 0, BlobID: b.ID, Name: "c"},
			{IssueNumber: i.Number, Place: 1, BlobID: b.ID, Name: "b"},
			{IssueNumber: i.Number, Place: 0, BlobID: b.ID, Name: "Übersicht 🙂.pdf", ContentType: "application/pdf", Size: 5, Inline: true, SHA256: "aa"},
		}
		must(t, s.CreateAttachments(ctx, list))
		got, err := s.Attachments(ctx, i.Number)
		must(t, err)
		var names []string
		for _, a := range got {
			names = append(names, a.Name)
		}
		if d := cmp.Diff(names, []string{"Übersicht 🙂.pdf", "b", "c"}); d != "" {
			t.Errorf("names (-got +want):\n%s", d)
		}
		one, err := s.AttachmentByID(ctx, got[0].ID)
		must(t, err)
		list[2].ID, list[2].CreatedAt = one.ID, one.CreatedAt
		if d := cmp.Diff(one, list[2]); d != "" {
			t.Errorf("attachment (-got +want):\n%s", d)
		}
		comments, err := s.Comments(ctx, i.Number)
		must(t, err)
		byID, err := s.CommentByID(ctx, c.ID)
		must(t, err)
		if len(comments) != 1 || comments[0].Body != c.Body || !byID.Internal {
			t.Errorf("comments: got %d, want the one that was written", len(comments))
		}
	})
}

func TestParticipants(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		w := &models.User{Name: "w", Role: models.RoleCustomer, Addresses: []string{"w@example.org"}}
		must(t, s.CreateUser(ctx, w))
		i := issue(t, s, p, u, "a")
		must(t, s.AddWatchers(ctx, i.Number, []int64{w.ID}), s.AddWatchers(ctx, i.Number, []int64{w.ID, u.ID}),
			s.AddWatchers(ctx, i.Number, nil),
			s.AddParticipants(ctx, i.Number, []string{"CC@example.org", "cc@example.org", "", strings.Repeat("x", 999)}))
		ids, err := s.Watchers(ctx, i.Number)
		must(t, err)
		if d := cmp.Diff(ids, []int64{u.ID, w.ID}); d != "" {
			t.Errorf("watchers (-got +want):\n%s", d)
		}
		for address, wanted := range map[string]bool{
			"cc@example.org": true, "Cc@Example.org": true, "max@example.org": true, "W@example.org": true,
			"cc@example.org ": false, "x@example.org": false, "": false,
		} {
			got, err := s.IsParticipant(ctx, i.Number, address)
			must(t, err)
			if got != wanted {
				t.Errorf("IsParticipant(%q): got %v, want %v", address, got, wanted)
			}
		}
		if got, err := s.IsParticipant(ctx, i.Number+1, "cc@example.org"); got || err != nil {
			t.Errorf("other issue: got %v, %v, want false", got, err)
		}
	})
}

func TestTextThatIsNotUTF8IsKept(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		i := issue(t, s, p, u, "Gr\xfc\xdfe\x00 "+strings.Repeat("🙂", 20_000))
		must(t, s.CreateComment(t.Context(), &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: "\xff\x00'\\"}))
		got, err := s.IssueByNumber(t.Context(), i.Number)
		must(t, err)
		comments, err := s.Comments(t.Context(), i.Number)
		must(t, err)
		if !strings.HasPrefix(got.Title, "Gr\uFFFDe\x00 🙂") || comments[0].Body != "\uFFFD\x00'\\" {
			t.Errorf("got title %.20q, comment %q", got.Title, comments[0].Body)
		}
	})
}
