package message

import (
	"strings"
)

// decodeWords decodes the encoded words of a header value (RFC 2047), each on its own: a broken one stays as it stands.
// Words of one charset that follow each other are joined before they are decoded, since senders split inside a
// character. hint is the charset that octets outside of words are taken for when they are no UTF-8.
func (p *parser) decodeWords(s, hint string) string {
	if plainASCII(s) && !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var pend []byte // Octets of the word before, waiting for the next one.
	var pendSet string
	flush := func() {
		if pend != nil {
			t, wrong := decodeText(pend, pendSet)
			if wrong {
				p.defect(DefectCharset, pendSet)
			}
			out.WriteString(t)
			pend = nil
		}
	}
	literal := func(t string) {
		if t == "" || (pend != nil && strings.Trim(t, " \t\r\n") == "" && s != "") {
			return // Blanks between two words are no text (RFC 2047, 6.2).
		}
		flush()
		if !plainASCII(t) {
			d, _ := decodeText([]byte(t), hint)
			t = d
		}
		out.WriteString(t)
	}
	rest := s
	for {
		i := strings.Index(rest, "=?")
		if i < 0 {
			break
		}
		set, octets, n, ok := encodedWord(rest[i:])
		if !ok {
			if n == 0 {
				p.defect(DefectEncodedWord, "")
				break // No end in sight: nothing behind can be a word either.
			}
			before := rest[:i+n]
			if strings.Contains(before, "?=") {
				p.defect(DefectEncodedWord, "")
			}
			literalKeep(&out, flush, before, hint)
			rest = rest[i+n:]
			continue
		}
		blankOnly := strings.Trim(rest[:i], " \t\r\n") == ""
		if pend != nil && blankOnly && strings.EqualFold(set, pendSet) {
			pend = append(pend, octets...)
		} else {
			literal(rest[:i])
			flush()
			pend, pendSet = octets, set
			if pend == nil {
				pend = []byte{}
			}
		}
		rest = rest[i+n:]
	}
	flush()
	if rest != "" {
		if !plainASCII(rest) {
			rest, _ = decodeText([]byte(rest), hint)
		}
		out.WriteString(rest)
	}
	return out.String()
}

func literalKeep(out *strings.Builder, flush func(), t, hint string) {
	flush()
	if !plainASCII(t) {
		t, _ = decodeText([]byte(t), hint)
	}
	out.WriteString(t)
}

// encodedWord reads one encoded word at the start of s and returns its charset, its octets and its length. When it is
// none, n is how much of s can be passed over, 0 when no word can end in s at all.
func encodedWord(s string) (set string, octets []byte, n int, ok bool) {
	i := strings.IndexByte(s[2:min(len(s), 82)], '?')
	if i < 0 {
		return "", nil, 2, false
	}
	set = s[2 : 2+i]
	k := 2 + i + 1
	if k+1 >= len(s) || s[k+1] != '?' || strings.ContainsAny(set, " \t=") {
		return "", nil, 2, false
	}
	how := s[k] | 0x20
	k += 2
	end := strings.Index(s[k:], "?=")
	if end < 0 {
		return "", nil, 0, false
	}
	text := s[k : k+end]
	n = k + end + 2
	switch how {
	case 'b':
		octets = decodeBase64Loose(text)
		if len(octets) == 0 && strings.Trim(text, " =") != "" {
			return "", nil, 2, false
		}
	case 'q':
		// "?=3D" may be a question mark with an encoded octet behind it that the sender forgot to encode.
		octets = decodeQ(text)
	default:
		return "", nil, 2, false
	}
	return set, octets, n, true
}

// decodeQ decodes the Q encoding (RFC 2047, 4.2).
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && hexValue[s[i+1]] < 16 && hexValue[s[i+2]] < 16:
			out = append(out, hexValue[s[i+1]]<<4|hexValue[s[i+2]])
			i += 2
		case c == '\r' || c == '\n':
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeBase64Loose decodes the base64 in s and passes over what is none.
func decodeBase64Loose(s string) []byte {
	var d base64Decoder
	out := make([]byte, 0, len(s)*3/4+3)
	out = d.decode(out, []byte(s))
	return d.finish(out)
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == 0x1b {
			return false
		}
	}
	return true
}
