package message

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxRTF = 8 << 20 // Octets of RTF, unpacked.

// What the compression of RTF begins with (MS-OXRTFCP, 2.1.3.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

func itoa(n int) string { return strconv.Itoa(n) }

// decompressRTF unpacks compressed RTF (MS-OXRTFCP); what follows a broken place is left out.
func decompressRTF(b []byte) ([]byte, bool) {
	if len(b) < 16 {
		return nil, false
	}
	size, magic := int(binary.LittleEndian.Uint32(b[4:])), string(b[8:12])
	b = b[16:]
	if size < 0 || size > maxRTF {
		size = maxRTF
	}
	switch magic {
	case "MELA":
		return b[:min(size, len(b))], true
	case "LZFu":
	default:
		return nil, false
	}
	var dict [4096]byte
	at := copy(dict[:], rtfDictionary)
	out := make([]byte, 0, min(size, 16*len(b)))
	put := func(c byte) {
		out = append(out, c)
		dict[at&0xfff] = c
		at++
	}
	for len(b) > 0 && len(out) < size {
		flags := b[0]
		b = b[1:]
		for i := 0; i < 8 && len(out) < size; i++ {
			if flags>>i&1 == 0 {
				if len(b) == 0 {
					return out, true
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out, true
			}
			ref := int(b[0])<<8 | int(b[1])
			b = b[2:]
			from, n := ref>>4, ref&15+2
			if from == at&0xfff {
				return out, true // The end mark.
			}
			for k := range n {
				put(dict[(from+k)&0xfff])
			}
		}
	}
	return out, true
}

// rtfState is what a group of RTF inherits.
type rtfState struct {
	skip    bool // A destination that is no text.
	htmlTag bool // Inside of \*\htmltag: markup of the encapsulated HTML.
	htmlRTF bool // Between \htmlrtf and \htmlrtf0: for readers of RTF only.
	unicode int  // Characters to pass over behind \u.
}

// rtfReader turns RTF into text, or into the HTML that it encapsulates (MS-OXRTFEX).
type rtfReader struct {
	out    strings.Builder
	set    string
	html   bool
	st     rtfState
	stack  []rtfState
	bytes  []byte // 8-bit characters waiting to be decoded together.
	ignore int
}

// readRTF reads RTF; isHTML tells that the result is HTML.
func readRTF(b []byte) (s string, isHTML bool) {
	r := &rtfReader{set: "windows-1252", st: rtfState{unicode: 1}}
	r.html = strings.Contains(string(b[:min(len(b), 1024)]), "\\fromhtml")
	star := false
	for i := 0; i < len(b); {
		c := b[i]
		switch c {
		case '{':
			r.flush()
			if len(r.stack) < 10_000 {
				r.stack = append(r.stack, r.st)
			}
			i++
		case '}':
			r.flush()
			if n := len(r.stack); n > 0 {
				r.st, r.stack = r.stack[n-1], r.stack[:n-1]
			}
			i++
		case '\\':
			i = r.control(b, i+1, &star)
			continue
		case '\r', '\n':
			i++
		default:
			r.char(c)
			i++
		}
		star = false
	}
	r.flush()
	return clean(r.out.String()), r.html
}

// shows says whether text is written now.
func (r *rtfReader) shows() bool {
	return !r.st.skip && !(r.html && r.st.htmlRTF && !r.st.htmlTag)
}

func (r *rtfReader) char(c byte) {
	if r.ignore > 0 {
		r.ignore--
		return
	}
	if r.shows() {
		r.bytes = append(r.bytes, c)
	}
}

func (r *rtfReader) write(s string) {
	r.flush()
	if r.shows() {
		r.out.WriteString(s)
	}
}

func (r *rtfReader) flush() {
	if len(r.bytes) > 0 {
		s, _ := charset(r.set).decode(r.bytes)
		r.out.WriteString(s)
		r.bytes = r.bytes[:0]
	}
}

// control reads one control word or symbol behind its backslash and returns where the next token begins.
func (r *rtfReader) control(b []byte, i int, star *bool) int {
	if i >= len(b) {
		return i
	}
	c := b[i]
	if c == '\'' {
		if i+2 < len(b) && hexValue[b[i+1]] < 16 && hexValue[b[i+2]] < 16 {
			r.char(hexValue[b[i+1]]<<4 | hexValue[b[i+2]])
			return i + 3
		}
		return i + 1
	}
	if c|0x20 < 'a' || c|0x20 > 'z' {
		switch c {
		case '\\', '{', '}':
			r.char(c)
		case '~':
			r.write(" ")
		case '*':
			*star = true
		case '_':
			r.write("-")
		}
		return i + 1
	}
	start := i
	for i < len(b) && i-start < 40 && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z') {
		i++
	}
	word := string(b[start:i])
	start = i
	for i < len(b) && i-start < 11 && (b[i] == '-' && i == start || b[i] >= '0' && b[i] <= '9') {
		i++
	}
	arg, err := strconv.Atoi(string(b[start:i]))
	has := err == nil
	if i < len(b) && b[i] == ' ' {
		i++
	}
	r.word(word, arg, has, *star)
	*star = false
	return i
}

func (r *rtfReader) word(word string, arg int, has, star bool) {
	switch word {
	case "htmltag", "mhtmltag":
		if star {
			r.flush()
			r.st.htmlTag = word == "htmltag"
			r.st.skip = word == "mhtmltag" || !r.html
		}
	case "htmlrtf":
		r.flush()
		r.st.htmlRTF = !has || arg != 0
	case "par", "line", "row", "sect", "page":
		r.write("\n")
	case "tab", "cell":
		r.write("\t")
	case "lquote":
		r.write("‘")
	case "rquote":
		r.write("’")
	case "ldblquote":
		r.write("“")
	case "rdblquote":
		r.write("”")
	case "bullet":
		r.write("•")
	case "endash":
		r.write("–")
	case "emdash":
		r.write("—")
	case "ansicpg":
		r.set = codepage(uint32(max(arg, 0)))
	case "uc":
		r.st.unicode = min(max(arg, 0), 10)
	case "u":
		if arg < 0 {
			arg += 0x10000
		}
		if utf8.ValidRune(rune(arg)) {
			r.write(string(rune(arg)))
		}
		r.ignore = r.st.unicode
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "themedata", "datastore", "listtable", "listoverridetable", "generator", "fldinst":
		r.flush()
		r.st.skip = true
	default:
		if star {
			r.flush()
			r.st.skip = true
		}
	}
}
