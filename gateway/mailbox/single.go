package mailbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrTooLarge says that a message exceeds the limit under which it was to be taken.
var ErrTooLarge = errors.New("mailbox: message is larger than allowed")

// Single is a mailbox of one message: what came in on stdin or over HTTP. Its Ref is named after the message's SHA-256,
// so the same octets handed over twice (because the first try ended without an answer) are the same message.
type Single struct {
	entry   Entry
	open    func() (io.ReadCloser, error)
	discard func()
}

var _ Mailbox = (*Single)(nil)

// memoryLimit is the size in octets up to which Spool keeps a message in memory.
const memoryLimit = 1 << 20

// Spool reads one message from r and returns it as a mailbox. A message of more than 1 MiB goes to a temporary file in
// dir (the system's folder for such files when empty), which Close and Abort remove. More than limit octets are
// ErrTooLarge; a limit of 0 means none. r is read to its end or until ctx is done.
func Spool(ctx context.Context, r io.Reader, dir string, limit int64) (*Single, error) {
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	h := sha256.New()
	var head bytes.Buffer
	n, err := io.Copy(io.MultiWriter(&head, h), io.LimitReader(reader{ctx, r}, memoryLimit))
	if err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	s := &Single{discard: func() {}, open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(head.Bytes())), nil
	}}
	if n == memoryLimit {
		more, err := s.spill(io.TeeReader(reader{ctx, r}, h), &head, dir)
		if err != nil {
			return nil, err
		}
		n += more
	}
	if limit > 0 && n > limit {
		s.discard()
		return nil, ErrTooLarge
	}
	s.entry = Entry{Ref: Ref{UID: "sha256:" + hex.EncodeToString(h.Sum(nil))}, Size: n}
	return s, nil
}

// spill moves the message to a temporary file and returns how many octets came after head.
func (s *Single) spill(rest io.Reader, head *bytes.Buffer, dir string) (int64, error) {
	f, err := os.CreateTemp(dir, "message-*.eml")
	if err != nil {
		return 0, fmt.Errorf("keep message: %w", err)
	}
	name := f.Name()
	s.discard = func() { _ = os.Remove(name) }
	s.open = func() (io.ReadCloser, error) { return os.Open(name) }
	_, err = f.Write(head.Bytes())
	head.Reset()
	var n int64
	if err == nil {
		n, err = io.Copy(f, rest)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		s.discard()
		return 0, fmt.Errorf("keep message: %w", err)
	}
	return n, nil
}

// reader ends with ctx between two reads.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// List returns the one message.
func (s *Single) List(ctx context.Context) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []Entry{s.entry}, nil
}

// Fetch streams the message when refs name it.
func (s *Single) Fetch(ctx context.Context, refs []Ref, each func(ref Ref, r io.Reader) error) error {
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ref != s.entry.Ref {
			continue
		}
		if err := s.use(func(r io.Reader) error { return each(ref, reader{ctx, r}) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Single) use(f func(io.Reader) error) error {
	r, err := s.open()
	if err != nil {
		return fmt.Errorf("open message: %w", err)
	}
	defer r.Close()
	return f(r)
}

// FetchHeader writes at most limit octets of the header section to w.
func (s *Single) FetchHeader(ctx context.Context, ref Ref, limit int64, w io.Writer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ref != s.entry.Ref {
		return ErrNotFound
	}
	return s.use(func(r io.Reader) error { return CopyHeader(w, r, limit) })
}

// Settle has nothing to do: whoever handed the message over learns the outcome otherwise.
func (s *Single) Settle(_ context.Context, refs []Ref, _ Disposition) []Settled {
	out := make([]Settled, len(refs))
	for i, ref := range refs {
		out[i] = Settled{Ref: ref, Gone: ref != s.entry.Ref}
	}
	return out
}

// Close removes what Spool kept.
func (s *Single) Close(ctx context.Context) error {
	s.discard()
	return ctx.Err()
}

// Abort removes what Spool kept.
func (s *Single) Abort() { s.discard() }
