package message

import (
	"errors"
	"strings"
	"time"

	"letterbox/gateway/smime"
)

const (
	maxLayers   = 4       // Of encryption around one mail.
	maxDetached = 1 << 20 // Octets of a detached signature.
)

// layers is what the parser knows of the S/MIME around the mail. Only a part that is the mail as a whole is decrypted,
// and only its signature counts: what stands beside other parts can be anybody's (EFAIL).
type layers struct {
	policy   *smime.Policy // Nil: S/MIME is recognised and nothing more.
	received time.Time
	depth    int  // Where the part stands that is the whole mail; -1 when there is none any more.
	opened   int  // Layers of encryption that were taken off.
	loose    bool // Something was decrypted that anybody could have changed.
	closed   bool // The mail as a whole is encrypted and could not be opened.

	seals   int    // multipart/signed that are open around the part.
	broken  bool   // One of them has other parts than it should.
	pending func() // Decrypts the part that they hold, once it is known that it stands alone.
}

func (p *parser) isWhole(depth int) bool { return p.smime.policy != nil && p.smime.depth == depth }

// wholeInside reads what a container at that depth holds as the whole of the mail.
func (p *parser) wholeInside(octets []byte, depth int) *node {
	p.smime.depth = depth + 1
	child := p.inner(octets, depth)
	p.smime.depth = -1
	return child
}

func (p *parser) claim() smime.Claim {
	c := smime.Claim{Received: p.smime.received}
	if p.m.FromFields == 1 && len(p.m.From) == 1 {
		c.From = p.m.From[0].Address
	}
	return c
}

// judged keeps the result for one signature around the mail. A valid one counts before others, then the innermost.
// opened is how many layers of encryption were off before what it covers: a signature around encrypted octets says
// nothing about their author.
func (p *parser) judged(s smime.Signature, opened int) {
	if opened != p.smime.opened && s.State == smime.Valid {
		s = s.Around()
	}
	if p.m.Verified == nil || s.State == smime.Valid && p.m.Verified.State != smime.Valid {
		p.m.Verified = &s
	}
}

// settleSMIME says what is left to say when the whole mail is read.
func (p *parser) settleSMIME() {
	if p.smime.policy == nil {
		return
	}
	if p.m.Signed == "smime" && p.m.Verified == nil {
		p.judged(smime.Refused(smime.Partial), p.smime.opened)
	}
	if p.smime.closed && p.m.Verified != nil && p.m.Verified.State == smime.Valid {
		*p.m.Verified = p.m.Verified.Around()
	}
	if p.smime.loose && (p.m.Verified == nil || p.m.Verified.State != smime.Valid) {
		p.defect(DefectUnauthenticated, "")
	}
}

// openSigned verifies opaque signed data that is the whole mail, and reads the octets that were signed.
func (p *parser) openSigned(w *partWriter, content []byte, depth int) *node {
	opened, result := p.smime.opened, smime.NotChecked(smime.Size)
	if !w.cut() {
		var signed []byte
		if signed, result = p.smime.policy.VerifyOpaque(w.head, p.claim()); signed != nil {
			content = signed
		}
	}
	child := p.wholeInside(content, depth)
	p.judged(result, opened)
	return child
}

// decrypt opens encrypted data and reads what is in it as a mail of its own: its octets never meet others.
func (p *parser) decrypt(n *node, w *partWriter, depth int) *node {
	switch {
	case p.smime.policy == nil:
		return nil
	case !p.isWhole(depth):
		p.defect(DefectEncryptedPart, n.name)
		return nil
	case w.cut(), depth >= p.lim.Depth, p.smime.opened >= maxLayers:
		p.defect(DefectEncryption, n.name)
		p.smime.closed = true
		return nil
	case p.smime.seals > 0:
		p.smime.pending = func() {
			if child := p.unseal(n, w, depth); child != nil {
				*n = *child
			}
		}
		return nil
	}
	return p.unseal(n, w, depth)
}

func (p *parser) unseal(n *node, w *partWriter, depth int) *node {
	plain, err := p.smime.policy.Decrypt(w.head)
	p.smime.closed = err != nil
	switch {
	case errors.Is(err, smime.ErrNoKey):
		p.defect(DefectNoKey, n.name)
		return nil
	case errors.Is(err, smime.ErrUnsupported):
		p.defect(DefectEncryption, n.name)
		return nil
	case err != nil:
		p.defect(DefectSMIME, n.name)
		return nil
	}
	p.m.Decrypted = true
	p.smime.opened++
	p.smime.loose = p.smime.loose || !plain.Authenticated
	p.m.Verified = nil // What was verified so far lies outside.
	return p.wholeInside(plain.Octets, depth)
}

// cut says whether not all of the part is in memory.
func (w *partWriter) cut() bool { return len(w.head) >= w.keep }

// keepOf is how many octets of a container are kept to look into it.
func (p *parser) keepOf(n *node, depth int) int {
	if isSMIME(n) && p.isWhole(depth) {
		return smime.MaxContent
	}
	return maxInspect
}

func isSignature(n *node) bool {
	switch n.mime {
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return true
	case "application/octet-stream":
		return strings.HasSuffix(strings.ToLower(n.name), ".p7s")
	}
	return false
}

// seal is a multipart/signed (RFC 1847, 2.1) that is the whole mail. Its methods may be called on nil, for any other
// multipart.
type seal struct {
	p       *parser
	in      *input
	depth   int
	opened  int // Layers of encryption that were off before.
	start   int
	content []byte // The first part as it stands.
	whole   bool   // content is there, and ends where the part ends.
	large   bool
}

// sealOf begins to watch a multipart.
func (p *parser) sealOf(in *input, n *node, depth int) *seal {
	if n.kind != "signed" || !p.isWhole(depth) || n.protocol != "" && !strings.Contains(n.protocol, "pkcs7") {
		return nil
	}
	p.smime.depth = -1
	p.smime.seals++
	return &seal{p: p, in: in, depth: depth, opened: p.smime.opened}
}

// begin is called before part i, from 1, is read.
func (s *seal) begin(i int) {
	if s == nil || i != 1 {
		return
	}
	s.start = s.in.record()
	s.p.smime.depth = s.depth + 1
}

// end is called when part i is read; delimited tells that a delimiter of this multipart ended it.
func (s *seal) end(i int, delimited bool) {
	if s == nil || i != 1 {
		return
	}
	s.p.smime.depth = -1
	s.content, s.large = s.in.recorded(s.start)
	s.whole = delimited
}

// check verifies when all parts are read. What is encrypted inside is opened when the outermost multipart has no part
// but the signed one and its signature, so that decrypted text never meets other text.
func (s *seal) check(parts int, n *node) {
	if s == nil {
		return
	}
	two := s.whole && parts == 2 && len(n.children) == 2 && isSignature(n.children[1])
	l := &s.p.smime
	l.seals--
	l.broken = l.broken || !two
	if l.seals == 0 {
		open, broken := l.pending, l.broken
		l.pending, l.broken = nil, false // There may be others inside.
		switch {
		case open != nil && broken:
			s.p.defect(DefectEncryptedPart, "")
		case open != nil:
			open()
		}
	}
	if cryptoOf(n) != "smime" {
		return
	}
	var result smime.Signature
	switch {
	case parts < 2 || !s.whole:
		result = smime.NotChecked(smime.Format)
	case !two:
		result = smime.Refused(smime.Partial)
	case s.large || n.children[1].over:
		result = smime.NotChecked(smime.Size)
	default:
		result = s.p.smime.policy.VerifyDetached(s.content, n.children[1].raw, s.p.claim())
	}
	s.p.judged(result, s.opened)
}
