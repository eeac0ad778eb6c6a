package message

import (
	"bytes"
	"slices"
	"strings"
)

// node is one part of the MIME tree, as far as it matters for what is shown.
type node struct {
	kind     string // "mixed", "alternative", "related", ... for a multipart; "" for a leaf.
	protocol string // Of a signed or encrypted multipart (RFC 1847).
	children []*node

	// A leaf that may be shown as text.
	text     bool
	mime     string // "text/plain", "text/html", ...
	raw      []byte // Decoded octets, at most what the limits allow.
	charset  string
	flowed   bool
	delsp    bool
	over     bool // The whole is an attachment, raw holds its beginning.
	name     string
	cid      string
	location string
}

// entity reads one part (RFC 2045, 2.4) whose header section is read already. parent is the kind of multipart it is in.
func (p *parser) entity(in *input, h *header, depth int, parent string) (*node, stop) {
	p.parts++
	ct, known := p.contentType(h, parent)
	if strings.HasPrefix(ct.value, "multipart/") {
		if p.parts > p.lim.Parts {
			p.defect(DefectPartLimit, "")
			return nil, in.skip()
		}
		if depth < p.lim.Depth {
			return p.multipart(in, h, ct, depth)
		}
		p.defect(DefectDepthLimit, "")
	}
	if p.parts > p.lim.Parts {
		p.defect(DefectPartLimit, "")
		return nil, in.skip()
	}
	return p.leaf(in, h, ct, known, depth, parent)
}

// contentType reads the Content-Type of a part; known is false when there is none that can be read.
func (p *parser) contentType(h *header, parent string) (ct params, known bool) {
	v := h.get("content-type")
	ct = p.parseParams(v, p.hint)
	main, sub, ok := strings.Cut(ct.value, "/")
	if ok && token(main) && token(sub) {
		return ct, true
	}
	if v != "" {
		p.defect(DefectContentType, v)
	}
	switch {
	case ct.value == "text" || ct.value == "html" || ct.value == "plain":
		// Seen in practice: half a type (RFC 1049 had such ones).
		if ct.value == "html" {
			ct.value = "text/html"
		} else {
			ct.value = "text/plain"
		}
		return ct, true
	case v == "" && parent == "digest":
		ct.value = "message/rfc822" // RFC 2046, 5.1.5.
	case v != "" && ct.get("boundary") != "":
		ct.value = "multipart/mixed"
	case v != "" && (ct.get("name") != "" || h.has("content-disposition")):
		ct.value = "application/octet-stream"
	default:
		ct.value = "text/plain"
	}
	return ct, false
}

func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("()<>@,;:\\\"/[]?=", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// multipart reads the parts of a multipart (RFC 2046, 5.1).
func (p *parser) multipart(in *input, h *header, ct params, depth int) (*node, stop) {
	n := &node{kind: strings.TrimPrefix(ct.value, "multipart/"), protocol: strings.ToLower(ct.get("protocol"))}
	level := len(in.bounds)
	boundary := strings.TrimRight(ct.get("boundary"), " \t")
	if len(boundary) > maxBoundary {
		boundary = ""
	}
	if boundary != "" {
		in.bounds = append(in.bounds, []byte(boundary))
	} else {
		p.defect(DefectBoundary, "")
	}
	var before []byte
	keep := func(b []byte) {
		if room := 256<<10 - len(before); room > 0 {
			before = append(before, b[:min(len(b), room)]...)
		}
	}
	// A delimiter that was not announced is recognised by the header field behind it.
	sniff := func(line []byte) bool {
		text := bytes.Clone(bytes.TrimRight(line[2:min(len(line), maxBoundary+4)], " \t\r\n"))
		if len(text) == 0 || len(text) > maxBoundary || !contentField(in.peekBehind(len(line))) {
			return false
		}
		p.defect(DefectBoundary, "")
		in.bounds = append(in.bounds[:level], text)
		return true
	}
	at := in.body(keep, sniff)
	parts := 0
	sealed := p.sealOf(in, n, depth)
	closed := false
	for at.level == level {
		if at.last {
			closed = true
			if slices.ContainsFunc(in.bounds[:level], func(b []byte) bool { return bytes.Equal(b, in.bounds[level]) }) {
				in.bounds = in.bounds[:level] // Seen in practice: the same boundary again further out.
			}
			if at = in.skip(); at.level == level && !at.last {
				p.defect(DefectBoundary, "") // Seen in practice: parts behind the closing delimiter.
			}
			continue
		}
		parts++
		sealed.begin(parts)
		hh, inside := p.section(in, maxPartHeader, false)
		if inside != nil {
			at = *inside
			sealed.end(parts, at.level == level)
			continue
		}
		var child *node
		child, at = p.entity(in, &hh, depth+1, n.kind)
		sealed.end(parts, at.level == level)
		if child != nil {
			n.children = append(n.children, child)
		}
	}
	if len(in.bounds) > level {
		in.bounds = in.bounds[:level]
	}
	sealed.check(parts, n)
	switch {
	case parts == 0 && len(bytes.TrimSpace(before)) > 0:
		// No part at all: what is there is shown as text.
		p.defect(DefectBoundary, "")
		d, _ := transferDecoder(h.get("content-transfer-encoding"))
		n.children = append(n.children, &node{text: true, mime: "text/plain", raw: decodeAll(d, before), charset: ct.get("charset")})
	case !closed:
		p.defect(DefectUnclosed, "")
	}
	return n, at
}

func contentField(line []byte) bool {
	return len(line) > 8 && strings.EqualFold(string(line[:8]), "content-") && looksLikeField(line)
}

func decodeAll(d decoder, b []byte) []byte {
	if d == nil {
		return b
	}
	out := d.decode(make([]byte, 0, len(b)), b)
	return d.finish(out)
}
