package imap

import (
	"errors"
	"io"
)

// literal returns the octets of one message and never takes a cut one for a whole one.
type literal struct {
	r       io.Reader
	left    int64
	confirm func() bool // Asked at the end, when the UID was not known before; nil otherwise.
	err     error
	broken  bool // The library's reader failed: it must not be asked again.
}

func (l *literal) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF) || l.left != 0:
		l.err, l.broken = io.ErrUnexpectedEOF, true
	case l.confirm != nil && !l.confirm():
		l.err = io.ErrUnexpectedEOF
	default:
		l.err = io.EOF
	}
	return n, l.err
}
