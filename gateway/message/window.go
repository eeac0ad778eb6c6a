package message

import (
	"bytes"
	"io"
)

const smallWindow = 8 << 10 // Most mails are no larger.

// window is what is looked at of a stream: it begins small and grows to windowSize only for a mail that is larger. Of a
// mail that is in memory it is all.
type window struct {
	src      io.Reader
	buf      []byte
	from, to int
	err      error // Of src, io.EOF included; nothing more comes.
	cr       bool  // Lines end with a bare CR, read as LF.
}

func newWindow(src io.Reader) *window {
	return &window{src: src, buf: make([]byte, smallWindow)}
}

// windowOf looks at octets that are in memory where they stand, and does not change them.
func windowOf(octets []byte) *window {
	return &window{buf: octets, to: len(octets), err: io.EOF}
}

// buffered is how many octets can be had without reading.
func (w *window) buffered() int { return w.to - w.from }

// peek returns the next n octets without taking them, at most windowSize; fewer at the end, with the error of the
// reader. They are valid until the next call.
func (w *window) peek(n int) ([]byte, error) {
	n = min(n, windowSize)
	for empty := 0; w.to-w.from < n && w.err == nil; {
		w.room()
		k, err := w.src.Read(w.buf[w.to:])
		if w.cr {
			bareToLF(w.buf[w.to : w.to+k])
		}
		w.to += k
		w.err = err
		if k > 0 || err != nil {
			empty = 0
		} else if empty++; empty == 100 {
			w.err = io.ErrNoProgress
		}
	}
	if w.to-w.from < n {
		return w.buf[w.from:w.to], w.err
	}
	return w.buf[w.from : w.from+n], nil
}

// room makes sure that something can be read.
func (w *window) room() {
	switch {
	case w.from == w.to:
		w.from, w.to = 0, 0
	case w.to < len(w.buf):
	case w.from > 0:
		w.to = copy(w.buf, w.buf[w.from:w.to])
		w.from = 0
	default:
		grown := make([]byte, windowSize)
		copy(grown, w.buf)
		w.buf = grown
	}
}

// discard takes n octets, all of them buffered.
func (w *window) discard(n int) { w.from = min(w.from+n, w.to) }

// lineEndsAreCR makes the reader take every CR for LF: an old mail whose only line ends are bare CRs.
func (w *window) lineEndsAreCR() {
	w.cr = true
	if w.src == nil {
		w.buf = bytes.Clone(w.buf) // They are not ours.
	}
	bareToLF(w.buf[w.from:w.to])
}

func bareToLF(b []byte) {
	for i, c := range b {
		if c == '\r' {
			b[i] = '\n'
		}
	}
}
