package past

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Reader reads the records of a file.
type Reader interface {
	// Next returns the next record; io.EOF at the end. Any other error ends the file, see ErrBroken.
	Next() (Record, error)
}

// NewJSON returns a reader of JSON Lines (one object in a line) or of one array of objects, whichever r holds.
func NewJSON(r io.Reader) (Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = b.Discard(3) // They are in the buffer.
	}
	line := 1
	for {
		c, err := b.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return &jsonLines{r: b, line: line}, nil
		case err != nil:
			return nil, fmt.Errorf("read issues: %w", err)
		case c == '\n':
			line++
			continue
		case c == ' ' || c == '\t' || c == '\r':
			continue
		}
		if err := b.UnreadByte(); err != nil {
			return nil, fmt.Errorf("read issues: %w", err)
		}
		if c == '[' {
			return newArray(b, line)
		}
		return &jsonLines{r: b, line: line}, nil
	}
}

// jsonLines reads one object in each line. A line that is wrong does not keep the next from being read.
type jsonLines struct {
	r    *bufio.Reader
	line int // Of what comes next.
}

func (j *jsonLines) Next() (Record, error) {
	for {
		at := j.line
		raw, err := j.readLine()
		if err != nil {
			return Record{}, err
		}
		if len(bytes.TrimSpace(raw)) > 0 {
			return decode(at, raw), nil
		}
	}
}

func (j *jsonLines) readLine() ([]byte, error) {
	var all []byte
	for {
		part, err := j.r.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case len(all) > maxRecord:
			return nil, fmt.Errorf("line %d: more than %d MiB in one issue: %w", j.line, maxRecord>>20, ErrBroken)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(all) > 0:
			err = nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", j.line, err)
		}
		j.line++
		return all, nil
	}
}

// array reads the objects of one array.
type array struct {
	lines *lineCounter
	dec   *json.Decoder
}

func newArray(r io.Reader, line int) (*array, error) {
	a := &array{lines: &lineCounter{r: r, line: line}}
	a.dec = json.NewDecoder(a.lines)
	if _, err := a.dec.Token(); err != nil {
		return nil, a.broken(err)
	}
	return a, nil
}

func (a *array) Next() (Record, error) {
	if !a.dec.More() {
		if _, err := a.dec.Token(); err != nil {
			return Record{}, a.broken(err)
		}
		if _, err := a.dec.Token(); !errors.Is(err, io.EOF) {
			return Record{}, a.broken(errors.New("something follows the end of the array"))
		}
		return Record{}, io.EOF
	}
	a.lines.limit = a.dec.InputOffset() + maxRecord
	var raw json.RawMessage
	if err := a.dec.Decode(&raw); err != nil {
		return Record{}, a.broken(err)
	}
	return decode(a.lines.at(a.dec.InputOffset()-int64(len(raw))), raw), nil
}

func (a *array) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("after line %d: %w: %w", a.lines.at(a.dec.InputOffset()), err, ErrBroken)
}

// lineCounter knows in which line an octet stands that a decoder has taken, however far it has read ahead.
type lineCounter struct {
	r      io.Reader
	read   int64   // Octets.
	limit  int64   // Nothing is read beyond; 0: no limit.
	line   int     // Of what was asked for last.
	breaks []int64 // Line ends beyond that.
}

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.limit > 0 && l.read > l.limit {
		return 0, fmt.Errorf("more than %d MiB in one issue", maxRecord>>20)
	}
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// at returns the line of an octet; the ones before it are not asked for any more.
func (l *lineCounter) at(offset int64) int {
	n := 0
	for n < len(l.breaks) && l.breaks[n] < offset {
		n++
	}
	l.line += n
	l.breaks = append(l.breaks[:0], l.breaks[n:]...)
	return l.line
}
