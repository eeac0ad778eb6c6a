package message

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// decoder undoes a transfer encoding (RFC 2045, 6), block by block: what it cannot read it passes over or lets stand.
type decoder interface {
	decode(dst, src []byte) []byte // Appends what src decodes to.
	finish(dst []byte) []byte      // Appends what was held back.
	broken() bool                  // Something was not as it should be.
}

// transferDecoder returns the decoder of a Content-Transfer-Encoding as mailers write it, nil for octets as they are.
func transferDecoder(value string) (d decoder, known bool) {
	v := strings.ToLower(value)
	if i := strings.IndexAny(v, ";("); i >= 0 {
		v = v[:i]
	}
	v = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, v)
	switch v {
	case "base64", "b", "xbase64", "base64base64":
		return &base64Decoder{}, true
	case "quotedprintable", "qp", "q", "quotedprintible", "quotedprinted", "xquotedprintable", "printable":
		return &quotedDecoder{}, true
	case "xuuencode", "uuencode", "xuue", "uue", "uu":
		return &uuDecoder{}, true
	case "", "7bit", "8bit", "binary", "7bits", "8bits", "7", "8", "none", "ascii", "usascii", "utf8":
		return nil, true
	}
	return nil, false
}

// Values of base64 digits: 64 is padding, 65 a blank, 66 foreign.
var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = 66
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = byte(i)
	}
	t['='] = 64
	for _, c := range " \t\r\n" {
		t[c] = 65
	}
	return t
}()

type base64Decoder struct {
	acc    uint32
	n      int // Digits in acc.
	wrong  bool
	padded bool
}

func (d *base64Decoder) broken() bool { return d.wrong }

func (d *base64Decoder) decode(dst, src []byte) []byte {
	dst = slices.Grow(dst, len(src)/4*3+3)
	for i := 0; i < len(src); {
		if d.n == 0 {
			n, k := quanta(dst[len(dst):cap(dst)], src[i:])
			dst = dst[:len(dst)+k]
			if i += n; i >= len(src) {
				break
			}
		}
		v := base64Value[src[i]]
		i++
		switch {
		case v < 64:
			d.acc = d.acc<<6 | uint32(v)
			if d.n++; d.n == 4 {
				dst = append(dst, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
				d.acc, d.n = 0, 0
			}
		case v == 64:
			// Padding ends a quantum. Seen in practice: several encoded pieces one behind the other.
			dst = d.flush(dst)
		case v == 66:
			d.wrong = true
		}
	}
	return dst
}

// quanta decodes whole lines and then whole groups of four digits and returns how many octets of src they were and of
// dst they gave.
func quanta(dst, src []byte) (n, k int) {
	for n < len(src) {
		// Lines of whole groups are the rule; the standard library reads eight digits at a time.
		end := bytes.IndexByte(src[n:min(n+160, len(src))], '\n')
		if end < 0 {
			break
		}
		line := src[n : n+end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		if len(line)&3 != 0 || len(dst)-k < len(line)/4*3 {
			break
		}
		m, err := base64.StdEncoding.Decode(dst[k:], line)
		if err != nil {
			break
		}
		n, k = n+end+1, k+m
	}
	for len(src)-n >= 4 && len(dst)-k >= 3 {
		q := src[n : n+4 : n+4]
		a, b, c, e := base64Value[q[0]], base64Value[q[1]], base64Value[q[2]], base64Value[q[3]]
		if a|b|c|e >= 64 {
			break
		}
		o := dst[k : k+3 : k+3]
		o[0], o[1], o[2] = a<<2|b>>4, b<<4|c>>2, c<<6|e
		n += 4
		k += 3
	}
	return n, k
}

func (d *base64Decoder) flush(dst []byte) []byte {
	switch d.n {
	case 1:
		d.wrong = true
	case 2:
		dst = append(dst, byte(d.acc>>4))
	case 3:
		dst = append(dst, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.acc, d.n = 0, 0
	return dst
}

func (d *base64Decoder) finish(dst []byte) []byte { return d.flush(dst) }

var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 10 {
		t['0'+i] = byte(i)
	}
	for i := range 6 {
		t['a'+i], t['A'+i] = byte(10+i), byte(10+i)
	}
	return t
}()

// quotedDecoder undoes quoted-printable. It holds back an "=" and blanks whose fate the next octets decide.
type quotedDecoder struct {
	held   []byte
	joined []byte // Memory for held and what comes after it.
	wrong  bool
}

func (d *quotedDecoder) broken() bool { return d.wrong }

func (d *quotedDecoder) decode(dst, src []byte) []byte {
	dst = slices.Grow(dst, len(d.held)+len(src))
	if len(d.held) > 0 {
		d.joined = append(append(slices.Grow(d.joined[:0], len(d.held)+len(src)), d.held...), src...)
		src, d.held = d.joined, d.held[:0]
	}
	for len(src) > 0 {
		i := 0
		for i < len(src) && !quotedStop[src[i]] {
			i++
		}
		if i == len(src) {
			return append(dst, src...)
		}
		// A single blank between words is the common case.
		if src[i] == ' ' && i+1 < len(src) && src[i+1] > ' ' {
			dst = append(dst, src[:i+1]...)
			src = src[i+1:]
			continue
		}
		dst = append(dst, src[:i]...)
		src = src[i:]
		if src[0] != '=' {
			n := 1
			for n < len(src) && (src[n] == ' ' || src[n] == '\t') {
				n++
			}
			switch {
			case n == len(src) && n < 1000:
				d.held = append(d.held[:0], src...)
				return dst
			case n < len(src) && (src[n] == '\n' || src[n] == '\r' && n+1 < len(src) && src[n+1] == '\n'):
				// Blanks before a line end were added on the way (RFC 2045, 6.7, rule 3).
			default:
				dst = append(dst, src[:n]...)
			}
			src = src[n:]
			continue
		}
		switch n := d.quoted(&dst, src); {
		case n == 0:
			d.held = append(d.held[:0], src...)
			return dst
		default:
			src = src[n:]
		}
	}
	return dst
}

var quotedStop = [256]bool{'=': true, ' ': true, '\t': true}

// quoted decodes the escape at the start of src and returns its length, 0 when more of it must come first.
func (d *quotedDecoder) quoted(dst *[]byte, src []byte) int {
	if len(src) >= 3 && hexValue[src[1]] < 16 && hexValue[src[2]] < 16 {
		*dst = append(*dst, hexValue[src[1]]<<4|hexValue[src[2]])
		return 3
	}
	n := 1
	for n < len(src) && n < 80 && (src[n] == ' ' || src[n] == '\t') {
		n++
	}
	switch {
	case n == len(src):
		return 0
	case src[n] == '\n':
		return n + 1 // A soft line break.
	case src[n] == '\r' && n+1 == len(src):
		return 0
	case src[n] == '\r' && src[n+1] == '\n':
		return n + 2
	case len(src) == 2 && hexValue[src[1]] < 16:
		return 0
	}
	d.wrong = true
	*dst = append(*dst, '=')
	return 1
}

func (d *quotedDecoder) finish(dst []byte) []byte {
	held := d.held
	d.held = d.held[:0]
	if len(held) > 0 && held[0] == '=' {
		if blank(held[1:]) {
			return dst // A soft line break at the very end.
		}
		d.wrong = true
		return append(dst, held...)
	}
	return append(dst, held...)
}
