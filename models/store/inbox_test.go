package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestInboxIsChangedOnlyAtTheVersionThatWasRead(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, _ := base(t, s)
		in := &models.Inbox{Name: "Hilfe", Address: "hilfe@example.org", ProjectID: p.ID, Enabled: true, Settings: models.DefaultInboxSettings()}
		in.Settings.Folders = []string{"INBOX", "Entwürfe/Ä"}
		must(t, s.CreateInbox(ctx, in))
		want(t, "same name", s.CreateInbox(ctx, &models.Inbox{Name: "Hilfe", ProjectID: p.ID}), models.ErrConflict)
		in.Settings.Port, in.PasswordEnc, in.Global = 993, "c1.x", true
		must(t, s.UpdateInbox(ctx, in, 1))
		want(t, "old version", s.UpdateInbox(ctx, in, 1), models.ErrConflict)
		at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
		must(t, s.SetInboxStarted(ctx, in.ID, at), s.SetInboxStarted(ctx, in.ID, at.Add(time.Hour)))
		byID, err1 := s.InboxByID(ctx, in.ID)
		byName, err2 := s.InboxByName(ctx, "Hilfe")
		all, err3 := s.Inboxes(ctx)
		must(t, err1, err2, err3)
		in.StartedAt, in.CreatedAt = &at, byID.CreatedAt
		for _, got := range []models.Inbox{byID, byName, all[0]} {
			if d := cmp.Diff(got, *in); d != "" {
				t.Errorf("inbox (-got +want):\n%s", d)
			}
		}
		_, err := s.InboxByName(ctx, "hilfe")
		want(t, "other name", err, models.ErrNotFound)
	})
}

func TestVersionsOfInboxesFollowEachChange(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, _ := base(t, s)
		var known store.InboxVersions
		unread := false
		follows := func(what string, want map[int64]store.InboxVersion) {
			t.Helper()
			now, err := s.InboxVersions(ctx, known)
			must(t, err)
			if d := cmp.Diff(now.ByID, want); d != "" || now.Unread != unread {
				t.Errorf("%s: unread %t, want %t (-got +want):\n%s", what, now.Unread, unread, d)
			}
			known = now
		}
		follows("no inbox", map[int64]store.InboxVersion{})
		a, b := &models.Inbox{Name: "a", Address: "a@x", ProjectID: p.ID}, &models.Inbox{Name: "b", Address: "b@x", ProjectID: p.ID}
		must(t, s.CreateInbox(ctx, a), s.CreateInbox(ctx, b))
		follows("two", map[int64]store.InboxVersion{a.ID: {ID: a.ID, Version: 1}, b.ID: {ID: b.ID, Version: 1}})
		must(t, s.UpdateInbox(ctx, a, 1), s.AskForPoll(ctx, b.ID))
		follows("changed, and asked for", map[int64]store.InboxVersion{a.ID: {ID: a.ID, Version: 2}, b.ID: {ID: b.ID, Version: 1, PollsAsked: 1}})
		c := &models.Inbox{Name: "c", Address: "c@x", ProjectID: p.ID}
		must(t, s.DeleteInbox(ctx, b.ID), s.CreateInbox(ctx, c))
		follows("one for another", map[int64]store.InboxVersion{a.ID: {ID: a.ID, Version: 2}, c.ID: {ID: c.ID, Version: 1}})
		must(t, s.SetSetting(ctx, models.SettingNoReading, "yes"))
		unread = true
		follows("nothing is read", map[int64]store.InboxVersion{a.ID: {ID: a.ID, Version: 2}, c.ID: {ID: c.ID, Version: 1}})
	})
}

func TestDeletedInboxLeavesItsMessages(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, _ := base(t, s)
		in := &models.Inbox{Name: "a", ProjectID: p.ID}
		must(t, s.CreateInbox(ctx, in))
		m := &models.Message{InboxID: in.ID, UID: "1"}
		must(t, s.AddKnown(ctx, []*models.Message{m}),
			s.AddRuleVersion(ctx, &models.RuleVersion{InboxID: in.ID, Version: 1}),
			s.SaveInboxStatus(ctx, &models.InboxStatus{InboxID: in.ID, State: models.InboxActive}),
			s.DeleteInbox(ctx, in.ID))
		_, err := s.MessageByID(ctx, m.ID)
		must(t, err)
		_, err = s.RuleVersion(ctx, in.ID, 1)
		want(t, "rules", err, models.ErrNotFound)
		_, err = s.InboxStatus(ctx, in.ID)
		want(t, "status", err, models.ErrNotFound)
		want(t, "again", s.DeleteInbox(ctx, in.ID), models.ErrNotFound)
		again := &models.Inbox{Name: "a", ProjectID: p.ID}
		must(t, s.CreateInbox(ctx, again))
		if again.ID == in.ID {
			t.Error("a new inbox has the number of a deleted one: it would take over its messages")
		}
	})
}

func TestRuleVersionsNeverChange(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		v := models.RuleVersion{InboxID: 1, Version: 1, Rules: models.DefaultRules(), CreatedBy: ptr(int64(3))}
		v.Rules.DomainPattern = `[^@\t]@bosch\.com`
		must(t, s.AddRuleVersion(ctx, &v))
		must(t, s.AddRuleVersion(ctx, &models.RuleVersion{InboxID: 1, Version: 2}), s.AddRuleVersion(ctx, &models.RuleVersion{InboxID: 2, Version: 1}))
		want(t, "same version", s.AddRuleVersion(ctx, &models.RuleVersion{InboxID: 1, Version: 1}), models.ErrConflict)
		got, err := s.RuleVersion(ctx, 1, 1)
		must(t, err)
		v.CreatedAt = got.CreatedAt
		if d := cmp.Diff(got, v); d != "" {
			t.Errorf("rules (-got +want):\n%s", d)
		}
		list, err := s.RuleVersions(ctx, 1)
		must(t, err)
		if len(list) != 2 || list[0].Version != 2 {
			t.Errorf("versions: got %+v, want 2 and 1", list)
		}
	})
}

func TestInboxStatusIsReplaced(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		at := time.Date(2026, 5, 6, 7, 8, 9, 1000, time.UTC)
		x := models.InboxStatus{InboxID: 4, State: models.InboxFailing, Since: at, Phase: "tls", Code: "E-TLS-01", Args: map[string]string{"host": "h"}, Failures: 2, NextPollAt: &at}
		must(t, s.SaveInboxStatus(ctx, &x))
		x.State, x.Args, x.NextPollAt = models.InboxActive, nil, nil
		must(t, s.SaveInboxStatus(ctx, &x))
		got, err := s.InboxStatus(ctx, 4)
		must(t, err)
		if d := cmp.Diff(got, x); d != "" {
			t.Errorf("status (-got +want):\n%s", d)
		}
		all, err := s.InboxStatuses(ctx)
		must(t, err)
		if len(all) != 1 || all[4].State != models.InboxActive {
			t.Errorf("statuses: got %+v", all)
		}
	})
}

func TestFolderMarkStaysAsItWasFirst(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.SaveFolderMark(ctx, &models.FolderMark{InboxID: 1, Folder: "INBOX", UIDValidity: 4294967295, FirstUID: 7}),
			s.SaveFolderMark(ctx, &models.FolderMark{InboxID: 1, Folder: "INBOX", UIDValidity: 4294967295, FirstUID: 9}),
			s.SaveFolderMark(ctx, &models.FolderMark{InboxID: 1, Folder: "inbox", UIDValidity: 4294967295}))
		got, err := s.FolderMarks(ctx, 1)
		must(t, err)
		if len(got) != 2 || got[0].Folder != "INBOX" || got[0].FirstUID != 7 || got[0].UIDValidity != 4294967295 {
			t.Errorf("got %+v, want the first mark and another folder", got)
		}
	})
}

func TestAuditIsReadNewestFirst(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for _, object := range []string{"inbox:1", "inbox:2", "inbox:1"} {
			must(t, s.AddAudit(ctx, &models.Audit{Action: "inbox.update", Object: object, UserID: ptr(int64(5)), Detail: `{"a":1}`}))
		}
		got, next, err := s.Audits(ctx, store.AuditFilter{Object: "inbox:1", UserID: ptr(int64(5)), Limit: 1})
		must(t, err)
		rest, end, err := s.Audits(ctx, store.AuditFilter{Object: "inbox:1", Limit: 1, Cursor: next})
		must(t, err)
		if got[0].ID != 3 || rest[0].ID != 1 || end != "" || got[0].At.IsZero() {
			t.Errorf("got %+v, then %+v, cursor %q", got, rest, end)
		}
	})
}
