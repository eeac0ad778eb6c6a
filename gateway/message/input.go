package message

import (
	"bytes"
	"io"
)

const (
	windowSize  = 32 << 10 // Octets looked at together; also the longest line that can be a header line or a delimiter.
	maxBoundary = 1 << 10  // Seen in practice: far beyond the 70 characters of RFC 2046, 5.1.1.
)

// input reads a mail once, front to end, and knows the delimiter lines of the multiparts that are open. Every method is
// linear in what it reads: a line is compared with at most Limits.Depth boundaries.
type input struct {
	r      *window
	err    error    // Why the underlying reader stopped; nil after a normal end.
	tape   *tape    // Holds what is read while somebody wants it.
	bounds [][]byte // Boundaries of the open multiparts, outermost first.
	bol    bool     // The next octet begins a line.
	eol    []byte   // A line end held back: the one before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).
}

func newInput(w *window) *input {
	if head, _ := w.peek(windowSize); bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		w.lineEndsAreCR()
	}
	return &input{r: w, bol: true}
}

// stop tells what ended a body: a delimiter line of the multipart at level (0 is the outermost), or the end of the mail.
type stop struct {
	level int  // -1 at the end of the mail.
	last  bool // The closing delimiter.
}

var theEnd = stop{level: -1}

// fill makes sure that something is buffered; false at the end of the mail.
func (in *input) fill(n int) ([]byte, bool) {
	b, err := in.r.peek(n)
	if len(b) == 0 {
		if err != nil && err != io.EOF {
			in.err = err
		}
		return nil, false
	}
	if err != nil && err != io.EOF {
		in.err = err
	}
	return b, true
}

// body hands the octets up to the next delimiter line to w, in blocks that w must not keep. lines is a hook for a
// preamble: it sees the start of every line that begins with "--" and may open a boundary.
func (in *input) body(w func([]byte), lines func(line []byte) bool) stop {
	in.eol = in.eol[:0]
	for {
		b, ok := in.fill(2)
		if !ok {
			w(in.eol)
			in.eol = in.eol[:0]
			return theEnd
		}
		if in.bol && (len(in.bounds) > 0 || lines != nil) && bytes.HasPrefix(b, dashes) {
			line := in.peekLine()
			if at, ok := in.match(line); ok {
				in.discard(len(line))
				return at
			}
			n := len(line)
			if lines != nil && lines(line) {
				in.discard(n)
				return stop{level: len(in.bounds) - 1}
			}
			line, _ = in.r.peek(n) // The hook may have moved the window.
			in.emit(w, line)
			in.discard(n)
			continue
		}
		b, _ = in.r.peek(in.r.buffered())
		if len(in.bounds) > 0 || lines != nil {
			if i := bytes.Index(b, lineDash); i >= 0 {
				b = b[:i+1]
			}
		}
		in.emit(w, b)
		in.discard(len(b))
	}
}

var (
	dashes   = []byte("--")
	lineDash = []byte("\n-")
)

// emit writes the line end held back and b without its own, which it holds back in turn.
func (in *input) emit(w func([]byte), b []byte) {
	if len(in.eol) > 0 {
		if in.eol[len(in.eol)-1] == '\r' && b[0] == '\n' && len(b) == 1 {
			in.eol = append(in.eol, '\n')
			in.bol = true
			return
		}
		w(in.eol)
		in.eol = in.eol[:0]
	}
	n := len(b)
	in.bol = b[n-1] == '\n'
	if in.bol {
		n--
	}
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	in.eol = append(in.eol, b[n:]...)
	if n > 0 {
		w(b[:n])
	}
}

// skip reads up to the next delimiter line and drops what it reads.
func (in *input) skip() stop { return in.body(func([]byte) {}, nil) }

func (in *input) discard(n int) {
	if n > 0 {
		if in.tape != nil {
			b, _ := in.r.peek(n)
			in.tape.take(b)
		}
		in.r.discard(n) // All of it is buffered.
	}
}

// peekLine returns the line that begins here with its line end, at most one window of it.
func (in *input) peekLine() []byte {
	n := in.r.buffered()
	if n == 0 {
		n = 1
	}
	b, _ := in.fill(n)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	b, _ = in.fill(windowSize)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

// peekBehind returns the line after the next n octets; it is for looking, so it may be cut short. Slices from earlier
// looks are no longer valid afterwards.
func (in *input) peekBehind(n int) []byte {
	b, _ := in.fill(min(n+512, windowSize))
	if len(b) <= n {
		return nil
	}
	b = b[n:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return bytes.TrimRight(b, "\r")
}

// match compares a line with the boundaries that are open, innermost first.
func (in *input) match(line []byte) (stop, bool) {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' || len(line) > maxBoundary+64 {
		return stop{}, false
	}
	text := bytes.TrimRight(line[2:], " \t\r\n")
	for i := len(in.bounds) - 1; i >= 0; i-- {
		rest, ok := bytes.CutPrefix(text, in.bounds[i])
		switch {
		case !ok:
		case len(rest) == 0, bytes.Equal(rest, dashes):
			if in.tape != nil {
				in.tape.mark = len(in.tape.octets)
			}
			return stop{level: i, last: len(rest) > 0}, true
		}
	}
	return stop{}, false
}
