package pop3_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/gateway/mailbox/pop3"
	"letterbox/gateway/mailbox/wire"
)

const piped = "+OK\r\nPIPELINING\r\n.\r\n"

func refsOf(t *testing.T, m mailbox.Mailbox) []mailbox.Ref {
	t.Helper()
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	var refs []mailbox.Ref
	for _, e := range entries {
		refs = append(refs, e.Ref)
	}
	return refs
}

// first fetches the first message.
func first(t *testing.T, m mailbox.Mailbox) (got string, err error) {
	t.Helper()
	err = m.Fetch(t.Context(), refsOf(t, m)[:1], func(_ mailbox.Ref, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err == nil {
			got = string(b)
		}
		return err
	})
	return got, err
}

// A message may hold what looks like its end. On servers that do not stuff dots the rest of it would be read as replies
// to the next commands, and DELE would seem to succeed.
func TestAMessageCannotSpeakForTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want string // Empty when the message must not be taken.
	}{
		"end with bare LF":         {"a\n.\n+OK\r\n", "a\n.\n+OK\r\n"},
		"end with LF and CRLF":     {"a\n.\r\n+OK\r\n", "a\n.\r\n+OK\r\n"},
		"end with CRLF and LF":     {"a\r\r\n.x\n\r\n", "a\r\r\nx\n\r\n"},
		"end that was not stuffed": {"a\r\n.\r\nb\r\n", ""},
		"end and a reply":          {"a\r\n.\r\n+OK\r\n+OK\r\nb\r\n", ""},
	} {
		for _, capa := range []string{"-ERR\r\n", piped} {
			t.Run(name, func(t *testing.T) {
				s := &script{answers: map[string]string{
					"CAPA": capa, "LIST": fmt.Sprintf("+OK\r\n1 %d\r\n.\r\n", len(c.raw)), "RETR 1": "+OK\r\n" + c.raw + ".\r\n", "NOOP": "+OK\r\n",
				}}
				m := visit(t, s.start(t))
				got, err := first(t, m)
				if got != c.want || (err == nil) != (c.want != "") {
					t.Errorf("got %q, %v, want %q", got, err, c.want)
				}
				if c.want != "" {
					return
				}
				if r := m.Settle(t.Context(), refsOf(t, m), mailbox.Disposition{Action: mailbox.Delete}); r[0].Err == nil {
					t.Error("Settle succeeded on a connection that is out of step")
				}
				if err := m.Close(t.Context()); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Logf("Close: %v", err)
				}
				if sent := append(s.commands("DELE"), s.commands("QUIT")...); len(sent) != 0 {
					t.Errorf("sent %q, want neither DELE nor QUIT", sent)
				}
			})
		}
	}
}

func TestEveryMessageIsListedUnderANameOfItsOwn(t *testing.T) {
	for name, uidl := range map[string]string{
		"no UIDL":         "-ERR unknown command\r\n",
		"blank ids":       "+OK\r\n1 a\r\n2 \r\n3\r\n4 d\r\n.\r\n",
		"the same twice":  "+OK\r\n1 a\r\n2 b\r\n3 a\r\n4 d\r\n.\r\n",
		"a short list":    "+OK\r\n1 a\r\n.\r\n",
		"nonsense":        "+OK\r\n1 a\r\nhello\r\n-5 b\r\n9999999999999999999 c\r\n4 d\r\n.\r\n",
		"a very long one": "+OK\r\n1 a\r\n2 " + strings.Repeat("x", 4000) + "\r\n3 c\r\n4 d\r\n.\r\n",
		"differing case":  "+OK\r\n1 a\r\n2 A\r\n3 b\r\n4 B\r\n.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: map[string]string{
				"STAT": "+OK 4 40\r\n", "LIST": "+OK\r\n1 10\r\n2 10\r\n3 10\r\n.\r\n", "UIDL": uidl,
				"TOP 1 0": "+OK\r\nSubject: 1\r\n\r\n.\r\n", "TOP 2 0": "+OK\r\nSubject: 2\r\n\r\n.\r\n",
				"TOP 3 0": "+OK\r\nSubject: 2\r\n\r\n.\r\n", "TOP 4 0": "+OK\r\nSubject: 4\r\n\r\n.\r\n",
			}}
			a := s.start(t)
			m := visit(t, a)
			defer m.Abort()
			got := refsOf(t, m)
			seen := map[mailbox.Ref]bool{}
			for _, r := range got {
				if seen[r] || r.UID == "" || len(r.UID) > 250 {
					t.Errorf("ref %q is empty, too long or not the only one", r.UID)
				}
				seen[r] = true
			}
			if len(got) != 4 {
				t.Errorf("%d messages are listed, want 4", len(got))
			}
			again := visit(t, a)
			defer again.Abort()
			if diff := cmp.Diff(got, refsOf(t, again)); diff != "" {
				t.Errorf("second visit differs (-first +second):\n%s", diff)
			}
		})
	}
}

func TestTheCheckNamesAMissingUIDL(t *testing.T) {
	s := &script{answers: map[string]string{"UIDL": "-ERR what\r\n", "TOP 1 0": "+OK\r\nSubject: 1\r\n\r\n.\r\n"}}
	var last mailbox.Step
	m, err := pop3.Open(t.Context(), s.start(t), func(step mailbox.Step) { last = step })
	if err != nil {
		t.Fatal(err)
	}
	defer m.Abort()
	want := mailbox.Step{Phase: mailbox.PhaseCounts, Note: map[string]string{"messages": "1", "uidl": "missing", "code": "E-POP-01"}}
	if diff := cmp.Diff(last, want); diff != "" {
		t.Errorf("last step (-got +want):\n%s", diff)
	}
}

func TestRefusalsOfSignIn(t *testing.T) {
	for reply, code := range map[string]string{
		"-ERR [AUTH] wrong password\r\n": "E-AUTH-01",
		"-ERR\twrong\r\n":                "E-AUTH-01",
		"-ERR\r\n":                       "E-AUTH-01",
		"-ERR [IN-USE] Do you have another POP session running?\r\n":             "E-POP-02",
		"-ERR [LOGIN-DELAY] minimum time between mail checks violation\r\n":      "E-POP-03",
		"-ERR [SYS/TEMP] back end is down\r\n":                                   "E-NET-05",
		"-ERR Application-specific password required\r\n":                        "E-AUTH-02",
		"-ERR [AUTH] Plaintext authentication disallowed on non-secure ...\r\n":  "E-AUTH-06",
		"-ERR [SYS/PERM] Your account is not enabled for POP access, secret\r\n": "E-AUTH-03",
	} {
		t.Run(reply, func(t *testing.T) {
			s := &script{answers: map[string]string{"PASS secret": reply}}
			err := open(t.Context(), s.start(t))
			mailboxtest.CheckProblem(t, err, mailbox.PhaseSignIn, code)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the password: %v", err)
			}
		})
	}
}

func TestCloseSaysWhetherDeletionsAreFinal(t *testing.T) {
	hangUp := func(w io.Writer) { _ = w.(io.Closer).Close() }
	for name, c := range map[string]struct {
		script *script
		delete bool
		ok     bool
	}{
		"accepted":                       {&script{}, true, true},
		"refused":                        {&script{answers: map[string]string{"QUIT": "-ERR some messages not removed\r\n"}}, true, false},
		"lost":                           {&script{stream: map[string]func(io.Writer){"QUIT": hangUp}}, true, false},
		"an empty line":                  {&script{answers: map[string]string{"QUIT": "\r\n"}}, true, false},
		"lost, but nothing was deleted":  {&script{stream: map[string]func(io.Writer){"QUIT": hangUp}}, false, true},
		"DELE is answered with a puzzle": {&script{answers: map[string]string{"DELE 1": "\r\n"}}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := visit(t, c.script.start(t))
			refs := refsOf(t, m)
			err := error(nil)
			if c.delete {
				err = m.Settle(t.Context(), refs, mailbox.Disposition{Action: mailbox.Delete})[0].Err
			}
			if err == nil {
				err = m.Close(t.Context())
			}
			if (err == nil) != c.ok {
				t.Errorf("Settle and Close = %v, want success: %v", err, c.ok)
			}
		})
	}
}

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
		stream  map[string]func(io.Writer)
		answers map[string]string
		want    error
	}{
		"endless reply":      {map[string]func(io.Writer){"STAT": endless("+OK ", "x")}, nil, wire.ErrLine},
		"endless list":       {map[string]func(io.Writer){"LIST": endless("+OK\r\n", "1 10\r\n")}, nil, wire.ErrTooMuch},
		"endless ids":        {map[string]func(io.Writer){"UIDL": endless("+OK\r\n", "1 abc\r\n")}, nil, wire.ErrTooMuch},
		"endless message":    {map[string]func(io.Writer){"RETR 1": endless("+OK\r\n", "x")}, nil, nil},
		"too many messages":  {nil, map[string]string{"STAT": "+OK 10000000 10\r\n"}, wire.ErrTooMuch},
		"fewer than nothing": {nil, map[string]string{"STAT": "+OK -1 10\r\n"}, wire.ErrTooMuch},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			s := &script{stream: c.stream, answers: c.answers}
			a := s.start(t)
			a.MaxMessageSize = 1 << 20
			m := visit(t, a)
			defer m.Abort()
			runtime.ReadMemStats(&before)
			_, err := m.List(t.Context())
			if err == nil {
				err = m.Fetch(t.Context(), refsOf(t, m), func(_ mailbox.Ref, r io.Reader) error {
					_, err := io.Copy(io.Discard, r)
					return err
				})
			}
			runtime.ReadMemStats(&after)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 100<<20 {
				t.Errorf("memory grew by %d octets", grown)
			}
		})
	}
}

func TestSilenceEndsEveryCommand(t *testing.T) {
	for _, cmd := range []string{"USER alice", "PASS secret", "STAT", "LIST", "UIDL", "CAPA", "RETR 1", "NOOP", "DELE 1", "QUIT"} {
		t.Run(cmd, func(t *testing.T) {
			s := &script{stream: map[string]func(io.Writer){cmd: func(io.Writer) {}}, answers: map[string]string{"RETR 1": "+OK\r\nx\r\n.\r\n"}}
			a := s.start(t)
			a.FetchTimeout = 100 * time.Millisecond
			begin := time.Now()
			if err := wholeVisit(t, a); !errors.Is(err, os.ErrDeadlineExceeded) && !(cmd == "NOOP" && errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Errorf("got %v, want os.ErrDeadlineExceeded", err)
			}
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// wholeVisit does what the gateway does and returns the first error.
func wholeVisit(t *testing.T, a mailbox.Account) error {
	t.Helper()
	m, err := pop3.Open(t.Context(), a, nil)
	if err != nil {
		return err
	}
	defer m.Abort()
	entries, err := m.List(t.Context())
	if err != nil {
		return err
	}
	refs := []mailbox.Ref{entries[0].Ref}
	err = m.Fetch(t.Context(), refs, func(_ mailbox.Ref, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if err != nil {
		return err
	}
	if err := m.Settle(t.Context(), refs, mailbox.Disposition{Action: mailbox.Delete})[0].Err; err != nil {
		return err
	}
	return m.Close(t.Context())
}

func TestALargeMessageIsNotHeldInMemory(t *testing.T) {
	const lines = 50 << 20 / 78
	line := []byte(strings.Repeat("x", 76) + "\r\n")
	s := &script{
		answers: map[string]string{"LIST": fmt.Sprintf("+OK\r\n1 %d\r\n.\r\n", lines*78)},
		stream: map[string]func(io.Writer){"RETR 1": func(w io.Writer) {
			_, _ = io.WriteString(w, "+OK\r\n")
			for range lines {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
			_, _ = io.WriteString(w, ".\r\n")
		}},
	}
	m := visit(t, s.start(t))
	defer m.Abort()
	refs := refsOf(t, m)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var n int64
	err := m.Fetch(t.Context(), refs, func(_ mailbox.Ref, r io.Reader) (err error) {
		n, err = io.Copy(io.Discard, r)
		return err
	})
	runtime.ReadMemStats(&after)
	if err != nil || n != lines*78 {
		t.Errorf("Fetch = %d octets, %v, want %d", n, err, lines*78)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d octets were allocated for a message of %d", got, n)
	}
}

func TestWhatFailsBeforeAMessageIsAskedForSaysSo(t *testing.T) {
	s := &script{stream: map[string]func(io.Writer){"CAPA": func(w io.Writer) { _ = w.(io.Closer).Close() }}}
	m := visit(t, s.start(t))
	defer m.Abort()
	_, err := first(t, m)
	if p, ok := errors.AsType[*mailbox.Problem](err); !errors.Is(err, mailbox.ErrNotAsked) || !ok || p.Code != "E-NET-05" {
		t.Errorf("Fetch = %v, want ErrNotAsked and E-NET-05", err)
	}
}
