package message

import (
	"strings"
)

// fields reads what the header section of the mail says.
func (p *parser) fields(h *header) {
	m := p.m
	m.HeaderText = headerText(h.text)
	h.text = nil
	p.duplicates(h)
	m.Subject = p.subject(h.get("subject"))
	m.MessageID = messageID(p.idText(h.get("message-id")))
	if m.MessageID == "" {
		p.defect(DefectMessageID, h.get("message-id"))
	}
	m.InReplyTo = p.ids(h.get("in-reply-to"))
	m.References = p.ids(h.get("references"))
	p.date(h)
	left := p.lim.Addresses
	list := func(name string) []Address {
		out := []Address{}
		for _, v := range h.all(name) {
			out = append(out, p.parseAddresses(v, p.hint, max(left-len(out), 0))...)
		}
		left -= len(out)
		return out
	}
	m.FromFields = len(h.all("from"))
	m.From = p.parseAddressesOf(h.get("from"), &left)
	m.To, m.Cc, m.ReplyTo = list("to"), list("cc"), list("reply-to")
	if s := p.parseAddresses(h.get("sender"), p.hint, 1); len(s) > 0 {
		m.Sender = &s[0]
	}
	if m.FromFields != 1 || len(m.From) != 1 || !strings.Contains(m.From[0].Address, "@") {
		p.defect(DefectFrom, h.get("from"))
	}
	if h.has("return-path") {
		var path string
		if v := strings.TrimSpace(h.get("return-path")); v != "<>" {
			if a := p.parseAddresses(v, "", 1); len(a) > 0 {
				path = a[0].Address
			}
		}
		m.ReturnPath = &path
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"} {
		for _, v := range h.all(name) {
			for _, a := range p.parseAddresses(v, "", 50) {
				if len(m.DeliveredTo) < 200 {
					m.DeliveredTo = append(m.DeliveredTo, strings.ToLower(a.Address))
				}
			}
		}
	}
	m.Loop = h.all("x-letterbox-loop")
	m.Language = language(h.get("content-language"), h.get("accept-language"), h.get("x-accept-language"))
}

func (p *parser) parseAddressesOf(v string, left *int) []Address {
	out := p.parseAddresses(v, p.hint, *left)
	*left -= len(out)
	if out == nil {
		out = []Address{}
	}
	return out
}

// Fields that may stand once (RFC 5322, 3.6) and that decide how a mail is read.
var onceFields = map[string]int{
	"from": 0, "sender": 1, "reply-to": 2, "to": 3, "cc": 4, "message-id": 5, "in-reply-to": 6, "references": 7, "subject": 8, "date": 9,
	"content-type": 10, "content-transfer-encoding": 11, "mime-version": 12,
}

func (p *parser) duplicates(h *header) {
	var seen [13]bool
	for i := range h.fields {
		name := h.fields[i].name
		k, once := onceFields[name]
		if once && seen[k] {
			p.defect(DefectDuplicateField, name)
		}
		seen[k] = seen[k] || once
	}
}

// idText decodes a value that should hold none, since some senders encode even ids.
func (p *parser) idText(v string) string {
	if plainASCII(v) && !strings.Contains(v, "=?") {
		return v
	}
	return p.decodeWords(v, p.hint)
}

// subject decodes a Subject.
func (p *parser) subject(v string) string {
	return oneLine(newlines(p.decodeWords(v, p.hint)))
}

// date reads the Date field, or the ones that stand in for it.
func (p *parser) date(h *header) {
	for _, name := range []string{"date", "resent-date", "delivery-date", "x-date"} {
		if v := h.get(name); v != "" {
			if t, ok := parseDate(p.idText(v)); ok {
				p.m.Date = t
				return
			}
			p.defect(DefectDate, v)
		}
	}
	p.defect(DefectDate, "")
}

// language finds German or English in a language field.
func language(values ...string) string {
	for _, v := range values {
		v = strings.ToLower(strings.TrimSpace(v))
		for _, l := range []string{"de", "en"} {
			if v == l || strings.HasPrefix(v, l+"-") || strings.HasPrefix(v, l+",") || strings.HasPrefix(v, l+";") {
				return l
			}
		}
	}
	return ""
}

func headerText(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	s, _ := decodeText(b, "")
	return cut(clean(newlines(s)), maxHeaderText)
}

// ids reads the Message-IDs of a field, never nil.
func (p *parser) ids(v string) []string {
	ids, all := messageIDs(p.idText(v))
	if !all {
		p.defect(DefectReferenceLimit, "")
	}
	return orEmpty(ids)
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
