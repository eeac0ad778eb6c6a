package pop3

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// maxHeader bounds the answer to TOP, in octets.
const maxHeader = 4 << 20

var errEach = errors.New("transfer was ended by its receiver")

// Fetch streams the messages named by refs in their order. An error from each, and any error of the transfer except
// ErrWithheld, ends the visit: only Abort is of use afterwards.
func (m *Mailbox) Fetch(ctx context.Context, refs []mailbox.Ref, each func(ref mailbox.Ref, r io.Reader) error) error {
	if _, err := m.List(ctx); err != nil {
		return fmt.Errorf("%w: %w", mailbox.ErrNotAsked, err)
	}
	if err := m.learn(ctx); err != nil {
		return fmt.Errorf("%w: %w", mailbox.ErrNotAsked, m.problem(mailbox.PhaseFetch, fmt.Errorf("ask for capabilities: %w", err)))
	}
	var withheld error
	for _, ref := range refs {
		n, ok := m.byUID[ref.UID]
		if !ok || m.marked[n] {
			continue
		}
		size := m.entries[n-1].Size
		var eachErr error
		err := m.retrieve(ctx, "RETR "+strconv.Itoa(n), size, m.limit(size), func(r io.Reader) error {
			eachErr = each(ref, r)
			return eachErr
		})
		switch {
		case errors.Is(err, errRefused) && m.conn.Cause() == nil:
			// The maildrop does not change during a session, so it is there; perhaps it comes next time.
			withheld = errors.Join(withheld, fmt.Errorf("fetch message %d: %w", n, mailbox.ErrWithheld))
		case eachErr != nil && ctx.Err() == nil && errors.Is(err, errEach):
			return eachErr
		case err != nil:
			return m.problem(mailbox.PhaseFetch, fmt.Errorf("fetch message: %w", err))
		}
	}
	return withheld
}

// learn asks once for the capabilities that save round trips.
func (m *Mailbox) learn(ctx context.Context) error {
	if m.capa != nil {
		return nil
	}
	return m.do(ctx, func() (err error) {
		m.capa, err = askCapa(m.conn)
		return err
	})
}

func (m *Mailbox) pipelining() bool {
	_, ok := m.capa["PIPELINING"] // RFC 2449, 6.6.
	return ok
}

// limit is how many octets a message may have: twice what was announced (dots, line ends), or a tenth more than is
// allowed.
func (m *Mailbox) limit(size int64) int64 {
	limit := m.account.MaxMessageSize
	if limit == 0 {
		limit = 150 << 20
	}
	return max(limit+limit/10, 2*size) + 64<<10
}

func copyTo(w io.Writer) func(io.Reader) error {
	return func(r io.Reader) error {
		_, err := io.Copy(w, r)
		return err
	}
}

// retrieve runs RETR or TOP and passes the message on. The command is followed by a NOOP whose reply must come where it
// belongs, before the message counts as whole: otherwise a message that holds what looks like its end could pass the
// rest of itself off as replies. size is what LIST announced, 0 when it does not apply.
func (m *Mailbox) retrieve(ctx context.Context, cmd string, size, limit int64, use func(io.Reader) error) error {
	idle := wire.FetchTimeout(m.account)
	limits := wire.Limits{Octets: limit, Idle: idle, Total: 5*idle + time.Duration(limit>>14)*time.Second}
	m.link.status = ""
	return m.conn.Do(ctx, limits, func() error {
		if m.conn.Reader().Buffered() > 0 {
			m.conn.Fail(errDesync)
			return errDesync
		}
		piped := m.pipelining()
		text := cmd + "\r\n"
		if piped {
			text += "NOOP\r\n"
		}
		if _, err := io.WriteString(m.conn, text); err != nil {
			return fmt.Errorf("send command: %w", err)
		}
		line, err := status(m.conn)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, "+OK") {
			if piped {
				_, err = status(m.conn)
			}
			return errors.Join(errRefused, err)
		}
		b := &body{br: m.conn.Reader(), start: true}
		b.sync = func() error { return m.inStep(piped, size, b.n) }
		if err := use(b); err != nil {
			m.conn.Fail(errEach)
			return errEach
		}
		_, err = io.Copy(io.Discard, b)
		return err
	})
}

// inStep proves that the server waits for a command. Sizes in LIST are estimates on some servers, so a short message is
// no error by itself; it is asked about once more.
func (m *Mailbox) inStep(piped bool, size, got int64) error {
	rounds := 1
	if got < size {
		rounds = 2
	}
	for range rounds {
		if !piped {
			if m.conn.Reader().Buffered() > 0 {
				return errDesync
			}
			if _, err := io.WriteString(m.conn, "NOOP\r\n"); err != nil {
				return err
			}
		}
		piped = false
		line, err := status(m.conn)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, "+OK") || m.conn.Reader().Buffered() > 0 {
			return errDesync
		}
	}
	return nil
}

// body reads a multi-line answer: it ends at CRLF.CRLF and nowhere else, and a dot at the start of a line that ends in
// CRLF was stuffed (RFC 1939, 3). A bare LF starts no line. Octets are not changed otherwise.
type body struct {
	br    *bufio.Reader
	start bool // At the start of a line.
	cr    bool // The last octet was CR.
	rest  []byte
	n     int64
	err   error
	sync  func() error
}

func (b *body) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	b.n += int64(n)
	return n, nil
}

// fill reads up to the next line end or what the buffer holds.
func (b *body) fill() {
	part, err := b.br.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		b.err = io.ErrUnexpectedEOF
		return
	}
	atStart := b.start
	crlf := bytes.HasSuffix(part, []byte("\r\n")) || len(part) == 1 && part[0] == '\n' && b.cr
	b.start = crlf
	b.cr = part[len(part)-1] == '\r'
	if atStart && part[0] == '.' {
		if string(part) == ".\r\n" {
			if b.err = io.EOF; b.sync() != nil {
				b.err = io.ErrUnexpectedEOF
			}
			return
		}
		part = part[1:]
	}
	b.rest = part
}

// FetchHeader writes at most limit octets of the header section of one message to w (TOP, RFC 1939, 7).
func (m *Mailbox) FetchHeader(ctx context.Context, ref mailbox.Ref, limit int64, w io.Writer) error {
	if _, err := m.List(ctx); err != nil {
		return err
	}
	n, ok := m.byUID[ref.UID]
	if !ok || m.marked[n] {
		return mailbox.ErrNotFound
	}
	err := m.retrieve(ctx, "TOP "+strconv.Itoa(n)+" 0", 0, max(maxHeader, 2*limit), func(r io.Reader) error {
		_, err := io.Copy(w, io.LimitReader(r, limit))
		return err
	})
	if errors.Is(err, errRefused) {
		return mailbox.ErrNotFound
	}
	if err != nil {
		return m.problem(mailbox.PhaseFetch, fmt.Errorf("fetch header: %w", err))
	}
	return nil
}
