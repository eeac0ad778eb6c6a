package message

import (
	"bytes"
	"strings"
)

const (
	maxFields     = 5_000    // Fields of one header section that are looked at; SEC-14 speaks of 1,000.
	maxPartHeader = 64 << 10 // Octets of the header section of one part.
	maxHeaderText = 256 << 10
)

// field is one header field. The value is unfolded and otherwise as it stands in the mail, octets of any charset.
type field struct {
	name  string // Lower case.
	value string
}

// header is a header section in its order.
type header struct {
	fields []field
	text   []byte // The section as it stands, cut at maxHeaderText; kept for the mail itself only.
}

// get returns the first field of that lower-case name. Seen in practice: the first Subject and From are what other
// programs show.
func (h *header) get(name string) string {
	for i := range h.fields {
		if h.fields[i].name == name {
			return h.fields[i].value
		}
	}
	return ""
}

func (h *header) has(name string) bool {
	for i := range h.fields {
		if h.fields[i].name == name {
			return true
		}
	}
	return false
}

func (h *header) all(name string) []string {
	var out []string
	for i := range h.fields {
		if h.fields[i].name == name {
			out = append(out, h.fields[i].value)
		}
	}
	return out
}

// section reads the header section that begins here (RFC 5322, 2.2) and forgives what senders do to it. It returns the
// stop of a delimiter line that stood inside, if any.
func (p *parser) section(in *input, limit int64, keepText bool) (header, *stop) {
	var h header
	var value []byte
	var name string
	open, size := false, int64(0)
	flush := func() {
		switch {
		case !open:
		case len(h.fields) < maxFields:
			h.fields = append(h.fields, field{name, string(bytes.Trim(value, " \t"))})
		default:
			p.defect(DefectHeaderLimit, "")
		}
		open, value = false, value[:0]
	}
	for first := true; ; first = false {
		line := in.peekLine()
		if len(line) == 0 {
			break
		}
		n := len(line)
		text := bytes.TrimRight(line, "\r\n")
		if len(text) >= 2 && text[0] == '-' && text[1] == '-' {
			if at, ok := in.match(line); ok {
				in.discard(n)
				in.bol = true
				flush()
				return h, &at
			}
		}
		key, val, ok := splitField(text)
		if !ok && len(text) > 0 {
			text = bytes.Clone(text) // What is behind may be looked at, which moves the window.
		}
		if len(text) == 0 || (!ok && blank(text) && !looksLikeField(in.peekBehind(n))) {
			p.drop(in, n)
			break
		}
		size += int64(n)
		if n >= windowSize {
			p.defect(DefectHeaderLimit, "") // A line longer than the window: drop passes over its rest.
		}
		switch {
		case text[0] == ' ' || text[0] == '\t':
			if open {
				value = append(value, text...)
			} else {
				p.defect(DefectHeaderLine, "")
				if first && ok {
					// Seen in practice: a blank before the first field.
					name, value, open = key, append(value[:0], val...), true
				}
			}
		case ok:
			flush()
			name, value, open = key, append(value[:0], val...), true
		case !p.loose && p.headerEnds(in, text, n, first):
			// No header section at all, or one without the empty line.
			p.defect(DefectHeaderEnd, "")
			flush()
			return h, nil
		default:
			p.defect(DefectHeaderLine, "")
			if open && (!addressField(name) || bytes.HasSuffix(bytes.TrimRight(value, " \t"), []byte(","))) {
				value = append(append(value, ' '), text...)
			}
		}
		if keepText && len(h.text) < maxHeaderText {
			h.text = append(append(h.text, text...), '\n')
		}
		p.drop(in, n)
		if size > limit {
			p.defect(DefectHeaderLimit, "")
			flush()
			p.skipSection(in)
			break
		}
	}
	flush()
	return h, nil
}

// addressField says whether a field says who a mail is from or to: nothing is added to it that does not belong to it.
func addressField(name string) bool {
	switch name {
	case "from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "delivered-to":
		return true
	}
	return false
}

// headerEnds says whether a line without a field is the first of a body whose header section lacks its empty line: a
// delimiter, or a line that no field follows. Where the first line of all is none, more is asked of what follows.
func (p *parser) headerEnds(in *input, text []byte, n int, first bool) bool {
	switch {
	case bytes.HasPrefix(text, dashes):
		return true
	case first:
		return !p.fieldsBehind(in, n)
	}
	next := in.peekBehind(n)
	return len(next) > 0 && !looksLikeField(next) && next[0] != ' ' && next[0] != '\t'
}

const maxJunk = 8 // Lines before the first field that are passed over.

// fieldsBehind says whether a header section begins a few lines behind the next n octets: what is before it was put
// there on the way, and is no body. Only a field that mails begin with tells it from words with a colon.
func (p *parser) fieldsBehind(in *input, n int) bool {
	b, _ := in.fill(min(n+4<<10, windowSize))
	for range maxJunk {
		if len(b) <= n {
			return false
		}
		b = b[n:]
		line := b
		if n = bytes.IndexByte(b, '\n') + 1; n > 0 {
			line = b[:n]
		} else {
			n = len(b)
		}
		if blank(line) {
			return false
		}
		if key, _, ok := splitField(line); ok && looksLikeField(line) && beginsMail(key) {
			return true
		}
	}
	return false
}

// beginsMail says whether a field is one of those that stand at the top of mails and parts.
func beginsMail(name string) bool {
	switch name {
	case "return-path", "received", "delivered-to", "from", "to", "subject", "date", "message-id", "mime-version", "reply-to", "sender", "dkim-signature", "authentication-results", "arc-seal":
		return true
	}
	return strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "x-")
}

// drop takes a line of n octets, whose end may lie beyond the window.
func (p *parser) drop(in *input, n int) {
	b, _ := in.r.peek(n)
	whole := n > 0 && b[n-1] == '\n'
	in.discard(n)
	for !whole {
		rest := in.peekLine()
		if len(rest) == 0 {
			break
		}
		whole = rest[len(rest)-1] == '\n'
		in.discard(len(rest))
	}
	in.bol = true
}

// skipSection drops what is left of a header section.
func (p *parser) skipSection(in *input) {
	for {
		line := in.peekLine()
		if len(line) == 0 {
			return
		}
		end := len(bytes.TrimRight(line, "\r\n")) == 0
		p.drop(in, len(line))
		if end {
			return
		}
	}
}

// splitField splits "Name : value". A name is printable ASCII without blanks (RFC 5322, 2.2); 8-bit names are let pass.
func splitField(line []byte) (name string, value []byte, ok bool) {
	key, value, ok := fieldKey(line)
	if !ok {
		return "", nil, false
	}
	return fieldName(key), value, true
}

func fieldKey(line []byte) (key, value []byte, ok bool) {
	line = bytes.TrimLeft(line, " \t")
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return nil, nil, false
	}
	key = bytes.TrimRight(line[:i], " \t")
	if len(key) == 0 || len(key) > 128 {
		return nil, nil, false
	}
	for _, c := range key {
		if c <= ' ' || c == 0x7f {
			return nil, nil, false
		}
	}
	return key, line[i+1:], true
}

func looksLikeField(line []byte) bool {
	if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	key, _, ok := fieldKey(line)
	for _, c := range key {
		if noName[c] {
			return false
		}
	}
	return ok
}

// Octets that stand in words and addresses, and in no name of a field.
var noName = [256]bool{'<': true, '>': true, '(': true, ')': true, '@': true, ',': true, ';': true, '"': true, '/': true, '=': true}

// Names that stand in most mails, so that they need not be made anew.
var commonNames = func() map[string]string {
	m := map[string]string{}
	for _, n := range []string{
		"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "sender", "return-path", "received", "delivered-to", "mime-version", "content-type", "content-transfer-encoding",
		"content-disposition", "content-id", "content-language", "dkim-signature", "authentication-results", "received-spf", "arc-seal", "arc-message-signature", "arc-authentication-results", "user-agent", "x-mailer", "list-id",
		"list-unsubscribe", "precedence", "auto-submitted", "x-original-to", "importance", "thread-topic", "thread-index", "accept-language",
	} {
		m[n] = n
	}
	return m
}()

// fieldName returns a name in lower case.
func fieldName(key []byte) string {
	var buf [128]byte
	low := append(buf[:0], key...)
	for i, c := range low {
		if c >= 'A' && c <= 'Z' {
			low[i] = c | 0x20
		} else if c >= 0x80 {
			return strings.ToLower(string(key))
		}
	}
	if n, ok := commonNames[string(low)]; ok {
		return n
	}
	return string(low)
}

func blank(b []byte) bool { return len(bytes.Trim(b, " \t\r\n")) == 0 }

// preamble drops what stands before the first field: a byte order mark, empty lines, lines of an mbox file.
func (p *parser) preamble(in *input) {
	if b, _ := in.fill(3); bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		in.discard(3)
		p.defect(DefectMboxLine, "")
	}
	for range 64 {
		line := in.peekLine()
		text := bytes.TrimRight(line, "\r\n")
		mbox := bytes.HasPrefix(text, []byte("From ")) || bytes.HasPrefix(text, []byte(">From "))
		if len(line) == 0 || (!mbox && !blank(text)) {
			return
		}
		p.defect(DefectMboxLine, "")
		p.drop(in, len(line))
	}
}
