package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// FuzzMbox checks that messages written in the mboxrd way come back, and that anything else ends without trouble.
func FuzzMbox(f *testing.F) {
	f.Add("Subject: 1\n\nFrom here\n", "\n\n>From there\n>>From x")
	f.Add("", "From \n\nFrom ")
	f.Fuzz(func(t *testing.T, one, two string) {
		want := []string{one + "\n", two + "\n"}
		var mbox strings.Builder
		for _, raw := range want {
			mbox.WriteString("From x@example.org\n")
			for line := range strings.SplitAfterSeq(raw, "\n") {
				if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
					mbox.WriteByte('>')
				}
				mbox.WriteString(line)
			}
			mbox.WriteString("\n")
		}
		got := read(t, mbox.String())
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got %q, want %q", got, want)
		}
		read(t, one)
	})
}

func read(t *testing.T, mbox string) (got []string) {
	t.Helper()
	s := &scanner{br: bufio.NewReaderSize(strings.NewReader(mbox), 16)}
	for {
		offset, err := s.next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil || offset > int64(len(mbox)) {
			t.Fatalf("next = %d, %v", offset, err)
		}
		var b bytes.Buffer
		if _, err := io.Copy(&b, s); err != nil {
			t.Fatal(err)
		}
		got = append(got, b.String())
	}
}
