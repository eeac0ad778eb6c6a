package message

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// guess finds the most likely charset of octets whose declaration is missing or wrong.
func guess(b []byte) coder {
	if len(b) > 64<<10 {
		b = b[:64<<10]
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return charset("utf-16")
	case utf8.Valid(b) && bytes.IndexByte(b, 0x1b) < 0, mostlyUTF8(b):
		return charset("utf-8")
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")), bytes.Contains(b, []byte("\x1b(J")):
		return charset("iso-2022-jp")
	}
	high, letters := 0, 0
	for _, c := range b {
		switch {
		case c >= 0x80:
			high++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
		}
	}
	upper := 0 // Octets that are letters in every one-octet charset of an alphabet.
	for _, c := range b {
		if c >= 0xc0 {
			upper++
		}
	}
	if upper*20 >= high*19 && high > letters && high >= 4 {
		return charset(guessCyrillic(b))
	}
	if name := guessEastAsian(b, high); name != "" {
		return charset(name)
	}
	if high > letters/2 && high > 8 {
		return charset(guessCyrillic(b))
	}
	return charset("windows-1252")
}

// mostlyUTF8 says whether octets are UTF-8 with a few broken characters, a text cut inside one for example.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		_, n := utf8.DecodeRune(b)
		if n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good > 4*bad
}

// guessEastAsian counts pairs that a two-octet charset allows and common characters use. Western text has its high
// octets alone between letters, so it never fills the pairs.
func guessEastAsian(b []byte, high int) string {
	if high < 6 {
		return ""
	}
	type score struct{ good, bad, common int }
	var sjis, eucjp, gb, euckr, big5 score
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		// EUC family and GBK: walk pairs of two high octets.
		if i+1 < len(b) && b[i] >= 0xa1 && b[i] <= 0xfe && b[i+1] >= 0xa1 && b[i+1] <= 0xfe {
			eucjp.good++
			gb.good++
			euckr.good++
			switch c := b[i]; {
			case c == 0xa4 || c == 0xa5:
				eucjp.common++
			case c >= 0xb0 && c <= 0xc8:
				euckr.common++
			}
			if c := b[i]; c >= 0xb0 && c <= 0xd7 || c == 0xa3 {
				gb.common++
			}
			i++
			continue
		}
		eucjp.bad++
		euckr.bad++
		gb.bad++
	}
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		c := b[i]
		next := byte(0)
		if i+1 < len(b) {
			next = b[i+1]
		}
		switch {
		case c >= 0xa1 && c <= 0xdf:
			sjis.good++ // Half-width katakana.
		case (c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc) && next >= 0x40 && next != 0x7f && next <= 0xfc:
			sjis.good++
			if c == 0x82 || c == 0x83 || c == 0x81 {
				sjis.common++
			}
			i++
		default:
			sjis.bad++
		}
	}
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 < len(b) && b[i] >= 0xa1 && b[i] <= 0xf9 && (b[i+1] >= 0x40 && b[i+1] <= 0x7e || b[i+1] >= 0xa1 && b[i+1] <= 0xfe) {
			big5.good++
			if b[i] >= 0xa4 && b[i] <= 0xc6 {
				big5.common++
			}
			i++
		} else {
			big5.bad++
		}
	}
	fits := func(s score) bool { return s.bad*20 <= s.good }
	switch {
	case fits(eucjp) && eucjp.common*4 > eucjp.good:
		return "euc-jp"
	case fits(sjis) && sjis.common*4 > sjis.good:
		return "shift_jis"
	case fits(euckr) && euckr.good >= 12 && euckr.common*100 > euckr.good*92: // The syllables stand in the first third of the table.
		return "euc-kr"
	case fits(gb) && gb.common*2 > gb.good:
		return "gb18030"
	case fits(big5) && big5.common*2 > big5.good:
		return "big5"
	}
	return ""
}

// guessCyrillic tells KOI8-R from windows-1251: lower-case letters are the common ones, and the two have theirs apart.
func guessCyrillic(b []byte) string {
	low, high := 0, 0
	for _, c := range b {
		switch {
		case c >= 0xe0:
			high++
		case c >= 0xc0:
			low++
		}
	}
	if low > 2*high {
		return "koi8-r"
	}
	return "windows-1251"
}

// decodeUTF16 decodes UTF-16 by its byte order mark, or by where the zero octets stand, else big-endian (RFC 2781, 4.3).
func decodeUTF16(b []byte) []byte {
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		order, b = binary.LittleEndian, b[2:]
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		b = b[2:]
	default:
		var zeros [2]int
		for i, c := range b {
			if c == 0 {
				zeros[i&1]++
			}
		}
		if zeros[1] > zeros[0] {
			order = binary.LittleEndian
		}
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(u)))
}

// decodeUTF7 decodes UTF-7 (RFC 2152); what is none stays as it is.
func decodeUTF7(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i+1:]
		n := 0
		for n < len(b) && base64Value[b[n]] < 64 {
			n++
		}
		switch {
		case n == 0 && len(b) > 0 && b[0] == '-':
			out, b = append(out, '+'), b[1:]
			continue
		case n == 0:
			out = append(out, '+')
			continue
		}
		raw, _ := base64.RawStdEncoding.DecodeString(string(b[:n]))
		u := make([]uint16, len(raw)/2)
		for k := range u {
			u[k] = binary.BigEndian.Uint16(raw[2*k:])
		}
		out = append(out, string(utf16.Decode(u))...)
		b = b[n:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	return out
}

// decodeISO2022KR decodes ISO-2022-KR (RFC 1557) by way of EUC-KR: between SO and SI stand pairs without their high bit.
func decodeISO2022KR(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	euc := make([]byte, 0, len(b))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f || c == '\n':
			shifted = false
			if c == '\n' {
				euc = append(euc, c)
			}
		case shifted && c > ' ':
			euc = append(euc, c|0x80)
		default:
			euc = append(euc, c)
		}
	}
	s, _ := charset("euc-kr").decode(euc)
	return []byte(s)
}
