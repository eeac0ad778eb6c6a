// Package archive reads mail that lies in files as a [mailbox.Mailbox]: mbox files, single messages (.eml), folders of
// them and Maildirs.
//
// Messages are named after their SHA-256, so a second import of the same mail is recognised, wherever it lies by then;
// equal messages are listed once. Nothing is ever changed: Settle leaves everything as it is.
package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"letterbox/gateway/mailbox"
)

// Mailbox is the mail in some files.
type Mailbox struct {
	files   []string
	entries []mailbox.Entry // nil before List.
	places  map[string]place
}

// place is where a message lies.
type place struct {
	file   string
	offset int64
	mbox   bool
}

var _ mailbox.Mailbox = (*Mailbox)(nil)

// Open finds the files behind paths: a file is taken as it is, a folder with everything below it in the order of names.
// In a folder only *.eml, *.mbox and *.mbx count, and what lies in cur and new of a Maildir.
func Open(paths ...string) (*Mailbox, error) {
	m := &Mailbox{}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("open archive: %w", err)
		}
		if !info.IsDir() {
			m.files = append(m.files, p)
			continue
		}
		var found []string
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && counts(path) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("open archive: %w", err)
		}
		slices.Sort(found)
		m.files = append(m.files, found...)
	}
	return m, nil
}

func counts(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".eml", ".mbox", ".mbx":
		return true
	}
	dir := filepath.Base(filepath.Dir(path))
	return (dir == "cur" || dir == "new") && !strings.HasPrefix(filepath.Base(path), ".")
}

// List reads every file once and returns the messages in the order of files, and within an mbox file in its order.
func (m *Mailbox) List(ctx context.Context) ([]mailbox.Entry, error) {
	if m.entries != nil {
		return m.entries, ctx.Err()
	}
	entries := []mailbox.Entry{}
	m.places = map[string]place{}
	for _, file := range m.files {
		h := sha256.New()
		err := m.each(ctx, file, func(p place, r io.Reader) error {
			h.Reset()
			n, err := io.Copy(h, r)
			if err != nil {
				return err
			}
			uid := "sha256:" + hex.EncodeToString(h.Sum(nil))
			if _, known := m.places[uid]; !known {
				m.places[uid] = p
				entries = append(entries, mailbox.Entry{Ref: mailbox.Ref{UID: uid}, Size: n})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
	}
	m.entries = entries
	return entries, nil
}

// each calls f for every message in a file.
func (m *Mailbox) each(ctx context.Context, file string, f func(place, io.Reader) error) error {
	fd, err := os.Open(file)
	if err != nil {
		return err
	}
	defer fd.Close()
	br := bufio.NewReader(fd)
	if head, _ := br.Peek(5); string(head) != "From " {
		return f(place{file: file}, following{ctx, br})
	}
	s := &scanner{br: bufio.NewReader(following{ctx, br})}
	for {
		offset, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(place{file: file, offset: offset, mbox: true}, s)
		}
		if err != nil {
			return err
		}
	}
}

// following ends with ctx between two reads.
type following struct {
	ctx context.Context
	r   io.Reader
}

func (f following) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.r.Read(p)
}

// open calls f with the octets of one message.
func (m *Mailbox) open(ctx context.Context, p place, f func(io.Reader) error) error {
	fd, err := os.Open(p.file)
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer fd.Close()
	if !p.mbox {
		return f(following{ctx, fd})
	}
	if _, err := fd.Seek(p.offset, io.SeekStart); err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	s := &scanner{br: bufio.NewReader(following{ctx, fd})}
	if _, err := s.next(); err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	return f(s)
}

// Fetch streams the messages named by refs in their order.
func (m *Mailbox) Fetch(ctx context.Context, refs []mailbox.Ref, each func(ref mailbox.Ref, r io.Reader) error) error {
	if _, err := m.List(ctx); err != nil {
		return err
	}
	for _, ref := range refs {
		p, ok := m.places[ref.UID]
		if !ok || ref.Folder != "" || ref.UIDValidity != 0 {
			continue
		}
		if err := m.open(ctx, p, func(r io.Reader) error { return each(ref, r) }); err != nil {
			return err
		}
	}
	return nil
}

// FetchHeader writes at most limit octets of the header section of one message to w.
func (m *Mailbox) FetchHeader(ctx context.Context, ref mailbox.Ref, limit int64, w io.Writer) error {
	if _, err := m.List(ctx); err != nil {
		return err
	}
	p, ok := m.places[ref.UID]
	if !ok {
		return mailbox.ErrNotFound
	}
	return m.open(ctx, p, func(r io.Reader) error { return mailbox.CopyHeader(w, r, limit) })
}

// Settle leaves everything as it is.
func (m *Mailbox) Settle(ctx context.Context, refs []mailbox.Ref, _ mailbox.Disposition) []mailbox.Settled {
	_, err := m.List(ctx)
	out := make([]mailbox.Settled, len(refs))
	for i, ref := range refs {
		_, known := m.places[ref.UID]
		out[i] = mailbox.Settled{Ref: ref, Gone: err == nil && !known, Err: err}
	}
	return out
}

// Close has nothing to make final.
func (m *Mailbox) Close(ctx context.Context) error { return ctx.Err() }

// Abort has nothing to undo.
func (m *Mailbox) Abort() {}
