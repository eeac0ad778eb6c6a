package outbound

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Protection says how a mail is signed and encrypted (RFC 8551). Everything is streamed: memory does not grow with the
// mail.
type Protection struct {
	// Sign returns a detached signature of content with that SHA-256; nil: not signed.
	Sign func(digest []byte) ([]byte, error)
	// Encrypt writes what write writes, encrypted; nil: not encrypted. A signed mail is signed inside.
	Encrypt func(w io.Writer, write func(io.Writer) error) error
	// Kind is the smime-type of what Encrypt writes (RFC 8551, 3.2.2).
	Kind string
}

// Protected returns a writer of the mail as p says. Subject, From and To stay readable: they are needed on the way.
func (m Mail) Protected(p Protection) Writer {
	if p.Sign == nil && p.Encrypt == nil {
		return m.Write
	}
	return func(w io.Writer) error { return m.protect(w, p) }
}

// protect writes the mail: the header without what belongs to the content, then the content, protected.
func (m Mail) protect(w io.Writer, p Protection) error {
	entity := func(to io.Writer, outer func([]byte) error) error {
		s := &splitter{to: to, outer: outer}
		if err := m.Write(s); err != nil {
			return err
		}
		return s.end()
	}
	if p.Encrypt == nil {
		return m.signed(w, entity, p.Sign, func(outer []byte) error {
			_, err := w.Write(outer)
			return err
		})
	}
	// The outer header must be written before the envelope begins, and is known once the mail is being written.
	head := ""
	err := m.Write(&splitter{to: nil, outer: func(b []byte) error {
		head = string(b)
		return errEnough
	}})
	if head == "" {
		return fmt.Errorf("write the header: %w", err)
	}
	head += "Content-Type: application/pkcs7-mime; smime-type=" + p.Kind + "; name=\"smime.p7m\"\r\n" +
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	lines := &lineWriter{w: w}
	b64 := base64.NewEncoder(base64.StdEncoding, lines)
	nothing := func([]byte) error { return nil }
	err = p.Encrypt(b64, func(to io.Writer) error {
		if p.Sign == nil {
			return entity(to, nothing)
		}
		return m.signed(to, entity, p.Sign, nothing)
	})
	if err != nil {
		return err
	}
	if err := b64.Close(); err != nil {
		return err
	}
	return lines.end()
}

var errEnough = errors.New("only the header is needed")

// signed writes multipart/signed (RFC 1847, 2.1).
func (m Mail) signed(w io.Writer, entity func(io.Writer, func([]byte) error) error, sign func([]byte) ([]byte, error), outer func([]byte) error) error {
	boundary := "signed-" + rand.Text()
	hash := sha256.New()
	err := entity(io.MultiWriter(w, hash), func(head []byte) error {
		if err := outer(head); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\"%s\"\r\n\r\n"+
			"This is a signed mail (S/MIME).\r\n--%s\r\n", boundary, boundary)
		return err
	})
	if err != nil {
		return err
	}
	signature, err := sign(hash.Sum(nil))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "\r\n--%s\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n"+
		"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n", boundary); err != nil {
		return err
	}
	lines := &lineWriter{w: w}
	if _, err := lines.Write([]byte(base64.StdEncoding.EncodeToString(signature))); err != nil {
		return err
	}
	if err := lines.end(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "--%s--\r\n", boundary)
	return err
}

// splitter takes a mail apart: outer is given the fields that stay outside, to gets the rest with its own header.
type splitter struct {
	to    io.Writer
	outer func([]byte) error
	head  []byte
	done  bool
}

// maxHead bounds the header of a mail of ours.
const maxHead = 256 << 10

// Write is part of io.Writer.
func (s *splitter) Write(p []byte) (int, error) {
	if s.done {
		return s.to.Write(p)
	}
	s.head = append(s.head, p...)
	at := bytes.Index(s.head, []byte("\r\n\r\n"))
	if at < 0 {
		if len(s.head) > maxHead {
			return 0, fmt.Errorf("%w: header is too long", ErrUnusable)
		}
		return len(p), nil
	}
	s.done = true
	outer, inner := splitHeader(string(s.head[:at+2]))
	if err := s.outer([]byte(outer)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(s.to, inner+"\r\n"); err != nil {
		return 0, err
	}
	_, err := s.to.Write(s.head[at+4:])
	s.head = nil
	return len(p), err
}

func (s *splitter) end() error {
	if !s.done {
		return errors.New("mail has no end of its header")
	}
	return nil
}

// splitHeader parts the fields that describe the content from the others.
func splitHeader(header string) (outer, inner string) {
	content := false
	for line := range strings.SplitAfterSeq(header, "\r\n") {
		if line == "" {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			content = len(line) > 8 && strings.EqualFold(line[:8], "content-")
		}
		if content {
			inner += line
		} else {
			outer += line
		}
	}
	return outer, inner
}

// lineWriter breaks base64 into lines of 76 characters (RFC 2045, 6.8).
type lineWriter struct {
	w  io.Writer
	at int
}

// Write is part of io.Writer.
func (l *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), 76-l.at)
		if _, err := l.w.Write(p[:take]); err != nil {
			return 0, err
		}
		p = p[take:]
		if l.at += take; l.at == 76 {
			if _, err := io.WriteString(l.w, "\r\n"); err != nil {
				return 0, err
			}
			l.at = 0
		}
	}
	return n, nil
}

func (l *lineWriter) end() error {
	if l.at == 0 {
		return nil
	}
	_, err := io.WriteString(l.w, "\r\n")
	return err
}
