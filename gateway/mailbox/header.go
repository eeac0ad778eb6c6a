package mailbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// CopyHeader writes the header section of the message in r to w, with the empty line that ends it, but at most limit
// octets. Lines may end in CRLF or LF.
func CopyHeader(w io.Writer, r io.Reader, limit int64) error {
	br := bufio.NewReader(io.LimitReader(r, limit))
	start := true
	for {
		part, err := br.ReadSlice('\n')
		if _, werr := w.Write(part); werr != nil {
			return fmt.Errorf("write header: %w", werr)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read header: %w", err)
		case start && err == nil && (string(part) == "\r\n" || string(part) == "\n"):
			return nil
		}
		start = err == nil
	}
}
