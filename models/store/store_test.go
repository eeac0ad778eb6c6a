package store_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"context"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestSmoke(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := &models.Project{Key: "SUP", Name: "Support"}
		l := "Max"
		u := &models.User{Login: &l, Name: "Max", Role: models.RoleAdmin, Addresses: []string{"Max@Example.org"}}
		for _, err := range []error{s.CreateProject(ctx, p), s.CreateUser(ctx, u), s.Ping(ctx)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.UserByAddress(ctx, "MAX@example.org")
		if err != nil || got.ID != u.ID || len(got.Addresses) != 1 {
			t.Fatal(got, err)
		}
		m := &models.Message{InboxID: 1, Door: "imap", UID: "1", Step: models.StepFetch}
		m2 := &models.Message{InboxID: 1, Door: "imap", UID: "2", Step: models.StepFetch}
		if err := s.AddKnown(ctx, []*models.Message{m, m2}); err != nil || m.ID == 0 || m2.ID == 0 {
			t.Fatal(m.ID, m2.ID, err)
		}
		id := m.ID
		if err := s.AddKnown(ctx, []*models.Message{m}); err != nil || m.ID != 0 {
			t.Fatal(m.ID, err)
		}
		m.ID = id
		big := make([]byte, 5<<19)
		rand.Read(big)
		w := s.NewBlob(ctx)
		if _, err := w.Write(big); err != nil {
			t.Fatal(err)
		}
		err = s.WithTx(ctx, func(ctx context.Context) error {
			b, err := w.Seal(ctx)
			if err != nil {
				return err
			}
			m.BlobID, m.SHA256, m.Size = &b.ID, b.SHA256, b.Size
			return s.SaveReceived(ctx, []*models.Message{m})
		})
		if err != nil {
			t.Fatal(err)
		}
		r, n, err := s.OpenBlob(ctx, *m.BlobID)
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.ReadAll(r)
		if err != nil || int(n) != len(big) || !bytes.Equal(back, big) {
			t.Fatal(n, err)
		}
		i := &models.Issue{ProjectID: p.ID, Title: "x", State: models.IssueNew, ReporterID: u.ID, OriginMessageID: &m.ID}
		if err := s.CreateIssue(ctx, i); err != nil || i.Number != 1 {
			t.Fatal(i.Number, err)
		}
		m.State, m.IssueNumber = models.MessageCreated, &i.Number
		if err := s.FinishMessage(ctx, m, models.MessageReceived); err != nil {
			t.Fatal(err)
		}
		mm, err := s.MessageByRef(ctx, 1, "", 0, "1")
		if err != nil || mm.State != models.MessageCreated || mm.ReceivedAt.IsZero() {
			t.Fatal(mm, err)
		}
		in := &models.Inbox{Name: "support", ProjectID: p.ID, Settings: models.DefaultInboxSettings()}
		if err := s.CreateInbox(ctx, in); err != nil {
			t.Fatal(err)
		}
		in2, err := s.InboxByName(ctx, "support")
		if err != nil || in2.Settings.Receive != "imap" {
			t.Fatal(in2, err)
		}
		e, ok, err := s.AcquireLease(ctx, "inbox:1", "a", 60e9)
		if err != nil || !ok || e != 1 {
			t.Fatal(e, ok, err)
		}
		list, next, err := s.Issues(ctx, store.IssueQuery{Text: "X"})
		if err != nil || len(list) != 1 || next != "" {
			t.Fatal(list, next, err)
		}
	})
}
