package message

import (
	"bytes"
	"strings"
)

const maxNested = 20 // Nested messages that may be read out when a mail has no text of its own.

// classify finds what kind of mail this is.
func (p *parser) classify(h *header, root *node) {
	p.guard("security", func() { p.security(root) })
	p.guard("feedback", func() { p.m.FeedbackReport = p.feedbackOf() })
	if p.m.FeedbackReport == nil {
		p.guard("bounce", func() { p.m.Bounce = p.bounceOf(h) })
	}
	p.guard("auto", func() { p.m.Auto = autoOf(h, p.m) })
	p.guard("list", func() { p.m.List = listOf(h) })
	p.guard("unanswered", func() { p.m.Unanswered = unanswered(h) })
	p.guard("spam", func() { p.m.Spam = spamMark(h) })
	p.guard("results", func() { p.results(h) })
}

// look reads the parts that say something besides being attachments; it may give a tree that stands in for the part.
func (p *parser) look(n *node, w *partWriter, depth int, parent string) *node {
	switch {
	case n.mime == "text/rfc822-headers" || n.mime == "message/global-headers" || n.mime == "message/rfc822" || n.mime == "message/global":
		if p.part.original == nil {
			p.part.original = p.fieldsOf(w.head)
		}
		if strings.HasPrefix(n.mime, "message/") {
			if depth == 0 {
				return p.unwrap(w.head, depth)
			}
			if len(p.part.nested) < maxNested {
				p.part.nested = append(p.part.nested, w.head)
			}
		}
	case strings.HasPrefix(n.mime, "message/") && len(p.part.report) < 50:
		p.part.report = append(p.part.report, reportPart{n.mime, w.head})
		if w.cut() && strings.HasSuffix(n.mime, "delivery-status") {
			p.defect(DefectReportLimit, "")
		}
	case n.mime == "text/calendar" && p.part.calendar == nil && w.cut():
		p.defect(DefectCalendarLimit, "")
	case n.mime == "text/calendar" && p.part.calendar == nil:
		p.part.calendar = w.head
		p.part.calendarSet = n.charset
	case isSMIME(n):
		return p.openSMIME(n, w, depth)
	case isTNEF(n):
		return p.openTNEF(n, w)
	case isSignature(n):
		n.raw, n.over = w.head, w.cut()
	}
	return nil
}

// unwrap reads a mail that is nothing but another one: the inner one is kept as an attachment, and what is in it counts.
func (p *parser) unwrap(raw []byte, depth int) *node {
	p.smime.depth = -1 // Its fields are not those of the mail.
	in := newInput(windowOf(raw))
	h, at := p.section(in, maxPartHeader, false)
	if at != nil || depth >= p.lim.Depth {
		return nil
	}
	ct, _ := p.contentType(&h, "")
	if strings.HasPrefix(ct.value, "message/") && p.level < 5 {
		p.level++
		child, _ := p.entity(in, &h, 0, "")
		return child
	}
	child, _ := p.entity(in, &h, depth+1, "wrapped")
	return child
}

// looksInside says whether a part is a container that is opened.
func looksInside(n *node) bool { return isSMIME(n) || isTNEF(n) }

func isSMIME(n *node) bool {
	switch n.mime {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	case "application/octet-stream":
		return strings.HasSuffix(strings.ToLower(n.name), ".p7m")
	}
	return false
}

func isTNEF(n *node) bool {
	switch n.mime {
	case "application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef":
		return true
	}
	return strings.EqualFold(n.name, "winmail.dat") || strings.EqualFold(n.name, "win.dat")
}

// security finds out whether the mail is signed or encrypted, and how (RFC 1847, RFC 3156, RFC 8551).
func (p *parser) security(n *node) {
	if n == nil {
		return
	}
	switch n.kind {
	case "signed":
		p.m.Signed = firstOf(p.m.Signed, cryptoOf(n))
	case "encrypted":
		p.m.Encrypted = firstOf(p.m.Encrypted, "pgp")
	}
	if n.kind == "" && n.text && n.mime == "text/plain" {
		switch {
		case bytes.Contains(n.raw, []byte("-----BEGIN PGP MESSAGE-----")):
			p.m.Encrypted = firstOf(p.m.Encrypted, "pgp")
		case bytes.Contains(n.raw, []byte("-----BEGIN PGP SIGNED MESSAGE-----")):
			p.m.Signed = firstOf(p.m.Signed, "pgp")
		}
	}
	for _, c := range n.children {
		p.security(c)
	}
}

func cryptoOf(n *node) string {
	kinds := n.protocol
	for _, c := range n.children {
		kinds += " " + c.mime
	}
	switch {
	case strings.Contains(kinds, "pgp"):
		return "pgp"
	case strings.Contains(kinds, "pkcs7"):
		return "smime"
	}
	return ""
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
