// Package mailboxtest checks that a [mailbox.Mailbox] keeps the contract that the gateway relies on. Every
// implementation runs Run in its own tests, against each kind of server that it talks to.
package mailboxtest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
)

// Server is a mail server (or a folder of files) under test.
type Server interface {
	// Visit opens a new visit.
	Visit(t *testing.T) mailbox.Mailbox
	// Deliver adds messages in this order.
	Deliver(t *testing.T, raws ...string)
	// Count returns the number of messages in folder, "" being the visited one; with a flag ("seen", "deleted") of
	// those that carry it; -1 when there is no such folder.
	Count(t *testing.T, folder, flag string) int
}

// Features are what a source can do beyond the common part.
type Features struct {
	Flags    bool   // Seen changes the message on the server.
	Deletes  bool   // Delete removes messages.
	Marks    bool   // What is deleted or moved stays marked in its folder, because the server cannot expunge it alone.
	Deferred bool   // Deletions are final only with Close.
	NoHeader bool   // FetchHeader finds nothing, because the server cannot send a header alone.
	Silent   bool   // The server does not announce new mail.
	Missing  string // A folder that does not exist; Move is tested when it is set.
	Target   string // A folder that exists.
	OneOnly  bool   // The source never holds more than one message.
	Mangles  bool   // The server changes bare CR and LF and octets outside of text on delivery.
}

// Messages are octets that a careless transport damages.
var Messages = []string{
	"Subject: first\r\n\r\nplain\r\n",
	"Subject: dots\r\n\r\n.\r\n..\r\n.hidden\r\n...\r\n",
	"Subject: long line\r\n\r\n" + strings.Repeat("0123456789", 7000) + "\r\n",
	"Subject: octets gr\xfc\xdfe\r\n\r\n\xff\xfe\x80 gr\xfc\xdfe \xc3\x28\r\n",
	"Subject: looks like protocol\r\n\r\n)\r\nA1 OK done\r\n* BYE\r\n+OK 1\r\n-ERR\r\n{10}\r\n",
	"Subject: no body\r\n\r\n",
}

// Hostile are octets that some servers change on delivery.
var Hostile = []string{
	"Subject: bare LF\r\n\r\none\n.\n+OK 12 octets\ntwo\n\r\n",
	"Subject: bare CR and NUL\r\n\r\na\rb\x00c\r\r\n\n\r\n",
	"Subject: smuggled\r\n\r\na\n.\r\n+OK\n.\n-ERR\r\r\n.\r\r\n",
}

// suite is one run.
type suite struct {
	f     Features
	start func(t *testing.T) Server
}

// Run runs the suite; start returns a fresh, empty server.
func Run(t *testing.T, f Features, start func(t *testing.T) Server) {
	s := suite{f, start}
	t.Run("List", s.list)
	t.Run("Fetch", s.fetch)
	t.Run("FetchHeader", s.fetchHeader)
	t.Run("Context", s.context)
	t.Run("Settle", s.settle)
	if f.Missing != "" {
		t.Run("Move", s.move)
	}
	t.Run("Watch", s.watch)
	t.Run("Folders", s.folders)
}

// wants are the messages that the source is asked to carry.
func (s suite) wants() []string {
	if s.f.OneOnly {
		return Messages[1:2]
	}
	if s.f.Mangles {
		return Messages
	}
	return append(append([]string(nil), Messages...), Hostile...)
}

// filled returns a server with the messages, a visit and its listing.
func (s suite) filled(t *testing.T) (Server, mailbox.Mailbox, []mailbox.Entry) {
	t.Helper()
	srv := s.start(t)
	srv.Deliver(t, s.wants()...)
	m := srv.Visit(t)
	t.Cleanup(m.Abort)
	return srv, m, listed(t, m, len(s.wants()))
}

func listed(t *testing.T, m mailbox.Mailbox, want int) []mailbox.Entry {
	t.Helper()
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	if len(entries) != want {
		t.Fatalf("List returned %d entries, want %d", len(entries), want)
	}
	return entries
}

func refs(entries []mailbox.Entry) []mailbox.Ref {
	out := make([]mailbox.Ref, len(entries))
	for i, e := range entries {
		out[i] = e.Ref
	}
	return out
}

func closed(t *testing.T, m mailbox.Mailbox) {
	t.Helper()
	if err := m.Close(t.Context()); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// fetched downloads the messages and returns them by ref.
func fetched(t *testing.T, m mailbox.Mailbox, refs []mailbox.Ref) map[mailbox.Ref]string {
	t.Helper()
	got := map[mailbox.Ref]string{}
	err := m.Fetch(t.Context(), refs, func(ref mailbox.Ref, r io.Reader) error {
		if _, twice := got[ref]; twice {
			t.Errorf("message %v came twice", ref)
		}
		b, err := io.ReadAll(r)
		got[ref] = string(b)
		return err
	})
	if err != nil {
		t.Fatalf("Fetch: %v", err)
	}
	return got
}

func (s suite) list(t *testing.T) {
	t.Run("an empty mailbox", func(t *testing.T) {
		if s.f.OneOnly {
			return
		}
		m := s.start(t).Visit(t)
		listed(t, m, 0)
		closed(t, m)
	})
	t.Run("keeps order and refs, states sizes", func(t *testing.T) {
		srv, m, first := s.filled(t)
		seen := map[mailbox.Ref]bool{}
		for i, e := range first {
			if seen[e.Ref] {
				t.Errorf("ref %v is listed twice", e.Ref)
			}
			seen[e.Ref] = true
			if got, want := e.Size, int64(len(s.wants()[i])); got != want && !s.f.Mangles {
				t.Errorf("size of message %d = %d, want %d", i, got, want)
			}
		}
		closed(t, m)
		again := srv.Visit(t)
		if diff := cmp.Diff(first, listed(t, again, len(first))); diff != "" {
			t.Errorf("second visit differs (-first +second):\n%s", diff)
		}
		closed(t, again)
	})
}

func (s suite) fetch(t *testing.T) {
	t.Run("returns the octets and changes nothing", func(t *testing.T) {
		srv, m, entries := s.filled(t)
		got := fetched(t, m, refs(entries))
		for i, e := range entries {
			if got[e.Ref] != s.wants()[i] {
				t.Errorf("message %d: got %d octets %.80q, want %d octets %.80q", i, len(got[e.Ref]), got[e.Ref], len(s.wants()[i]), s.wants()[i])
			}
		}
		closed(t, m)
		if got := srv.Count(t, "", "seen"); got != 0 {
			t.Errorf("%d messages became \\Seen by Fetch, want 0", got)
		}
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages after Fetch and Close, want %d", got, len(entries))
		}
	})
	t.Run("in windows", func(t *testing.T) {
		_, m, entries := s.filled(t)
		for from := 0; from < len(entries); from += 2 {
			window := refs(entries[from:min(from+2, len(entries))])
			if got := fetched(t, m, window); len(got) != len(window) {
				t.Errorf("window at %d returned %d messages, want %d", from, len(got), len(window))
			}
		}
	})
	t.Run("skips what is left unread", func(t *testing.T) {
		_, m, entries := s.filled(t)
		n := 0
		err := m.Fetch(t.Context(), refs(entries), func(_ mailbox.Ref, r io.Reader) error {
			n++
			_, err := r.Read(make([]byte, 3))
			return err
		})
		if err != nil || n != len(entries) {
			t.Errorf("Fetch = %v after %d messages, want nil after %d", err, n, len(entries))
		}
		fetched(t, m, refs(entries[:1]))
	})
	t.Run("leaves out what is not there", func(t *testing.T) {
		_, m, entries := s.filled(t)
		gone := entries[0].Ref
		gone.UID = "4294967290"
		other := entries[0].Ref
		other.UIDValidity += 7
		if got := fetched(t, m, []mailbox.Ref{gone, other, entries[0].Ref}); len(got) != 1 && entries[0].UIDValidity != 0 {
			t.Errorf("Fetch returned %d messages, want 1", len(got))
		}
	})
	t.Run("ends with the error of its receiver", func(t *testing.T) {
		_, m, entries := s.filled(t)
		full := errors.New("disk is full")
		n := 0
		err := m.Fetch(t.Context(), refs(entries), func(mailbox.Ref, io.Reader) error {
			n++
			return full
		})
		if !errors.Is(err, full) || n != 1 {
			t.Errorf("Fetch = %v after %d messages, want %v after 1", err, n, full)
		}
	})
	t.Run("of a large message", func(t *testing.T) {
		srv := s.start(t)
		want := large()
		srv.Deliver(t, want)
		m := srv.Visit(t)
		entries := listed(t, m, 1)
		if got := fetched(t, m, refs(entries))[entries[0].Ref]; got != want {
			t.Errorf("got %d octets that differ, want %d", len(got), len(want))
		}
		closed(t, m)
	})
}

func (s suite) fetchHeader(t *testing.T) {
	if s.f.NoHeader {
		return
	}
	_, m, entries := s.filled(t)
	want, _, _ := strings.Cut(s.wants()[0], "\r\n\r\n")
	want += "\r\n\r\n"
	var b strings.Builder
	if err := m.FetchHeader(t.Context(), entries[0].Ref, 4096, &b); err != nil || b.String() != want {
		t.Errorf("FetchHeader = %q, %v, want %q", b.String(), err, want)
	}
	b.Reset()
	if err := m.FetchHeader(t.Context(), entries[0].Ref, 5, &b); err != nil || b.String() != want[:5] {
		t.Errorf("FetchHeader with limit 5 = %q, %v, want %q", b.String(), err, want[:5])
	}
	gone := entries[0].Ref
	gone.UID = "4294967290"
	if err := m.FetchHeader(t.Context(), gone, 4096, &b); !errors.Is(err, mailbox.ErrNotFound) {
		t.Errorf("FetchHeader of an unknown ref = %v, want ErrNotFound", err)
	}
	closed(t, m)
}

// context checks that every method notices a context that is done.
func (s suite) context(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[string]func(m mailbox.Mailbox, ref mailbox.Ref) error{
		"List": func(m mailbox.Mailbox, _ mailbox.Ref) error { _, err := m.List(done); return err },
		"Fetch": func(m mailbox.Mailbox, ref mailbox.Ref) error {
			return m.Fetch(done, []mailbox.Ref{ref}, func(_ mailbox.Ref, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				return err
			})
		},
		"FetchHeader": func(m mailbox.Mailbox, ref mailbox.Ref) error { return m.FetchHeader(done, ref, 10, io.Discard) },
		"Close":       func(m mailbox.Mailbox, _ mailbox.Ref) error { return m.Close(done) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			_, m, entries := s.filled(t)
			if err := call(m, entries[0].Ref); !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a cancelled context = %v, want context.Canceled", name, err)
			}
		})
	}
	t.Run("Settle", func(t *testing.T) {
		if !s.f.Deletes {
			return
		}
		srv, m, entries := s.filled(t)
		for _, r := range m.Settle(done, refs(entries), mailbox.Disposition{Action: mailbox.Delete}) {
			if !errors.Is(r.Err, context.Canceled) {
				t.Errorf("Settle %v with a cancelled context = %v, want context.Canceled", r.Ref, r.Err)
			}
		}
		m.Abort()
		if got := srv.Count(t, "", ""); got != len(entries) {
			t.Errorf("%d messages left, want %d", got, len(entries))
		}
	})
	t.Run("in the middle of a message", func(t *testing.T) {
		srv := s.start(t)
		srv.Deliver(t, large())
		m := srv.Visit(t)
		t.Cleanup(m.Abort)
		entries := listed(t, m, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := m.Fetch(ctx, refs(entries), func(_ mailbox.Ref, r io.Reader) error {
			if _, err := r.Read(make([]byte, 3)); err != nil {
				return err
			}
			cancel()
			_, err := io.Copy(io.Discard, r)
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Fetch = %v, want context.Canceled", err)
		}
	})
}

// large returns a message that does not fit into the buffers of a connection.
func large() string {
	return "Subject: large\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 160_000)
}
