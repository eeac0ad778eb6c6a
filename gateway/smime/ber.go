package smime

import (
	"errors"
	"slices"
)

const (
	maxElements = 200_000 // Elements of one structure; streaming senders cut content into pieces of 1,000 octets or more.
	maxNesting  = 40
	deepNesting = 12      // Below here stand certificates and attributes only,
	maxDeep     = 1 << 20 // which are never larger than this.
)

const (
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagSet      = 0x31
	tagZero     = 0xa0 // [0], constructed.
	tagImplicit = 0x80 // [0], primitive.
)

var errBER = errors.New("not a readable BER structure")

// element is one element of a structure in BER. The octets of a string that came in pieces are joined.
type element struct {
	tag   byte
	body  []byte    // Of a primitive.
	parts []element // Of a constructed one.
	size  int       // Octets of the content in DER.
}

// reader bounds the work on one structure: the parser of the library calls itself for each level, and searches ahead
// for each element of indefinite length, so it must only see what has passed here.
type reader struct{ left int }

// parseBER reads one element; octets behind it are ignored, as in mails that were padded on the way.
func parseBER(b []byte) (element, error) {
	r := reader{left: maxElements}
	e, _, err := r.read(b, 0)
	return e, err
}

func (r *reader) read(b []byte, depth int) (e element, rest []byte, err error) {
	if r.left--; r.left < 0 || depth > maxNesting || len(b) < 2 || b[0]&0x1f == 0x1f {
		return e, nil, errBER
	}
	e.tag = b[0]
	size, n, ok := berLength(b[1:])
	if !ok {
		return e, nil, errBER
	}
	b = b[1+n:]
	constructed := e.tag&0x20 != 0
	switch {
	case size > len(b), size < 0 && !constructed, depth > deepNesting && size > maxDeep:
		return e, nil, errBER
	case !constructed:
		e.body, e.size = b[:size], size
		return e, b[size:], nil
	}
	inside, open := b, size < 0
	if !open {
		inside, rest = b[:size], b[size:]
	}
	for {
		if open && len(inside) >= 2 && inside[0] == 0 && inside[1] == 0 {
			rest = inside[2:]
			break
		}
		if !open && len(inside) == 0 {
			break
		}
		var part element
		if part, inside, err = r.read(inside, depth+1); err != nil {
			return e, nil, err
		}
		e.parts = append(e.parts, part)
		e.size += part.length()
	}
	if depth > deepNesting && e.size > maxDeep {
		return e, nil, errBER
	}
	if e.tag == tagOctets|0x20 {
		if e, ok = e.joined(tagOctets); !ok {
			return e, nil, errBER
		}
	}
	return e, rest, nil
}

// berLength reads a length; size is -1 for the indefinite form.
func berLength(b []byte) (size, n int, ok bool) {
	first := int(b[0])
	switch {
	case first < 0x80:
		return first, 1, true
	case first == 0x80:
		return -1, 1, true
	}
	n = first & 0x7f
	if n > 4 || len(b) < 1+n {
		return 0, 0, false
	}
	for _, c := range b[1 : 1+n] {
		size = size<<8 | int(c)
	}
	return size, 1 + n, size >= 0 && size < 1<<31
}

// joined makes one string of a string in pieces.
func (e element) joined(tag byte) (element, bool) {
	out := element{tag: tag, body: make([]byte, 0, e.size)}
	for _, p := range e.parts {
		if p.tag != tagOctets {
			return e, false
		}
		out.body = append(out.body, p.body...)
	}
	out.size = len(out.body)
	return out, true
}

// length is the number of octets of the element in DER, tag and length included.
func (e element) length() int { return 1 + len(derLength(nil, e.size)) + e.size }

// resized returns the element with other parts.
func (e element) resized(parts ...element) element {
	e.parts, e.size = parts, 0
	for _, p := range parts {
		e.size += p.length()
	}
	return e
}

// der writes the element with definite lengths.
func (e element) der() []byte { return e.append(make([]byte, 0, e.length())) }

func (e element) append(out []byte) []byte {
	out = derLength(append(out, e.tag), e.size)
	if e.tag&0x20 == 0 {
		return append(out, e.body...)
	}
	for _, p := range e.parts {
		out = p.append(out)
	}
	return out
}

func derLength(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	var digits []byte
	for ; n > 0; n >>= 8 {
		digits = append(digits, byte(n))
	}
	slices.Reverse(digits)
	return append(append(out, 0x80|byte(len(digits))), digits...)
}

// at returns part i when it has that tag.
func (e element) at(i int, tag byte) (element, bool) {
	if i < 0 || i >= len(e.parts) || e.parts[i].tag != tag {
		return element{}, false
	}
	return e.parts[i], true
}
