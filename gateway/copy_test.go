package gateway_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// viaAlias is the same mail as two servers hand it over: each adds fields of its own.
func viaAlias(id, text, to string) []byte {
	return append([]byte("Delivered-To: "+to+"\r\nReceived: from mx by "+to+"; Mon, 2 Nov 2026 10:00:00 +0000\r\n"),
		post("Erika <erika@kunde.example>", id, "Drucker", text)...)
}

// One mail reaches two inboxes of a project at the same moment, with other fields of the way: it is one issue, and the other
// copy says so. A mail that only claims the Message-ID of another one is none.
func TestSameMailByTwoWaysIsOneIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		var inboxes []gateway.InboxView
		for _, name := range []string{"support", "sales"} {
			inboxes = append(inboxes, h.inbox("imap", func(d *gateway.InboxDraft) {
				d.Name, d.Address, d.Enabled = name, name+"@here.example", false
			}))
		}
		take := func(in gateway.InboxView, raw []byte) models.Message {
			m, err := h.gateway.Receive(t.Context(), in.ID, "api", bytes.NewReader(raw))
			if err != nil {
				t.Error(err)
			}
			return m
		}
		const mails = 12
		for n := range mails {
			var wg sync.WaitGroup
			states := make([]models.MessageState, 2)
			for i, in := range inboxes {
				wg.Go(func() {
					states[i] = take(in, viaAlias("m"+strconv.Itoa(n)+"@kunde.example", "Text.", in.Address)).State
				})
			}
			wg.Wait()
			slices.Sort(states)
			if want := []models.MessageState{models.MessageCreated, models.MessageDuplicate}; !slices.Equal(states, want) {
				t.Fatalf("mail %d: %v, want %v", n, states, want)
			}
		}
		later := take(inboxes[1], viaAlias("m0@kunde.example", "Text.\n", "elsewhere@here.example"))
		if got := h.lastTrace(inboxes[1].ID); later.DuplicateOf == nil || !slices.Contains(got, "gate.duplicate_way") {
			t.Errorf("a later copy: %s, trace %v, want a duplicate that says why", later.State, got)
		}
		if m := take(inboxes[1], viaAlias("m0@kunde.example", "Something else.", "sales@here.example")); m.State != models.MessageCreated {
			t.Errorf("another text under the same Message-ID: %s, want an issue", m.State)
		}
		if _, err := h.store.IssueByNumber(t.Context(), mails+1); err != nil {
			t.Errorf("issue %d: %v", mails+1, err)
		}
		if _, err := h.store.IssueByNumber(t.Context(), mails+2); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("issue %d: %v, want none", mails+2, err)
		}
	})
}

// A reply reaches the inboxes of two projects at the same moment. Each would be a comment on the same issue: one is.
func TestSameReplyToTwoProjectsIsOneComment(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		other, err := h.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SAL", Name: "Sales"})
		if err != nil {
			t.Fatal(err)
		}
		var inboxes []gateway.InboxView
		for name, project := range map[string]int64{"support": h.project.ID, "sales": other.ID} {
			inboxes = append(inboxes, h.inbox("imap", func(d *gateway.InboxDraft) {
				d.Name, d.Address, d.ProjectID, d.Enabled = name, name+"@here.example", project, false
			}))
		}
		take := func(in gateway.InboxView, raw []byte) models.MessageState {
			m, err := h.gateway.Receive(t.Context(), in.ID, "api", bytes.NewReader(raw))
			if err != nil {
				t.Error(err)
			}
			return m.State
		}
		take(inboxes[0], viaAlias("first@kunde.example", "Text.", "team@here.example"))
		for n := range 12 {
			var wg sync.WaitGroup
			states := make([]models.MessageState, 2)
			for i, in := range inboxes {
				raw := bytes.Replace(viaAlias("r"+strconv.Itoa(n)+"@kunde.example", "Text.", in.Address), []byte("Subject: Drucker"), []byte("Subject: AW: [#1] Drucker"), 1)
				wg.Go(func() { states[i] = take(in, raw) })
			}
			wg.Wait()
			slices.Sort(states)
			if want := []models.MessageState{models.MessageCommented, models.MessageDuplicate}; !slices.Equal(states, want) {
				t.Fatalf("reply %d: %v, want %v", n, states, want)
			}
		}
	})
}
