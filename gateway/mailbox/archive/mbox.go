package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// scanner reads an mbox file (RFC 4155). A message begins with a "From " line that is the first of the file or follows an
// empty line; the empty line before the next one belongs to the format. ">From " is read as "From ", ">>From " as
// ">From " (the variant called mboxrd); line ends are kept as they are. As a reader it ends with the current message.
type scanner struct {
	br     *bufio.Reader
	offset int64 // Of br.

	inside bool
	start  bool   // At the start of a line.
	blank  []byte // An empty line that is held back: it may be the last of the message.
	rest   []byte
	out    []byte // Storage of rest.
}

// next moves to the next message and returns the offset of its "From " line, or io.EOF.
func (s *scanner) next() (int64, error) {
	if s.inside {
		if _, err := io.Copy(io.Discard, s); err != nil {
			return 0, err
		}
	}
	offset := s.offset
	for whole := false; !whole; {
		part, err := s.br.ReadSlice('\n')
		s.offset += int64(len(part))
		switch {
		case err == nil:
			whole = true
		case errors.Is(err, io.EOF) && len(part) > 0:
			whole = true // A "From " line and nothing else: an empty message.
		case !errors.Is(err, bufio.ErrBufferFull):
			return 0, err
		}
	}
	s.inside, s.start, s.blank, s.rest = true, true, nil, nil
	return offset, nil
}

func (s *scanner) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if !s.inside {
			return 0, io.EOF
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// fill reads the next line, or a part of a long one, into rest.
func (s *scanner) fill() error {
	if s.start && (s.blank != nil) {
		if head, _ := s.br.Peek(5); string(head) == "From " {
			s.inside = false
			return nil
		}
	}
	part, err := s.br.ReadSlice('\n')
	s.offset += int64(len(part))
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
		return err
	}
	if len(part) == 0 { // The end of the file; an empty line before it belongs to the format.
		s.inside = false
		return nil
	}
	s.out = append(s.out[:0], s.blank...)
	s.blank = nil
	if s.start && (string(part) == "\n" || string(part) == "\r\n") {
		s.blank = bytes.Clone(part)
	} else {
		if quoted := bytes.TrimLeft(part, ">"); s.start && len(quoted) < len(part) && bytes.HasPrefix(quoted, []byte("From ")) {
			part = part[1:]
		}
		s.out = append(s.out, part...)
	}
	s.start = err == nil
	s.rest = s.out
	return nil
}
