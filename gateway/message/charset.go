package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// coder is how the octets of one charset become text.
type coder struct {
	name  string // Our name of it; "" when the label says nothing.
	enc   encoding.Encoding
	plain bool // Octets below 0x80 are ASCII wherever they stand alone.
	own   func([]byte) []byte
}

// Labels that mailers use and that neither the WHATWG Encoding Standard nor the IANA registry knows, or that those read
// differently than mail does.
var charsetAliases = map[string]string{
	"utf8": "utf-8", "utf_8": "utf-8", "utf8mb4": "utf-8", "utf-8-strict": "utf-8", "unicode-2-0-utf-8": "utf-8", "al32utf8": "utf-8", "utf-8n": "utf-8", "cp65001": "utf-8", "utf-8-bom": "utf-8",
	"cp932": "shift_jis", "ms932": "shift_jis", "cp943c": "shift_jis", "cp943": "shift_jis", "sjis-win": "shift_jis", "x-ms-cp932": "shift_jis", "windows-932": "shift_jis",
	"eucjp": "euc-jp", "eucjp-win": "euc-jp", "cp51932": "euc-jp", "ujis": "euc-jp",
	"cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp50222": "iso-2022-jp", "jis": "iso-2022-jp", "iso-2022-jp-ms": "iso-2022-jp", "iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp", "iso-2022-jp-3": "iso-2022-jp",
	"cp936": "gb18030", "ms936": "gb18030", "windows-936": "gb18030", "euccn": "gb18030", "euc-cn": "gb18030", "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "gb2312_charset": "gb18030", "chinesegb": "gb18030",
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "windows-949": "euc-kr", "euckr": "euc-kr", "ks_c_5601": "euc-kr", "ksc5601": "euc-kr",
	"cp950": "big5", "ms950": "big5", "windows-950": "big5", "big-5": "big5", "bigfive": "big5", "euc-tw": "big5",
	"cp1250": "windows-1250", "cp1251": "windows-1251", "cp1252": "windows-1252", "cp1253": "windows-1253", "cp1254": "windows-1254", "cp1255": "windows-1255", "cp1256": "windows-1256", "cp1257": "windows-1257", "cp1258": "windows-1258",
	"ansi": "windows-1252", "ansi_x3.110-1983": "iso-8859-1", "latin-1": "windows-1252", "iso-latin-1": "windows-1252", "ascii": "us-ascii", "us": "us-ascii", "7bit": "us-ascii", "ansi_x3.4-1968": "us-ascii", "iso-8859-8-e": "iso-8859-8", "iso-8859-8-i": "iso-8859-8",
	"cp850": "ibm850", "cp437": "ibm437", "cp852": "ibm852", "cp855": "ibm855", "cp858": "ibm858", "cp860": "ibm860", "cp862": "ibm862", "cp863": "ibm863", "cp865": "ibm865", "cp866": "ibm866", "dos": "ibm850",
	"mac": "macintosh", "x-mac-roman": "macintosh", "macroman": "macintosh", "koi8": "koi8-r", "koi": "koi8-r",
	"unicode-1-1-utf-7": "utf-7", "utf7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7",
	"utf16": "utf-16", "ucs-2": "utf-16", "ucs2": "utf-16", "unicode": "utf-16", "iso-10646-ucs-2": "utf-16", "utf16le": "utf-16le", "utf16be": "utf-16be", "utf32": "utf-32", "ucs-4": "utf-32", "iso-10646-ucs-4": "utf-32", "utf32le": "utf-32le", "utf32be": "utf-32be",
	"hz": "hz-gb-2312", "hzgb2312": "hz-gb-2312", "csiso2022kr": "iso-2022-kr",
	"tis620": "windows-874", "tis-620": "windows-874", "iso-8859-11": "windows-874", "cp874": "windows-874",
}

// Labels that say no more than "some charset".
var charsetUnknown = map[string]bool{
	"": true, "unknown": true, "unknown-8bit": true, "x-unknown": true, "x-user-defined": true, "8bit": true, "binary": true, "none": true, "default": true, "default_charset": true, "default_charset_utf8": true,
	"_iso-2022-jp$esc": false, "charset": true, "auto": true, "x-gbk": false, "iso-unknown": true, "ascii-8bit": true, "unspecified": true, "user-defined": true, "null": true, "undefined": true,
}

// label normalises the name of a charset as mailers write it.
func label(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\r\n\"'`;,<>()"))
	s = strings.TrimPrefix(s, "charset=")
	if i := strings.LastIndexByte(s, '.'); i >= 0 && strings.IndexByte(s, '_') >= 0 && !strings.HasPrefix(s, "ansi") {
		s = s[i+1:] // A locale: de_DE.UTF-8.
	}
	if i := strings.IndexByte(s, '*'); i >= 0 {
		s = s[:i] // RFC 2231, 5: a language behind the charset.
	}
	return strings.Trim(s, " \t\"'")
}

// charset finds the coder of a label; its name is "" when the label is none that we know.
func charset(raw string) coder {
	s := label(raw)
	if charsetUnknown[s] {
		return coder{}
	}
	if a, ok := charsetAliases[s]; ok {
		s = a
	}
	switch s {
	case "utf-8", "us-ascii":
		return coder{name: s, plain: true}
	case "utf-7":
		return coder{name: s, own: decodeUTF7}
	case "utf-16":
		return coder{name: s, own: decodeUTF16}
	case "utf-16le":
		return coder{name: s, enc: unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)}
	case "utf-16be":
		return coder{name: s, enc: unicode.UTF16(unicode.BigEndian, unicode.UseBOM)}
	case "utf-32", "utf-32be":
		return coder{name: s, enc: utf32.UTF32(utf32.BigEndian, utf32.UseBOM)}
	case "utf-32le":
		return coder{name: s, enc: utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)}
	case "hz-gb-2312":
		return coder{name: s, enc: simplifiedchinese.HZGB2312}
	case "iso-2022-kr":
		return coder{name: s, own: decodeISO2022KR}
	case "iso-2022-jp":
		return coder{name: s, enc: japanese.ISO2022JP}
	case "ibm850", "ibm858":
		return coder{name: s, enc: charmap.CodePage850, plain: true}
	}
	if e, err := htmlindex.Get(s); err == nil {
		return coder{name: s, enc: e, plain: true}
	}
	for _, try := range []string{s, strings.ReplaceAll(s, "_", "-"), strings.TrimPrefix(s, "x-"), isoName(s)} {
		if e, err := htmlindex.Get(try); err == nil {
			return coder{name: try, enc: e, plain: true}
		}
		if e, err := ianaindex.MIME.Encoding(try); err == nil && e != nil {
			return coder{name: try, enc: e, plain: true}
		}
	}
	return coder{}
}

var charsetSigns = strings.NewReplacer("_", "", "-", "", " ", "")

// isoName writes "iso8859_1", "iso88591" and "8859-1" as the standard does.
func isoName(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(charsetSigns.Replace(s), "x"), "iso")
	if n, ok := strings.CutPrefix(s, "8859"); ok && n != "" && len(n) <= 2 {
		return "iso-8859-" + n
	}
	return s
}

// decode turns octets of that charset into valid UTF-8, not cleaned yet; false when some did not fit.
func (c coder) decode(b []byte) (string, bool) {
	switch {
	case c.plain && ascii(b):
		return string(b), true
	case c.own != nil:
		s := strings.ToValidUTF8(string(c.own(b)), "\ufffd")
		return s, !strings.ContainsRune(s, utf8.RuneError)
	case c.enc != nil:
		out, err := c.enc.NewDecoder().Bytes(b)
		s := string(out)
		return s, err == nil && !strings.ContainsRune(s, utf8.RuneError)
	case c.name == "utf-8" && utf8.Valid(b):
		return string(b), true
	case c.name == "utf-8":
		return strings.ToValidUTF8(string(b), "\ufffd"), false
	}
	return strings.ToValidUTF8(string(b), "\ufffd"), false
}

// decodeText turns the octets of a text into valid UTF-8. The declared charset counts when the octets fit it; otherwise
// the most likely one is taken. wrong tells that the declaration was missing where it was needed, unknown or untrue.
func decodeText(b []byte, declared string) (s string, wrong bool) {
	c := charset(declared)
	switch {
	case c.name == "" || c.name == "us-ascii":
		if ascii(b) && bytes.IndexByte(b, 0x1b) < 0 {
			return string(b), c.name == "" && !charsetUnknown[label(declared)]
		}
		s, _ = guess(b).decode(b)
		return s, true
	case c.name == "utf-8" && !utf8.Valid(b):
		if mostlyUTF8(b) {
			s, _ = c.decode(b)
			return s, true
		}
		s, _ = guess(b).decode(b)
		return s, true
	}
	s, ok := c.decode(b)
	if ok {
		// Seen in practice: UTF-8 declared as a one-octet charset, which accepts any octets.
		if c.plain && c.name != "utf-8" && !ascii(b) && utf8.Valid(b) && oneOctet(c.name) && len(b) > 3 {
			return string(b), true
		}
		return s, false
	}
	if utf8.Valid(b) && c.plain {
		return string(b), true
	}
	return s, true
}

func oneOctet(name string) bool {
	return strings.HasPrefix(name, "iso-8859-") || strings.HasPrefix(name, "windows-125") || name == "latin1" || name == "ibm850"
}

func ascii(b []byte) bool {
	for len(b) >= 8 {
		if (uint64(b[0])|uint64(b[1])|uint64(b[2])|uint64(b[3])|uint64(b[4])|uint64(b[5])|uint64(b[6])|uint64(b[7]))&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
