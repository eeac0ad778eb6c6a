package message

import (
	"strings"

	"golang.org/x/net/html"
)

// markup reads an HTML document as a stream of tokens (WHATWG HTML, 13.2.5). What mails are made of is read in place,
// without copies; from the first construct on that is rare or broken, html.Tokenizer reads the rest. Both give the same
// tokens, which a fuzz test compares.
type markup struct {
	s     string
	at    int
	slow  *html.Tokenizer
	raw   string // The element whose content is nothing but text up to its end tag.
	words string // Of a text token, as it stands.
	plain bool   // Nothing in words stands for another character.
	tag   string // Lower case.
	attrs []attr
}

// attr is one attribute of a start tag; the value is as it stands.
type attr struct{ key, value string }

const maxAttrs = 32 // Of one tag that are compared with each other; more are left to html.Tokenizer.

func newMarkup(s string) *markup {
	m := &markup{s: s}
	if strings.IndexByte(s, 0) >= 0 || strings.IndexByte(s, '\r') >= 0 {
		m.giveUp()
	}
	return m
}

// giveUp leaves the rest to html.Tokenizer.
func (m *markup) giveUp() { m.slow = html.NewTokenizer(strings.NewReader(m.s[m.at:])) }

// next reads the next token; html.ErrorToken at the end. Self-closing tags are start tags, comments may be left out.
func (m *markup) next() html.TokenType {
	for {
		t := m.any()
		if t != html.CommentToken && t != html.DoctypeToken {
			return t
		}
	}
}

func (m *markup) any() html.TokenType {
	if m.slow != nil {
		return m.readSlow()
	}
	rest := m.s[m.at:]
	if m.raw != "" {
		name := m.raw
		m.raw = ""
		if n := endOfRaw(rest, name); n > 0 {
			m.words, m.plain = rest[:n], name != "textarea" && name != "title"
			m.at += n
			return html.TextToken
		}
	}
	if rest == "" {
		return html.ErrorToken
	}
	if n := textLen(rest); n > 0 {
		m.words, m.plain = rest[:n], false
		m.at += n
		return html.TextToken
	}
	switch c := rest[1]; { // There is one, or it would be text.
	case c == '!' && strings.HasPrefix(rest, "<!--"):
		if n := commentLen(rest); n > 0 {
			m.at += n
			return html.CommentToken
		}
	case c == '!' || c == '?', c == '/' && len(rest) > 2 && !letter(rest[2]):
		if n := strings.IndexByte(rest, '>'); n > 0 {
			m.at += n + 1
			return html.CommentToken
		}
	case c == '/':
		if n := m.endTag(rest); n > 0 {
			m.at += n
			return html.EndTagToken
		}
	default:
		if n := m.startTag(rest); n > 0 {
			m.at += n
			return html.StartTagToken
		}
	}
	m.giveUp()
	return m.readSlow()
}

// textLen returns how much text is before the next tag.
func textLen(s string) int {
	for i := 0; ; i++ {
		n := strings.IndexByte(s[i:], '<')
		if n < 0 {
			return len(s)
		}
		if i += n; i+1 == len(s) {
			return len(s)
		}
		if c := s[i+1]; c == '/' || c == '!' || c == '?' || letter(c) {
			return i
		}
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func htmlBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\f' }

// commentLen returns the length of a comment, 0 when it has no end.
func commentLen(s string) int {
	dashes, first := 0, true
	for i := 4; i < len(s); i++ {
		switch s[i] {
		case '-':
			dashes++
			continue
		case '>':
			if dashes >= 2 || first {
				return i + 1
			}
		case '!':
			if dashes >= 2 {
				return 0 // "--!>" ends it, too.
			}
		}
		dashes, first = 0, false
	}
	return 0
}

// endOfRaw returns where the end tag of a raw element begins, 0 when there is nothing before it.
func endOfRaw(s, name string) int {
	for i := 0; ; i += 2 {
		n := strings.Index(s[i:], "</")
		if n < 0 {
			return -1
		}
		i += n
		if end := i + 2 + len(name); end < len(s) && lowerName(s[i+2:end]) == name && (htmlBlank(s[end]) || s[end] == '/' || s[end] == '>') {
			return i
		}
	}
}

// lowerName returns s with A to Z in lower case.
func lowerName(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for k := i; k < len(b); k++ {
				if b[k] >= 'A' && b[k] <= 'Z' {
					b[k] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// tagName reads the name behind "<" or "</" and returns where it ends.
func (m *markup) tagName(s string, i int) int {
	from := i
	for i < len(s) && !htmlBlank(s[i]) && s[i] != '/' && s[i] != '>' {
		i++
	}
	m.tag = lowerName(s[from:i])
	return i
}

// endTag returns the length of an end tag without attributes, 0 for others.
func (m *markup) endTag(s string) int {
	if len(s) < 3 {
		return 0
	}
	i := m.tagName(s, 2)
	for i < len(s) && htmlBlank(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '>' {
		return 0
	}
	return i + 1
}

// startTag returns the length of a start tag, 0 when it has no end, or more attributes than are compared.
func (m *markup) startTag(s string) int {
	i := m.tagName(s, 1)
	m.attrs = m.attrs[:0]
	for {
		for i < len(s) && htmlBlank(s[i]) {
			i++
		}
		if i >= len(s) || len(m.attrs) == maxAttrs {
			return 0
		}
		if s[i] == '>' {
			break
		}
		if i = m.attr(s, i); i < 0 {
			return 0
		}
	}
	i++
	if !rawElement(m.tag) {
		return i
	}
	n := endOfRaw(s[i:], m.tag)
	if n < 0 || m.tag == "plaintext" || m.tag == "script" && strings.Contains(s[i:i+n], "<!--") {
		return 0
	}
	m.raw = m.tag
	return i
}

// attr reads one attribute; -1 when the tag breaks off in it.
func (m *markup) attr(s string, i int) int {
	from := i
	for i < len(s) && !htmlBlank(s[i]) && s[i] != '/' && s[i] != '>' && (s[i] != '=' || i == from) {
		i++
	}
	key, value := s[from:i], ""
	for i < len(s) && htmlBlank(s[i]) {
		i++
	}
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '/':
		i++
	case '=':
		for i++; i < len(s) && htmlBlank(s[i]); i++ {
		}
		if i >= len(s) {
			return -1
		}
		switch c := s[i]; c {
		case '>':
		case '"', '\'':
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return -1
			}
			value = s[i+1 : i+1+n]
			i += n + 2
		default:
			from := i
			for i++; i < len(s) && !htmlBlank(s[i]) && s[i] != '>'; i++ {
			}
			value = s[from:i]
		}
	}
	if key == "" {
		return i
	}
	key = lowerName(key)
	for _, a := range m.attrs {
		if a.key == key {
			return i // The first of two counts.
		}
	}
	m.attrs = append(m.attrs, attr{key, value})
	return i
}

func rawElement(name string) bool {
	switch name {
	case "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp":
		return true
	}
	return false
}

// readSlow reads a token with html.Tokenizer.
func (m *markup) readSlow() html.TokenType {
	t := m.slow.Next()
	switch t {
	case html.TextToken:
		m.words, m.plain = string(m.slow.Text()), true
	case html.StartTagToken, html.SelfClosingTagToken:
		t = html.StartTagToken
		name, more := m.slow.TagName()
		m.tag, m.attrs = string(name), m.attrs[:0]
		for more {
			var k, v []byte
			k, v, more = m.slow.TagAttr()
			m.attrs = append(m.attrs, attr{string(k), string(v)})
		}
	case html.EndTagToken:
		name, _ := m.slow.TagName()
		m.tag = string(name)
	}
	return t
}

// text returns the words of a text token.
func (m *markup) text() string {
	if m.plain || strings.IndexByte(m.words, '&') < 0 {
		return m.words
	}
	return html.UnescapeString(m.words)
}

// value returns the value of an attribute of the tag that was read.
func (m *markup) value(a *attr) string {
	if m.slow != nil || strings.IndexByte(a.value, '&') < 0 {
		return a.value
	}
	return unescapeValue(a.value)
}

// get returns the value of an attribute of the tag that was read; false when it has none.
func (m *markup) get(key string) (string, bool) {
	for i := range m.attrs {
		if m.attrs[i].key == key {
			return m.value(&m.attrs[i]), true
		}
	}
	return "", false
}

// unescapeValue replaces the character references in the value of an attribute (WHATWG HTML, 13.2.5.73): without a
// semicolon, one counts only when nothing follows that may belong to a name or an address.
func unescapeValue(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := 1
		if n < len(s) && s[n] == '#' {
			n++
		}
		for n < len(s) && (letter(s[n]) || s[n] >= '0' && s[n] <= '9') {
			n++
		}
		named, closed := n > 1 && s[1] != '#', n < len(s) && s[n] == ';'
		if closed {
			n++
		}
		text := s[:n]
		if !named || closed || n >= len(s) || s[n] != '=' {
			text = html.UnescapeString(s[:n])
		}
		// A name of which only the beginning is a reference, which counts in text and not here.
		if last := text[len(text)-1]; named && (closed && last == ';' && text != ";" || !closed && (letter(last) || last >= '0' && last <= '9')) {
			text = s[:n]
		}
		b.WriteString(text)
		s = s[n:]
	}
}
