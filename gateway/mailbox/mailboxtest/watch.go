package mailboxtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"letterbox/gateway/mailbox"
)

// patience bounds what a server should do at once.
const patience = 20 * time.Second

// watch checks the promises of [mailbox.Watcher], where the source is one.
func (s suite) watch(t *testing.T) {
	watcher := func(t *testing.T) (Server, mailbox.Watcher, []mailbox.Entry) {
		srv, m, entries := s.filled(t)
		w, ok := m.(mailbox.Watcher)
		if !ok {
			return srv, nil, nil
		}
		return srv, w, entries
	}
	news := func(t *testing.T, w mailbox.Watcher, want int) []mailbox.Entry {
		t.Helper()
		got, err := w.News(t.Context())
		if err != nil || len(got) != want {
			t.Fatalf("News = %d entries, %v, want %d", len(got), err, want)
		}
		return got
	}
	t.Run("news are what has arrived", func(t *testing.T) {
		srv, w, entries := watcher(t)
		if w == nil {
			return
		}
		news(t, w, 0)
		srv.Deliver(t, "Subject: new 1\r\n\r\n1\r\n", "Subject: new 2\r\n\r\n2\r\n")
		got := await(t, w, 2)
		if got[0].Ref == entries[len(entries)-1].Ref {
			t.Errorf("News lists %v again", got[0].Ref)
		}
		news(t, w, 0)
		if b := fetched(t, w, refs(got)); b[got[1].Ref] != "Subject: new 2\r\n\r\n2\r\n" && !s.f.Mangles {
			t.Errorf("fetched %q", b[got[1].Ref])
		}
		settled(t, w, refs(entries), mailbox.Disposition{Action: mailbox.Delete})
		news(t, w, 0)
		srv.Deliver(t, "Subject: new 3\r\n\r\n3\r\n")
		await(t, w, 1)
		closed(t, w)
	})
	t.Run("wait ends with new mail", func(t *testing.T) {
		srv, w, _ := watcher(t)
		if w == nil || s.f.Silent {
			return
		}
		delivered := make(chan struct{})
		go func() {
			defer close(delivered)
			time.Sleep(50 * time.Millisecond) // Not needed for the result: it lets Wait begin first, as it mostly does.
			srv.Deliver(t, "Subject: new\r\n\r\nnew\r\n")
		}()
		start := time.Now()
		if err := w.Wait(t.Context(), patience, nil); err != nil {
			t.Fatalf("Wait: %v", err)
		}
		if d := time.Since(start); d > patience/2 {
			t.Errorf("Wait took %v", d)
		}
		<-delivered
		await(t, w, 1)
		closed(t, w)
	})
	t.Run("wait ends when woken and when its time is over", func(t *testing.T) {
		_, w, _ := watcher(t)
		if w == nil {
			return
		}
		wake := make(chan struct{}, 1)
		wake <- struct{}{}
		if err := w.Wait(t.Context(), time.Hour, wake); err != nil {
			t.Fatalf("Wait: %v", err)
		}
		if err := w.Wait(t.Context(), time.Millisecond, wake); err != nil {
			t.Fatalf("Wait: %v", err)
		}
		news(t, w, 0)
		closed(t, w)
	})
	t.Run("wait ends with its context", func(t *testing.T) {
		_, w, _ := watcher(t)
		if w == nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := w.Wait(ctx, time.Hour, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want context.DeadlineExceeded", err)
		}
	})
}

// await asks for news until want entries have come: a server may take a moment to show what was delivered.
func await(t *testing.T, w mailbox.Watcher, want int) []mailbox.Entry {
	t.Helper()
	var got []mailbox.Entry
	for end := time.Now().Add(patience); len(got) < want && time.Now().Before(end); {
		more, err := w.News(t.Context())
		if err != nil {
			t.Fatalf("News: %v", err)
		}
		if got = append(got, more...); len(got) < want {
			if err := w.Wait(t.Context(), 100*time.Millisecond, nil); err != nil {
				t.Fatalf("Wait: %v", err)
			}
		}
	}
	if len(got) != want {
		t.Fatalf("News brought %d entries, want %d", len(got), want)
	}
	return got
}

// folders checks the promises of [mailbox.Lister], where the source is one.
func (s suite) folders(t *testing.T) {
	_, m, entries := s.filled(t)
	l, ok := m.(mailbox.Lister)
	if !ok {
		return
	}
	list, err := l.Folders(t.Context(), true)
	if err != nil {
		t.Fatalf("Folders: %v", err)
	}
	find := func(name string) mailbox.Folder {
		i := slices.IndexFunc(list, func(f mailbox.Folder) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("folder %q is not listed in %v", name, list)
		}
		return list[i]
	}
	if got := find("INBOX").Messages; got != len(entries) {
		t.Errorf("INBOX holds %d messages, want %d", got, len(entries))
	}
	if got := find(s.f.Target).Messages; got != 0 {
		t.Errorf("%s holds %d messages, want 0", s.f.Target, got)
	}
	closed(t, m)
}
