package mailbox_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
)

// door hands over one message, as stdin does.
type door struct{ raw string }

func (d *door) Visit(t *testing.T) mailbox.Mailbox {
	t.Helper()
	m, err := mailbox.Spool(t.Context(), strings.NewReader(d.raw), t.TempDir(), 0)
	if err != nil {
		t.Fatalf("Spool: %v", err)
	}
	return m
}

func (d *door) Deliver(_ *testing.T, raws ...string) { d.raw = raws[0] }

func (d *door) Count(_ *testing.T, _, flag string) int {
	if flag != "" {
		return 0
	}
	return 1
}

func TestSingle(t *testing.T) {
	mailboxtest.Run(t, mailboxtest.Features{OneOnly: true}, func(*testing.T) mailboxtest.Server { return &door{} })
}

func TestSpoolKeepsTheLimit(t *testing.T) {
	for _, size := range []int{0, 9, 10, 11, 1 << 20, 1<<20 + 1, 3 << 20} {
		for _, limit := range []int64{10, 1 << 20, 2 << 20} {
			dir := t.TempDir()
			m, err := mailbox.Spool(t.Context(), strings.NewReader(strings.Repeat("x", size)), dir, limit)
			if tooLarge := int64(size) > limit; errors.Is(err, mailbox.ErrTooLarge) != tooLarge {
				t.Errorf("Spool of %d octets under a limit of %d: %v, want ErrTooLarge: %v", size, limit, err, tooLarge)
			}
			if err == nil {
				if entries, _ := m.List(t.Context()); entries[0].Size != int64(size) {
					t.Errorf("size = %d, want %d", entries[0].Size, size)
				}
				m.Abort()
			}
			left, readErr := os.ReadDir(dir)
			if readErr != nil || len(left) != 0 {
				t.Errorf("%d files are left (%v), want none", len(left), readErr)
			}
		}
	}
}

func TestCopyHeader(t *testing.T) {
	for in, want := range map[string]string{
		"A: 1\r\nB: 2\r\n\r\nbody": "A: 1\r\nB: 2\r\n\r\n",
		"A: 1\n\nbody\n\n":         "A: 1\n\n",
		"A: 1":                     "A: 1",
		"\r\nbody":                 "\r\n",
		"A: " + strings.Repeat("x", 9000) + "\n\nbody": "A: " + strings.Repeat("x", 997),
	} {
		var b strings.Builder
		if err := mailbox.CopyHeader(&b, strings.NewReader(in), 1000); err != nil || b.String() != want {
			t.Errorf("CopyHeader of %.20q = %.20q (%d octets), %v, want %.20q (%d octets)", in, b.String(), b.Len(), err, want, len(want))
		}
	}
}
