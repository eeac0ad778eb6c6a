package message

import (
	"bytes"
)

// Object identifiers of CMS (RFC 5652), DER without tag and length.
var (
	oidSignedData     = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidEnvelopedData  = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	oidAuthEnveloped  = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17}
	oidEncryptedData  = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}
	oidCompressedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09}
)

// openSMIME recognises a CMS container. Signed data (RFC 8551, 3.5.2) is opened and its content read like any part.
// Where the container is the whole mail and there is a policy, the signature is checked and what is encrypted is opened;
// the container stays an attachment in any case.
func (p *parser) openSMIME(n *node, w *partWriter, depth int) *node {
	kind, content := cmsContent(w.head)
	switch {
	case kind == "signed":
		p.m.Signed = firstOf(p.m.Signed, "smime")
		if len(content) == 0 || depth >= p.lim.Depth {
			p.defect(DefectSMIME, n.name)
			return nil
		}
		if p.isWhole(depth) {
			return p.openSigned(w, content, depth)
		}
		return p.inner(content, depth)
	case kind == "encrypted", kind == "" && n.mime != "application/octet-stream":
		p.m.Encrypted = firstOf(p.m.Encrypted, "smime")
		if kind == "" {
			p.defect(DefectSMIME, n.name)
			return nil
		}
		return p.decrypt(n, w, depth)
	case kind == "compressed":
		p.defect(DefectSMIME, n.name)
	}
	return nil
}

// inner reads the part that stood in a container.
func (p *parser) inner(content []byte, depth int) *node {
	in := newInput(windowOf(content))
	h, at := p.section(in, maxPartHeader, false)
	if at != nil {
		return nil
	}
	child, _ := p.entity(in, &h, depth+1, "signed")
	return child
}

// cmsContent finds the kind of a CMS structure and, for signed data, the content in it. It walks BER by hand: a few
// elements deep, never recursing, so that no nesting in the octets can hurt.
func cmsContent(b []byte) (kind string, content []byte) {
	b = enter(b, 0x30) // ContentInfo
	id, rest := element(b)
	switch {
	case id == nil || b[0] != 0x06:
		return "", nil
	case bytes.HasSuffix(id, oidEnvelopedData), bytes.HasSuffix(id, oidAuthEnveloped), bytes.HasSuffix(id, oidEncryptedData):
		return "encrypted", nil
	case bytes.HasSuffix(id, oidCompressedData):
		return "compressed", nil
	case !bytes.HasSuffix(id, oidSignedData):
		return "", nil
	}
	b = enter(enter(rest, 0xa0), 0x30) // SignedData
	_, b = element(b)                  // version
	_, b = element(b)                  // digestAlgorithms
	b = enter(b, 0x30)                 // encapContentInfo
	_, b = element(b)                  // eContentType
	b = enter(b, 0xa0)
	return "signed", octetString(b)
}

// berHead reads tag and length; n is the size of both, size is -1 for the indefinite form.
func berHead(b []byte) (n, size int, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, 0, false
	}
	l := int(b[1])
	switch {
	case l == 0x80:
		return 2, -1, b[0]&0x20 != 0
	case l < 0x80:
		return 2, l, true
	}
	l &= 0x7f
	if l > 4 || len(b) < 2+l {
		return 0, 0, false
	}
	for _, c := range b[2 : 2+l] {
		size = size<<8 | int(c)
	}
	return 2 + l, size, true
}

// enter returns what is inside of the element that begins here when it has that tag.
func enter(b []byte, tag byte) []byte {
	n, size, ok := berHead(b)
	if !ok || b[0] != tag {
		return nil
	}
	b = b[n:]
	if size >= 0 && size < len(b) {
		b = b[:size]
	}
	return b
}

// element splits off the element that begins here, tag and length included. An element of indefinite length is
// searched for its end with a counter.
func element(b []byte) (first, rest []byte) {
	n, size, ok := berHead(b)
	if !ok {
		return nil, nil
	}
	if size >= 0 {
		end := n + size
		if end > len(b) || end < n {
			return nil, nil
		}
		return b[:end], b[end:]
	}
	i, open := n, 1
	for open > 0 {
		if i+2 > len(b) {
			return nil, nil
		}
		if b[i] == 0 && b[i+1] == 0 {
			i += 2
			open--
			continue
		}
		n, size, ok = berHead(b[i:])
		switch {
		case !ok:
			return nil, nil
		case size < 0:
			i += n
			open++
		default:
			if size > len(b)-i-n {
				return nil, nil
			}
			i += n + size
		}
	}
	return b[:i], b[i:]
}

// octetString joins the pieces of an OCTET STRING, which may be constructed and of indefinite length.
func octetString(b []byte) []byte {
	n, size, ok := berHead(b)
	if !ok {
		return nil
	}
	if b[0] == 0x04 {
		if size > len(b)-n {
			size = len(b) - n
		}
		return b[n : n+size]
	}
	if b[0] != 0x24 {
		return nil
	}
	b = enter(b, 0x24)
	var out []byte
	for len(b) >= 2 && !(b[0] == 0 && b[1] == 0) {
		n, size, ok = berHead(b)
		switch {
		case !ok:
			return out
		case b[0] == 0x24:
			b = b[n:] // A piece that is itself in pieces.
		case size < 0 || size > len(b)-n:
			return append(out, b[n:]...)
		default:
			if b[0] == 0x04 {
				out = append(out, b[n:n+size]...)
			}
			b = b[n+size:]
		}
	}
	return out
}
