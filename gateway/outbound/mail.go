package outbound

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/emersion/go-message/mail"
)

// ErrUnusable says that a mail cannot be written as it is, now or later: an address that no server would take.
var ErrUnusable = errors.New("mail cannot be written")

// The header fields by which we recognise mail of our own.
const (
	loopField       = "X-Letterbox-Loop"
	maxReferences   = 11 // The first and the last ten.
	maxSubjectRunes = 250
)

// Address is a mailbox of a header field.
type Address struct{ Name, Address string }

// File is an attachment of a mail.
type File struct {
	Name        string
	ContentType string
	Size        int64
	Open        func() (io.ReadCloser, error)
	// Verbatim writes a message/rfc822 as it is (RFC 2046, 5.2.1). Its octets are ASCII in lines of at most 998, with CRLF.
	Verbatim bool
}

// Mail is one mail to be written.
type Mail struct {
	From       Address
	To, Cc     []Address
	ReplyTo    string
	Subject    string
	Date       time.Time
	MessageID  string // Without brackets, as are the next two.
	InReplyTo  string
	References []string // Oldest first.
	Language   string   // "de" or "en"; "" to say nothing.
	Automatic  string   // RFC 3834: "auto-replied" or "auto-generated"; "" when a person wrote it.
	Loop       string   // Names this installation; set in automatic mail.
	Text       string   // Line ends are LF.
	HTML       string   // "": text only.
	Files      []File
	// Unsubscribe is the address of a page that ends mails of this kind with one POST (RFC 8058); "" for none.
	Unsubscribe string
	// UTF8 lets addresses in the header be written beyond ASCII (RFC 6532): every server on the way has to know SMTPUTF8.
	UTF8 bool
}

// Size estimates the octets of the mail, never too low by more than its header.
func (m Mail) Size() int64 {
	n := int64(len(m.Text)+len(m.HTML))*5/4 + 4<<10
	for _, f := range m.Files {
		n += f.Size/57*78 + 1<<10
	}
	return n
}

// Write writes the mail with CRLF line ends. The octets of files are streamed.
func (m Mail) Write(w io.Writer) error {
	h, err := m.header()
	if err != nil {
		return err
	}
	if len(m.Files) == 0 {
		return m.writeText(func() (*gomail.InlineWriter, error) { return gomail.CreateInlineWriter(w, h) })
	}
	mw, err := gomail.CreateWriter(w, h)
	if err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	if err := m.writeText(mw.CreateInline); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := writeFile(mw, f); err != nil {
			return err
		}
	}
	return mw.Close()
}

func (m Mail) header() (gomail.Header, error) {
	var h gomail.Header
	from, err := m.list(m.From)
	if err != nil {
		return h, err
	}
	to, err := m.list(m.To...)
	if err != nil {
		return h, err
	}
	cc, err := m.list(m.Cc...)
	if err != nil {
		return h, err
	}
	h.Set("From", from)
	h.Set("To", to)
	if cc != "" {
		h.Set("Cc", cc)
	}
	if m.ReplyTo != "" {
		reply, err := m.list(Address{m.From.Name, m.ReplyTo})
		if err != nil {
			return h, err
		}
		h.Set("Reply-To", reply)
	}
	h.SetDate(m.Date)
	h.SetSubject(Line(m.Subject, maxSubjectRunes))
	h.SetMessageID(m.MessageID)
	if id := token(m.InReplyTo); id != "" {
		h.SetMsgIDList("In-Reply-To", []string{id})
	}
	if ids := references(m.References); len(ids) > 0 {
		h.SetMsgIDList("References", ids)
	}
	h.Set("MIME-Version", "1.0")
	if m.Language != "" {
		h.Set("Content-Language", token(m.Language))
	}
	if m.Automatic != "" {
		h.Set("Auto-Submitted", token(m.Automatic))
		h.Set("X-Auto-Response-Suppress", "All")
		h.Set("Precedence", "bulk")
		if m.Automatic == "auto-replied" {
			h.Set("Precedence", "auto_reply")
		}
		if m.Loop != "" {
			h.Set(loopField, token(m.Loop))
		}
	}
	if m.Unsubscribe != "" {
		h.Set("List-Unsubscribe", "<"+token(m.Unsubscribe)+">")
		h.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	return h, nil
}

// references keeps the first and the last ten Message-IDs.
func references(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = token(id); id != "" && len(id) <= 250 {
			out = append(out, id)
		}
	}
	if len(out) > maxReferences {
		out = append(out[:1:1], out[len(out)-maxReferences+1:]...)
	}
	return out
}

// token is s when it is printable ASCII without blanks and angle brackets, as Message-IDs and addresses of pages are;
// "" otherwise.
func token(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) {
		return ""
	}
	return s
}

// Line makes text fit for a header field: one line without control characters, at most that many characters.
func Line(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }), " ")
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return s
}

// writeText writes the text and, when there is one, its HTML alternative.
func (m Mail) writeText(open func() (*gomail.InlineWriter, error)) error {
	w, err := open()
	if err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	for _, part := range []struct{ kind, text string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		if part.text == "" && part.kind == "text/html" {
			continue
		}
		var h gomail.InlineHeader
		h.SetContentType(part.kind, map[string]string{"charset": "utf-8"})
		pw, err := w.CreatePart(h)
		if err != nil {
			return fmt.Errorf("write the text: %w", err)
		}
		if _, err := io.WriteString(pw, crlf(part.text)); err != nil {
			return fmt.Errorf("write the text: %w", err)
		}
		if err := pw.Close(); err != nil {
			return fmt.Errorf("write the text: %w", err)
		}
	}
	return w.Close()
}

func crlf(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "\n", "\r\n")
}

func writeFile(mw *gomail.Writer, f File) error {
	var h gomail.AttachmentHeader
	kind, _, err := mime.ParseMediaType(f.ContentType)
	verbatim := err == nil && f.Verbatim && kind == "message/rfc822"
	if verbatim {
		h.Set("Content-Transfer-Encoding", "7bit")
	} else if err != nil || strings.HasPrefix(kind, "message/") || strings.HasPrefix(kind, "multipart/") { // Never in base64 (RFC 2046, 5.2.1).
		kind = "application/octet-stream"
	}
	h.SetContentType(kind, nil)
	h.SetFilename(Line(f.Name, 200))
	w, err := mw.CreateAttachment(h)
	if err != nil {
		return fmt.Errorf("write an attachment: %w", err)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("open an attachment: %w", err)
	}
	defer r.Close()
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("write an attachment: %w", err)
	}
	return w.Close()
}
