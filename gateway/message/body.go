package message

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// shown is what a part of the tree gives for reading.
type shown struct {
	text string // Plain text.
	html string // HTML as it came; "" when there is none.
	rich bool   // html holds something.
	late bool   // The text is still to be read from html: most mails have a plain form and never need it.
}

// words returns the text, reading it from the HTML when there is no other.
func (p *parser) words(s *shown) string {
	if s.late {
		s.late = false
		p.guard("html text", func() { s.text = HTMLText(s.html) })
	}
	return s.text
}

// compose finds the text and the HTML of the mail in its tree.
func (p *parser) compose(root *node) {
	s := p.show(root)
	p.words(&s)
	p.guard("calendar", func() {
		if p.part.calendar != nil {
			var more bool
			if p.m.Invitation, more = invitation(p.part.calendar, p.part.calendarSet); more {
				p.defect(DefectCalendarLimit, "")
			}
		}
	})
	p.standIn(&s)
	p.markInline(s.html)
	text := clean(newlines(s.text))
	if limit := int(p.lim.Text); len(text) > limit {
		p.defect(DefectTextLimit, "")
		text = cut(text, limit)
	}
	p.m.Text = trimLines(text)
	p.m.MayLoad = s.rich && mayLoad(s.html)
	if s.rich && !p.bare {
		p.guard("html", func() {
			var deep bool
			if p.m.HTML, deep = safeHTML(s.html); deep {
				p.defect(DefectHTMLDepth, "")
			}
		})
	}
	p.m.Reply = p.m.Text
	p.guard("quote", func() { p.m.Reply, p.m.Quoted, p.m.Signature = Split(p.m.Text) })
}

// standIn finds text for a mail without text of its own: the body of its winmail.dat, its invitation, the messages that
// it carries.
func (p *parser) standIn(s *shown) {
	if p.part.tnef != nil {
		t := p.show(p.part.tnef)
		p.words(&t)
		if strings.TrimSpace(s.text) == "" || !s.rich && sameWords(s.text, t.text) {
			s.html, s.rich = t.html, t.rich
			if strings.TrimSpace(s.text) == "" {
				s.text = t.text
			}
		}
	}
	if strings.TrimSpace(s.text) == "" && p.m.Invitation != nil {
		s.text = p.m.Invitation.text()
	}
	if strings.TrimSpace(s.text) == "" && p.level < 2 {
		var all []string
		for _, raw := range p.part.nested {
			all = append(all, p.nestedText(raw))
		}
		s.text = strings.Join(all, "\n\n")
	}
}

// nestedText reads a nested message, as far as it is in memory.
func (p *parser) nestedText(raw []byte) string {
	sub := &parser{m: newMessage(), lim: p.lim, level: p.level + 1}
	sub.read(newInput(windowOf(raw)))
	return sub.m.Text
}

// show renders a part: an alternative gives its best forms, everything else the forms of its parts one after the other.
func (p *parser) show(n *node) shown {
	switch {
	case n == nil:
		return shown{}
	case n.kind == "" && !n.text:
		return shown{}
	case n.kind == "":
		return p.showLeaf(n)
	case n.kind == "alternative":
		return p.showAlternative(n)
	}
	var all []shown
	rich := false
	for _, c := range n.children {
		s := p.show(c)
		if s.text == "" && !s.rich {
			continue
		}
		rich = rich || s.rich
		all = append(all, s)
	}
	switch len(all) {
	case 0:
		return shown{}
	case 1:
		return all[0]
	}
	for i := range all {
		p.words(&all[i])
	}
	if len(all) == 2 {
		// Seen in practice: plain text and HTML of the same words put one behind the other.
		if a, b := all[0], all[1]; !a.rich && b.rich && sameWords(a.text, b.text) {
			return shown{text: a.text, html: b.html, rich: true}
		}
	}
	var text, html strings.Builder
	for i, s := range all {
		if i > 0 {
			text.WriteByte('\n')
			if !strings.HasSuffix(all[i-1].text, "\n") {
				text.WriteByte('\n')
			}
		}
		text.WriteString(s.text)
		switch {
		case !rich:
		case s.rich:
			html.WriteString("<div>" + s.html + "</div>")
		default:
			html.WriteString("<pre>" + escapeHTML(s.text) + "</pre>")
		}
	}
	return shown{text: text.String(), html: html.String(), rich: rich}
}

const maxForms = 100 // Plain forms of one alternative.

// showAlternative takes the plain forms and the last HTML form (RFC 2046, 5.1.4). Plain text is preferred for reading;
// where there is none, or an empty one, the last form with words in it is read out.
func (p *parser) showAlternative(n *node) shown {
	var out shown
	var plain, rich []string
	var last *shown
	for _, c := range n.children {
		s := p.show(c)
		if s.rich {
			out.html, out.rich = s.html, true
		}
		switch {
		case s.late:
			last = &s
		case strings.TrimSpace(s.text) == "":
		case plainForm(c) && len(plain) == maxForms:
			p.defect(DefectTextLimit, "")
		case plainForm(c):
			// Two plain forms are no alternatives of each other: both are kept.
			if len(plain) == 0 || plain[len(plain)-1] != s.text {
				plain = append(plain, s.text)
			}
		default:
			rich = append(rich, s.text)
		}
	}
	switch {
	case len(plain) > 0:
		out.text = strings.Join(plain, "\n")
	case len(rich) > 0:
		out.text = rich[len(rich)-1]
	case last != nil:
		out.text = p.words(last)
	}
	return out
}

func plainForm(n *node) bool { return n.kind == "" && n.text && n.mime == "text/plain" }

// showLeaf decodes a leaf.
func (p *parser) showLeaf(n *node) shown {
	if n.mime == "text/html" {
		set := n.charset
		if !isUTF8(set) && charset(set).name == "" {
			if m := metaCharset(n.raw); m != "" {
				set = m
			}
		}
		s := p.text(n.raw, set)
		rich := strings.TrimSpace(s) != ""
		if n.over {
			out := shown{html: s, late: rich} // A document that is cut somewhere is not shown as HTML.
			p.words(&out)
			return shown{text: out.text}
		}
		return shown{html: s, rich: rich, late: rich}
	}
	s := newlines(p.text(n.raw, n.charset))
	for _, f := range inlineFiles(s) {
		a := p.attach(&node{mime: "application/octet-stream", name: CleanName(f.name)}, false)
		a.write(f.data)
		a.close()
	}
	switch {
	case n.mime == "text/enriched" || n.mime == "text/richtext":
		s = enrichedText(s)
	case n.flowed:
		s = unflow(s, n.delsp)
	}
	return shown{text: s}
}

// text decodes octets and notes what was wrong with their charset.
func (p *parser) text(raw []byte, set string) string {
	var s string
	if isUTF8(set) && utf8.Valid(raw) {
		s = string(lineFeeds(raw))
	} else {
		var wrong bool
		if s, wrong = decodeText(raw, set); wrong {
			p.defect(DefectCharset, set)
		}
	}
	if strings.IndexByte(s, 0) >= 0 {
		p.defect(DefectControl, "")
	}
	return s
}

// isUTF8 knows the label that most mails have without a look into the tables.
func isUTF8(set string) bool { return len(set) == 5 && strings.EqualFold(set, "utf-8") }

// lineFeeds makes LF of each CRLF, in place; other line ends stay.
func lineFeeds(b []byte) []byte {
	at := bytes.IndexByte(b, '\r')
	if at < 0 || bytes.Contains(b, []byte("\r\r")) {
		return b
	}
	to := at
	for rest := b[at:]; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 {
			return b[:to+copy(b[to:], rest)]
		}
		to += copy(b[to:], rest[:i])
		if i+1 == len(rest) || rest[i+1] != '\n' {
			b[to] = '\r'
			to++
		}
		rest = rest[i+1:]
	}
}

// sameWords says whether most words of the shorter of two texts stand in the other.
func sameWords(a, b string) bool {
	a, b = cut(a, 64<<10), cut(b, 64<<10)
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a)*3 < len(b) {
		return false
	}
	in := map[string]bool{}
	for w := range strings.FieldsSeq(b) {
		in[w] = true
	}
	n, same := 0, 0
	for w := range strings.FieldsSeq(a) {
		n++
		if in[w] {
			same++
		}
	}
	return n > 0 && same*5 >= n*3
}

// trimLines takes away blank lines at both ends; blanks before the first word stay.
func trimLines(s string) string {
	s = strings.TrimRight(s, " \t\n")
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 || strings.TrimSpace(s[:i]) != "" {
			return s
		}
		s = s[i+1:]
	}
}

// unflow joins the lines of a format=flowed text (RFC 3676, 4): a line that ends with a blank goes on in the next one of
// the same quote depth.
func unflow(s string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(s))
	prev, open := 0, false
	for len(s) > 0 {
		line, rest, _ := strings.Cut(s, "\n")
		s = rest
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		text := line[depth:]
		text = strings.TrimPrefix(text, " ") // Space-stuffing.
		sig := text == "-- " || text == "--"
		if open && (depth != prev || sig) {
			b.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			b.WriteString(strings.Repeat(">", min(depth, 50)))
			b.WriteByte(' ')
		}
		open = strings.HasSuffix(text, " ") && !sig && len(s) > 0
		if open && delsp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if !open {
			b.WriteByte('\n')
		}
		prev = depth
	}
	return b.String()
}

// enrichedText takes the markup out of text/enriched (RFC 1896): single line ends are blanks, "<<" is "<".
func enrichedText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '<' && i+1 < len(s) && s[i+1] == '<':
			b.WriteByte('<')
			i++
		case s[i] == '<':
			end := strings.IndexByte(s[i:min(len(s), i+80)], '>')
			if end < 0 {
				b.WriteByte('<')
				continue
			}
			if tag := strings.ToLower(s[i+1 : i+end]); tag == "param" {
				if j := strings.Index(s[i:min(len(s), i+1000)], "</"); j > 0 {
					if k := strings.IndexByte(s[i+j:], '>'); k > 0 {
						end = j + k
					}
				}
			} else if tag == "nl" {
				b.WriteByte('\n')
			}
			i += end
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
