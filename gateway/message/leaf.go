package message

import (
	"strings"
)

const (
	htmlFactor  = 2        // HTML holds markup besides its text: it may be this many times Limits.Text.
	maxInspect  = 16 << 20 // A winmail.dat or S/MIME container larger than this is not looked into.
	maxReport   = 64 << 10
	maxCalendar = 256 << 10
)

// reportPart is the head of a part of a multipart/report (RFC 6522).
type reportPart struct {
	mime string
	data []byte
}

// leaf reads a part that is no multipart: text to show is held, everything else goes to the sink.
func (p *parser) leaf(in *input, h *header, ct params, known bool, depth int, parent string) (*node, stop) {
	d, ok := transferDecoder(h.get("content-transfer-encoding"))
	if !ok {
		p.defect(DefectTransferEncoding, h.get("content-transfer-encoding"))
	}
	cd := p.parseParams(h.get("content-disposition"), p.hint)
	name := p.partName(h, ct, cd)
	n := &node{
		mime: ct.value, charset: ct.get("charset"), name: name, cid: contentID(h), location: h.get("content-location"),
		flowed: strings.EqualFold(ct.get("format"), "flowed"), delsp: strings.EqualFold(ct.get("delsp"), "yes"),
	}
	w := &partWriter{p: p, d: d, n: n, inline: cd.value != "attachment", known: known}
	var file bool
	n.text, file = showsAsText(n, cd, depth, parent)
	switch {
	case n.text:
		w.hold = p.lim.Text
		if n.mime == "text/html" {
			w.hold *= htmlFactor
		}
	case looksInside(n):
		w.keep = p.keepOf(n, depth)
	case p.smime.policy != nil && parent == "signed" && isSignature(n):
		w.keep = maxDetached
	case n.mime == "text/calendar":
		w.keep = maxCalendar
	case depth == 0 && (n.mime == "message/rfc822" || n.mime == "message/global"):
		w.keep = maxInspect
	case isReportPart(n.mime) || strings.HasPrefix(n.mime, "message/"):
		w.keep = maxReport
	}
	if !n.text || file {
		w.open()
	}
	at := in.body(w.write, nil)
	w.finish()
	if !n.text {
		if inner := p.look(n, w, depth, parent); inner != nil {
			return inner, at
		}
	}
	return n, at
}

// showsAsText says whether a leaf is a candidate for the text of the mail. A part with a name of its own is a file,
// unless the mail consists of it. keep tells that it is listed as an attachment all the same: a named text whose sender
// did not say what to do with it.
func showsAsText(n *node, cd params, depth int, parent string) (shows, keep bool) {
	switch {
	case n.mime == "text/plain", n.mime == "text/html":
	case n.mime == "text/enriched", n.mime == "text/richtext":
	case strings.HasPrefix(n.mime, "text/") && cd.value == "" && n.name == "" && parent != "alternative" && !fileText(n.mime):
	default:
		return false, false
	}
	switch {
	case depth == 0 && n.mime == "text/plain":
		return true, cd.value == "attachment"
	case cd.value == "attachment":
		return false, false
	case n.name == "" || depth == 0 || parent == "alternative":
		return true, false
	}
	return n.mime == "text/plain" && cd.value == "", true
}

// fileText says whether a kind of text is meant for programs.
func fileText(mime string) bool {
	switch mime {
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/xml", "text/rtf", "text/rfc822-headers", "text/css", "text/javascript", "text/x-amp-html", "text/watch-html", "text/x-watch-html", "text/x-moz-deleted":
		return true
	}
	return false
}

func isReportPart(mime string) bool {
	switch mime {
	case "message/delivery-status", "message/global-delivery-status", "message/feedback-report", "text/rfc822-headers", "message/global-headers", "message/disposition-notification", "message/rfc822", "message/global":
		return true
	}
	return false
}

// partName finds the name of a part: Content-Disposition, Content-Type, then what a few mailers use.
func (p *parser) partName(h *header, ct, cd params) string {
	for _, v := range []string{cd.get("filename"), ct.get("name"), cd.get("name"), ct.get("filename"), ct.get("file")} {
		if v == "" {
			continue
		}
		if v, short := cleanName(v); v != "" {
			if short {
				p.defect(DefectNameLimit, v)
			}
			return v
		}
	}
	return ""
}

func contentID(h *header) string {
	s := h.get("content-id")
	if s == "" {
		return ""
	}
	return cut(oneLine(strings.Trim(s, " \t<>\"")), maxMessageIDLen)
}

// partWriter takes the octets of one part: decodes them, holds them when they are text, streams them when they are an
// attachment, and changes from the one to the other when a text is too large.
type partWriter struct {
	p      *parser
	n      *node
	d      decoder
	hold   int64 // Text: octets to hold before the whole becomes an attachment.
	keep   int   // Attachment: octets of its beginning to keep in memory.
	head   []byte
	inline bool
	known  bool
	att    *attachment
}

func (w *partWriter) write(b []byte) {
	if w.d == nil {
		w.take(b)
		return
	}
	w.p.block = w.d.decode(w.p.block[:0], b)
	w.take(w.p.block)
}

func (w *partWriter) take(b []byte) {
	if len(b) == 0 {
		return
	}
	if w.att != nil {
		if room := w.keep - len(w.head); room > 0 {
			w.head = append(w.head, b[:min(room, len(b))]...)
		}
		w.att.write(b)
		if !w.n.text || w.n.over {
			return
		}
	}
	room := min(w.hold-int64(len(w.n.raw)), w.p.budget()-w.p.held)
	if int64(len(b)) <= room {
		w.n.raw = append(w.n.raw, b...)
		w.p.held += int64(len(b))
		return
	}
	w.n.over = true
	if w.n.mime == "text/html" {
		w.p.defect(DefectHTMLLimit, w.n.name)
	} else {
		w.p.defect(DefectTextLimit, w.n.name)
	}
	if w.att == nil {
		w.open()
		w.att.write(w.n.raw)
		w.att.write(b)
	}
	if room > 0 {
		w.n.raw = append(w.n.raw, b[:room]...)
		w.p.held += room
	}
}

// budget is how many octets of text may be in memory at a time.
func (p *parser) budget() int64 { return 8 * p.lim.Text }

func (w *partWriter) open() { w.att = w.p.attach(w.n, w.inline) }

func (w *partWriter) finish() {
	if w.d != nil {
		w.take(w.d.finish(w.p.block[:0]))
		if w.d.broken() {
			switch w.d.(type) {
			case *base64Decoder:
				w.p.defect(DefectBase64, w.n.name)
			case *quotedDecoder:
				w.p.defect(DefectQuotedPrintable, w.n.name)
			default:
				w.p.defect(DefectTransferEncoding, w.n.name)
			}
		}
	}
	if w.att == nil {
		return
	}
	if strings.HasPrefix(w.n.mime, "message/") && w.n.name == "" {
		if s := w.p.fieldsOf(w.head).get("subject"); s != "" {
			if s = CleanName(w.p.subject(s)); s != "" {
				w.n.name = cut(s, maxName-4) + ".eml"
			}
		}
	}
	w.att.close()
}
