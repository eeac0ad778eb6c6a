package mailboxtest

import (
	"testing"

	"letterbox/gateway/mailbox"
)

// settled applies d and fails on errors.
func settled(t *testing.T, m mailbox.Mailbox, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	t.Helper()
	out := m.Settle(t.Context(), refs, d)
	if len(out) != len(refs) {
		t.Fatalf("Settle reported on %d messages, want %d", len(out), len(refs))
	}
	for _, s := range out {
		if s.Err != nil {
			t.Errorf("Settle %v: %v", s.Ref, s.Err)
		}
	}
	return out
}

func (s suite) settle(t *testing.T) {
	t.Run("leave changes nothing", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		settled(t, m, refs(entries), mailbox.Disposition{Action: mailbox.Leave})
		closed(t, m)
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages left, want %d", got, len(entries))
		}
		if got := srv.Count(t, "", "seen"); got != 0 {
			t.Errorf("%d messages are seen, want 0", got)
		}
	})
	t.Run("seen", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		for range 2 { // Settling twice does no harm.
			settled(t, m, refs(entries[:1]), mailbox.Disposition{Action: mailbox.Seen})
		}
		closed(t, m)
		want := 0
		if s.f.Flags {
			want = 1
		}
		if got := srv.Count(t, "", "seen"); got != want {
			t.Errorf("%d messages are seen, want %d", got, want)
		}
	})
	if !s.f.Deletes {
		return
	}
	t.Run("delete a window and nothing else", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		window := refs(entries[1:4])
		for range 2 {
			for _, r := range settled(t, m, window, mailbox.Disposition{Action: mailbox.Delete}) {
				if r.Marked && !s.f.Marks {
					t.Errorf("message %v is only marked", r.Ref)
				}
			}
		}
		closed(t, m)
		s.left(t, srv, len(entries), 3)
		if s.f.Marks {
			return
		}
		m = srv.Visit(t)
		listed(t, m, len(entries)-3)
		for _, r := range settled(t, m, window, mailbox.Disposition{Action: mailbox.Delete}) {
			if !r.Gone {
				t.Errorf("message %v is not reported as gone", r.Ref)
			}
		}
		closed(t, m)
	})
	t.Run("abort leaves what is not final", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		if s.f.Deferred {
			settled(t, m, refs(entries), mailbox.Disposition{Action: mailbox.Delete})
		}
		fetched(t, m, refs(entries[:1]))
		m.Abort()
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages after Abort, want %d", got, len(entries))
		}
	})
	t.Run("renumbered refs settle nothing", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		if entries[0].UIDValidity == 0 {
			return
		}
		old := refs(entries)
		for i := range old {
			old[i].UIDValidity++
		}
		for _, r := range settled(t, m, old, mailbox.Disposition{Action: mailbox.Delete}) {
			if !r.Gone {
				t.Errorf("message %v is not reported as gone", r.Ref)
			}
		}
		closed(t, m)
		if got := srv.Count(t, "", "deleted"); got != 0 {
			t.Errorf("%d messages are marked as deleted, want 0", got)
		}
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages left, want %d", got, len(entries))
		}
	})
}

// left checks how many messages are in the visited folder after gone of total have left it.
func (s suite) left(t *testing.T, srv Server, total, gone int) {
	t.Helper()
	if !s.f.Marks {
		if got := srv.Count(t, "", ""); got != total-gone {
			t.Errorf("%d messages left, want %d", got, total-gone)
		}
		return
	}
	if got := srv.Count(t, "", ""); got != total {
		t.Errorf("%d messages left, want %d: without UIDPLUS nothing may be expunged", got, total)
	}
	if got := srv.Count(t, "", "deleted"); got != gone {
		t.Errorf("%d messages are marked as deleted, want %d", got, gone)
	}
}

func (s suite) move(t *testing.T) {
	t.Run("a window", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		window := refs(entries[:3])
		for range 2 { // The second time there is nothing left to move, and nothing may be copied again.
			settled(t, m, window, mailbox.Disposition{Action: mailbox.Move, Folder: s.f.Target})
		}
		closed(t, m)
		if got := srv.Count(t, s.f.Target, ""); got != 3 {
			t.Errorf("%d messages in the target, want 3", got)
		}
		s.left(t, srv, len(entries), 3)
	})
	t.Run("to a missing folder loses nothing", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		for _, r := range m.Settle(t.Context(), refs(entries), mailbox.Disposition{Action: mailbox.Move, Folder: s.f.Missing}) {
			problem, ok := r.Err.(*mailbox.Problem)
			if !ok || problem.Code != "E-IMAP-05" || problem.Phase != mailbox.PhaseSettle {
				t.Errorf("Settle %v = %v, want problem E-IMAP-05", r.Ref, r.Err)
			}
		}
		fetched(t, m, refs(entries)) // The visit goes on.
		closed(t, m)
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages left, want %d", got, len(entries))
		}
		if got := srv.Count(t, "", "deleted"); got != 0 {
			t.Errorf("%d messages are marked as deleted, want 0", got)
		}
	})
	t.Run("to the folder itself", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		settled(t, m, refs(entries), mailbox.Disposition{Action: mailbox.Move, Folder: "INBOX"})
		closed(t, m)
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages left, want %d", got, len(entries))
		}
	})
	t.Run("to an umlaut folder that is created first", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		l, ok := m.(mailbox.Lister)
		if !ok {
			t.Fatal("a mailbox with folders is no Lister")
		}
		name := "Erledigt/Ümläut & 日本"
		for range 2 {
			if err := l.CreateFolder(t.Context(), name); err != nil {
				t.Fatalf("CreateFolder: %v", err)
			}
		}
		settled(t, m, refs(entries[:1]), mailbox.Disposition{Action: mailbox.Move, Folder: name})
		closed(t, m)
		if got := srv.Count(t, name, ""); got != 1 {
			t.Errorf("%d messages in the new folder, want 1", got)
		}
	})
}
