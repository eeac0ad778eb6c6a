package pop3

import (
	"bufio"
	"bytes"
	"io"
	"testing"
)

// FuzzBody checks that what was stuffed comes back as it was, whatever it holds, and that reading ends exactly behind it.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"", ".", "..\r\n.", "a\n.\r\n", "\r\n\r\n.\r\r\n", "a\r", ".\n.\r\n.x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = append(bytes.Clone(raw), "\r\n"...)
		var sent bytes.Buffer
		for line := range bytes.SplitAfterSeq(raw, []byte("\r\n")) {
			if bytes.HasPrefix(line, []byte(".")) {
				sent.WriteByte('.')
			}
			sent.Write(line)
		}
		sent.WriteString(".\r\n+OK next\r\n")
		br := bufio.NewReaderSize(&sent, 16)
		b := &body{br: br, start: true, sync: func() error { return nil }}
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("got %q, %v, want %q", got, err, raw)
		}
		if rest, _ := io.ReadAll(br); string(rest) != "+OK next\r\n" {
			t.Errorf("left %q, want the next reply", rest)
		}
	})
}
