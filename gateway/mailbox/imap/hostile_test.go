package imap_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/gateway/mailbox/wire"
)

// collect fetches and returns what came, by UID.
func collect(t *testing.T, m mailbox.Mailbox, uids ...string) (map[string]string, error) {
	t.Helper()
	var refs []mailbox.Ref
	for _, uid := range uids {
		refs = append(refs, ref(uid))
	}
	got := map[string]string{}
	err := m.Fetch(t.Context(), refs, func(ref mailbox.Ref, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil {
			got[ref.UID] = string(b)
		}
		return err
	})
	return got, err
}

func TestFetchToleratesUnusualAnswers(t *testing.T) {
	long := strings.Repeat("y", 200_000) // One line, and more than a message may bring unannounced.
	for name, c := range map[string]struct {
		answers map[string]string
		want    map[string]string
		err     error
	}{
		"UID before the octets": {
			map[string]string{"UID FETCH": "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nTAG OK done\r\n"}, map[string]string{"1": "abc"}, nil,
		},
		"UID behind the octets": {
			map[string]string{
				"UID FETCH": "* 1 FETCH (BODY[] {200000}\r\n" + long + " UID 1)\r\nTAG OK done\r\n", "UID FETCH 1 (UID FLAGS)": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
				"FETCH 1": "* 1 FETCH (BODY[] {200000}\r\n" + long + " UID 1)\r\nTAG OK done\r\n",
			}, map[string]string{"1": long}, nil,
		},
		"messages that nobody asked for": {
			map[string]string{"UID FETCH": "* 2 FETCH (UID 2 BODY[] {3}\r\nxyz)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* 1 FETCH (FLAGS ())\r\n* 4 EXISTS\r\nTAG OK done\r\n"},
			map[string]string{"1": "abc"}, nil,
		},
		"no octets now": {
			map[string]string{"UID FETCH": "* 1 FETCH (UID 1 BODY[] NIL)\r\nTAG OK done\r\n"}, map[string]string{}, mailbox.ErrWithheld,
		},
		"expunged meanwhile": {
			map[string]string{"UID FETCH": "TAG OK done\r\n"}, map[string]string{}, nil,
		},
		"a quoted message": {
			map[string]string{"UID FETCH": "* 1 FETCH (UID 1 BODY[] \"abc\")\r\nTAG OK done\r\n"}, map[string]string{"1": "abc"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: c.answers}
			m := visit(t, s.start(t))
			defer m.Abort()
			got, err := collect(t, m, "1")
			if !errors.Is(err, c.err) {
				t.Fatalf("Fetch = %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("got (-) want (+):\n%s", diff)
			}
		})
	}
}

func TestFetchNeverTakesACutMessageForAWholeOne(t *testing.T) {
	s := &script{stream: map[string]func(io.Writer){"UID FETCH": func(w io.Writer) {
		_, _ = io.WriteString(w, "* 1 FETCH (UID 1 BODY[] {1000}\r\n"+strings.Repeat("x", 500))
		_ = w.(io.Closer).Close()
	}}}
	m := visit(t, s.start(t))
	defer m.Abort()
	got, err := collect(t, m, "1")
	if len(got) != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Fetch = %v, %v, want no message and io.ErrUnexpectedEOF", got, err)
	}
}

func TestFetchByNumberChecksTheUID(t *testing.T) {
	s := &script{answers: map[string]string{
		"UID FETCH 1 (UID FLAGS)": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
		"FETCH 1":                 "* 1 FETCH (BODY[] {3}\r\nabc UID 2)\r\nTAG OK done\r\n",
	}}
	m := visit(t, s.start(t))
	defer m.Abort()
	if got, err := collect(t, m, "1"); len(got) != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Fetch = %v, %v, want no message and io.ErrUnexpectedEOF", got, err)
	}
}

// endless writes pattern until the connection is closed and returns how much went out.
func endless(head, pattern string) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = io.WriteString(w, head)
		block := []byte(strings.Repeat(pattern, 1+32<<10/len(pattern)))
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

func TestHostileServersAreCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		stream map[string]func(io.Writer)
		want   error
	}{
		"endless line":                {map[string]func(io.Writer){"UID FETCH 1:*": endless("* 1 FETCH (UID 1 FLAGS (", "x")}, wire.ErrLine},
		"endless string":              {map[string]func(io.Writer){"UID FETCH 1:*": endless("* OK \"", "x")}, wire.ErrLine},
		"endless listing":             {map[string]func(io.Writer){"UID FETCH 1:*": counting}, nil},
		"endless untagged answers":    {map[string]func(io.Writer){"UID FETCH 1:*": endless("", "* OK still here\r\n")}, wire.ErrTooMuch},
		"endless message, announced":  {map[string]func(io.Writer){"UID FETCH 1 (": endless("* 1 FETCH (UID 1 BODY[] {9223372036854775807}\r\n", "x")}, nil},
		"endless message, not asked":  {map[string]func(io.Writer){"UID FETCH 1 (": endless("* 1 FETCH (BODY[] {9223372036854775807}\r\n", "x")}, nil},
		"a number beyond all numbers": {map[string]func(io.Writer){"UID FETCH 1 (": endless("* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n", "x")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			s := &script{stream: c.stream}
			m := visit(t, s.start(t))
			defer m.Abort()
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := m.List(t.Context())
			if err == nil {
				_, err = collect(t, m, "1")
			}
			runtime.ReadMemStats(&after)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 200<<20 {
				t.Errorf("memory grew by %d octets", grown)
			}
		})
	}
}

// counting lists messages without end.
func counting(w io.Writer) {
	var b bytes.Buffer
	for n := 1; ; n++ {
		b.Reset()
		for range 1000 {
			n++
			b.WriteString("* 1 FETCH (UID " + itoa(n) + " FLAGS () RFC822.SIZE 10)\r\n")
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return
		}
	}
}

func TestSilenceEndsEveryCommand(t *testing.T) {
	silent := func(io.Writer) {}
	for _, cmd := range []string{"CAPABILITY", "LOGIN", "EXAMINE", "UID FETCH 1:*", "UID FETCH 1 (", "NOOP", "SELECT", "UID STORE"} {
		t.Run(cmd, func(t *testing.T) {
			s := &script{
				stream: map[string]func(io.Writer){cmd: silent},
				answers: map[string]string{
					"UID FETCH 1:*": "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 3)\r\nTAG OK done\r\n", "UID FETCH 1 (UID BODY": "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nTAG OK done\r\n",
					"UID FETCH 1 (UID FLAGS)": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
				},
			}
			a := s.start(t)
			a.FetchTimeout = 100 * time.Millisecond
			begin := time.Now()
			err := wholeVisit(t, a)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v, want os.ErrDeadlineExceeded", err)
			}
			mailboxtest.CheckProblem(t, err, phaseOf(err), "E-NET-04")
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func phaseOf(err error) mailbox.Phase {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		return p.Phase
	}
	return ""
}

// wholeVisit does what the gateway does and returns the first error.
func wholeVisit(t *testing.T, a mailbox.Account) error {
	t.Helper()
	m, err := imap.Open(t.Context(), a, nil)
	if err != nil {
		return err
	}
	defer m.Abort()
	if _, err := m.List(t.Context()); err != nil {
		return err
	}
	if _, err := collect(t, m, "1"); err != nil {
		return err
	}
	if _, err := m.News(t.Context()); err != nil {
		return err
	}
	return m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Seen})[0].Err
}

func TestALargeMessageIsNotHeldInMemory(t *testing.T) {
	const size = 50 << 20
	block := bytes.Repeat([]byte("x"), 64<<10)
	s := &script{
		answers: map[string]string{"UID FETCH 1:*": "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 52428800)\r\nTAG OK done\r\n"},
		stream: map[string]func(io.Writer){"UID FETCH 1 (": func(w io.Writer) {
			_, _ = io.WriteString(w, "* 1 FETCH (UID 1 BODY[] {52428800}\r\n")
			for range size / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
			_, _ = io.WriteString(w, ")\r\nT4 OK done\r\n")
		}},
	}
	m := visit(t, s.start(t))
	defer m.Abort()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var n int64
	err := m.Fetch(t.Context(), []mailbox.Ref{ref("1")}, func(_ mailbox.Ref, r io.Reader) (err error) {
		n, err = io.Copy(io.Discard, r)
		return err
	})
	runtime.ReadMemStats(&after)
	if n != size {
		t.Errorf("Fetch = %d octets, %v, want %d", n, err, size)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d octets were allocated for a message of %d", got, n)
	}
}

func TestNewsAreOnlyWhatIsNew(t *testing.T) {
	list := "* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 3)\r\n* 2 FETCH (UID 3 FLAGS () RFC822.SIZE 3)\r\n"
	s := &script{answers: map[string]string{
		"UID FETCH 1:*": list + "TAG OK done\r\n",
		"NOOP":          "* SEARCH 4294967295\r\n* 9 EXISTS\r\nTAG OK done\r\n",
		// RFC 3501, 6.4.8: "4:*" includes the last message, whatever its UID.
		"UID FETCH 4:*": "* 2 FETCH (UID 3 FLAGS () RFC822.SIZE 3)\r\nTAG OK done\r\n",
	}}
	m := visit(t, s.start(t)).(mailbox.Watcher)
	defer m.Abort()
	if entries, err := m.List(t.Context()); err != nil || len(entries) != 2 {
		t.Fatalf("List = %v, %v, want 2 entries", entries, err)
	}
	if news, err := m.News(t.Context()); err != nil || len(news) != 0 {
		t.Errorf("News = %v, %v, want none", news, err)
	}
	if got := s.commands("UID FETCH 4:*"); len(got) != 1 {
		t.Errorf("sent %q, want the new messages to be asked for once", got)
	}
}

func TestWhatFailsBeforeAMessageIsAskedForSaysSo(t *testing.T) {
	s := &script{stream: map[string]func(io.Writer){`EXAMINE "Other"`: func(w io.Writer) { _ = w.(io.Closer).Close() }}}
	m := visit(t, s.start(t))
	defer m.Abort()
	err := m.Fetch(t.Context(), []mailbox.Ref{{Folder: "Other", UIDValidity: 9, UID: "1"}}, func(mailbox.Ref, io.Reader) error {
		t.Error("a message came")
		return nil
	})
	if p, ok := errors.AsType[*mailbox.Problem](err); !errors.Is(err, mailbox.ErrNotAsked) || !ok || p.Code != "E-NET-05" {
		t.Errorf("Fetch = %v, want ErrNotAsked and E-NET-05", err)
	}
}
