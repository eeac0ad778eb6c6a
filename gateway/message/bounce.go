package message

import (
	"bytes"
	"regexp"
	"strings"
)

const maxRecipients = 200 // Recipients of one bounce.

// Enhanced status codes (RFC 3463): not a part of an address or of a version number.
var statusPattern = regexp.MustCompile(`(?:^|[^0-9.\w-])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:$|[^0-9.\w]|\.(?:$|[^0-9]))`)

// bounceOf reads what a delivery report says, structured (RFC 3464) or in words; nil for other mail and for reports of
// success alone.
func (p *parser) bounceOf(h *header) *Bounce {
	var b Bounce
	structured := false
	for _, r := range p.part.report {
		if strings.HasSuffix(r.mime, "delivery-status") {
			structured = true
			b.Recipients = append(b.Recipients, deliveryStatus(p, r.data)...)
		}
	}
	if !structured && containsAny(p.m.Text, "-Recipient:", "-recipient:", "-RECIPIENT:") && indexFold(p.m.Text, "final-recipient:") >= 0 {
		// Seen in practice: the report as text, its boundaries lost.
		b.Recipients = deliveryStatus(p, []byte(cut(p.m.Text, maxNotice)))
		structured = len(b.Recipients) > 0
	}
	words := !structured || len(b.Recipients) == 0
	if words {
		found, certain := p.bounceInWords(h)
		if !certain && !structured {
			return nil
		}
		b.Recipients = found
	}
	if len(b.Recipients) > 0 && allWell(b.Recipients) {
		return nil
	}
	if len(b.Recipients) > maxRecipients {
		p.defect(DefectReportLimit, "")
		b.Recipients = b.Recipients[:maxRecipients]
	}
	if b.Recipients == nil {
		b.Recipients = []BounceRecipient{}
	}
	b.OriginalMessageID = p.originalMessageID()
	if words || !statused(b.Recipients) {
		p.originalRecipients(&b)
	}
	return &b
}

func statused(rs []BounceRecipient) bool {
	for _, r := range rs {
		if r.Address == "" {
			return false
		}
	}
	return true
}

func allWell(rs []BounceRecipient) bool {
	for _, r := range rs {
		if r.Action != "delivered" && r.Action != "relayed" && r.Action != "expanded" && r.Action != "deliverable" {
			return false
		}
	}
	return true
}

// originalRecipients takes the recipient of the mail that came back when the report names none.
func (p *parser) originalRecipients(b *Bounce) {
	if p.part.original == nil {
		return
	}
	to := p.parseAddresses(p.part.original.get("to"), "", 2)
	switch {
	case len(to) != 1 || !strings.Contains(to[0].Address, "@"):
	case len(b.Recipients) == 0:
		b.Recipients = []BounceRecipient{{Address: to[0].Address, Status: firstStatus(p.m.Text), Action: "failed"}}
	case len(b.Recipients) == 1 && b.Recipients[0].Address == "":
		b.Recipients[0].Address = to[0].Address
	}
}

// deliveryStatus reads the fields of a message/delivery-status: the first block is about the message, each further one
// about a recipient (RFC 3464, 2.1). Seen in practice: everything in one block, blocks in a row for one recipient.
func deliveryStatus(p *parser, data []byte) []BounceRecipient {
	var out []BounceRecipient
	for _, block := range fieldBlocks(data) {
		h := p.fieldsOf(block)
		if !h.has("final-recipient") && !h.has("original-recipient") && !(h.has("action") && h.has("status")) {
			continue
		}
		r := BounceRecipient{Address: reportedAddress(p, h.get("final-recipient"))}
		if original := reportedAddress(p, h.get("original-recipient")); original != "" && !strings.Contains(r.Address, "@") {
			r.Address = original
		}
		r.Status = firstStatus(h.get("status"))
		r.Action = strings.ToLower(firstWord(h.get("action")))
		if better := firstStatus(h.get("diagnostic-code")); better != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0") && better[0] == r.Status[0]) {
			r.Status = better
		}
		if r.Action == "" {
			r.Action = actionOf(r.Status)
		}
		if len(out) <= maxRecipients { // One more, to know that there are more.
			out = append(out, r)
		}
	}
	return out
}

func actionOf(status string) string {
	switch {
	case strings.HasPrefix(status, "4"):
		return "delayed"
	case strings.HasPrefix(status, "2"):
		return "delivered"
	}
	return "failed"
}

// reportedAddress reads "rfc822; user@example.org" (RFC 3464, 2.3).
func reportedAddress(p *parser, v string) string {
	if i := strings.IndexByte(v, ';'); i >= 0 {
		v = v[i+1:]
	}
	v = strings.TrimSpace(v)
	if a := p.parseAddresses(v, "", 1); len(a) > 0 && a[0].Address != "" {
		return a[0].Address
	}
	return oneLine(strings.Trim(v, "<> "))
}

func firstWord(s string) string {
	s, _ = takeComments(s)
	if f := strings.Fields(clean(s)); len(f) > 0 {
		return strings.TrimRight(f[0], ";,.")
	}
	return ""
}

// firstStatus finds the first enhanced status code in a text.
func firstStatus(s string) string {
	if m := statusPattern.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// fieldBlocks splits at empty lines.
func fieldBlocks(data []byte) [][]byte {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	var out [][]byte
	for _, b := range bytes.Split(data, []byte("\n\n")) {
		if !blank(b) && len(out) < 2*maxRecipients {
			out = append(out, b)
		}
	}
	return out
}

// fieldsOf reads a block of fields that stands in the body of a mail.
func (p *parser) fieldsOf(block []byte) *header {
	block = bytes.TrimLeft(block, "\r\n")
	sub := &parser{m: newMessage(), lim: p.lim, loose: true}
	h, _ := sub.section(newInput(windowOf(block)), maxPartHeader, false)
	return &h
}

// originalMessageID finds the Message-ID of the mail that came back.
func (p *parser) originalMessageID() string {
	if p.part.original != nil {
		if id := messageID(p.part.original.get("message-id")); id != "" {
			return id
		}
	}
	for _, r := range p.part.report {
		if h := p.fieldsOf(r.data); h.has("original-message-id") {
			return messageID(h.get("original-message-id"))
		}
	}
	text := p.m.Text
	for range 20 {
		i := indexFold(text, "message-id")
		if i < 0 {
			break
		}
		line, _, _ := strings.Cut(text[i:], "\n")
		if _, v, ok := strings.Cut(line, ":"); ok {
			if id := messageID(v); strings.Contains(id, "@") {
				return id
			}
		}
		text = text[i+10:]
	}
	return ""
}

// indexFold is strings.Index without regard to the case of ASCII letters; want is in lower case.
func indexFold(s, want string) int {
	first, upper := want[0], want[0]-'a'+'A'
	for i := 0; i+len(want) <= len(s); i++ {
		if s[i] != first && s[i] != upper {
			continue
		}
		if strings.EqualFold(s[i:i+len(want)], want) {
			return i
		}
	}
	return -1
}
