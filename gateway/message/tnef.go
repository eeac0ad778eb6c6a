package message

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// What is read of a winmail.dat (MS-OXTNEF, 2.1.3): level, id, length, data and a checksum, one attribute behind the other.
const (
	tnefSignature    = 0x223e9f78
	tnefAttachBegin  = 0x00069002 // attAttachRendData: an attachment begins.
	tnefAttachTitle  = 0x00018010
	tnefAttachData   = 0x0006800f
	tnefAttachProps  = 0x00069005
	tnefMessageProps = 0x00069003
	tnefBody         = 0x0002800c
	tnefCodepage     = 0x00069007

	propBody      = 0x1000
	propRTF       = 0x1009
	propHTML      = 0x1013
	propDisplay   = 0x3001
	propData      = 0x3701
	propFilename  = 0x3704
	propLongName  = 0x3707
	propMIME      = 0x370e
	propContentID = 0x3712

	maxTNEFLevel = 4     // Messages inside of messages.
	maxTNEFFiles = 1_000 // Files of one winmail.dat.
)

// innerFile is one member of a winmail.dat, or another file that is found inside of a part.
type innerFile struct {
	title, name, mime, cid string
	data                   []byte
}

// tnefReader holds what was found.
type tnefReader struct {
	files  []innerFile
	html   []byte
	rtf    []byte
	text   string
	set    string // Charset of 8-bit strings.
	broken bool
}

// openTNEF unpacks a winmail.dat: its files become attachments beside it, its body is kept for a mail without another.
func (p *parser) openTNEF(n *node, w *partWriter) *node {
	r := &tnefReader{set: "windows-1252"}
	p.guard("tnef", func() { r.read(w.head, 0) })
	if r.broken || w.cut() {
		p.defect(DefectTNEF, n.name)
	}
	for i := range r.files {
		f := &r.files[i]
		c := &node{mime: "application/octet-stream", name: CleanName(firstOf(f.name, f.title)), cid: cut(oneLine(strings.Trim(f.cid, "<> ")), maxMessageIDLen)}
		if m := strings.ToLower(oneLine(f.mime)); strings.Count(m, "/") == 1 && len(m) < 100 && !strings.ContainsAny(m, " ;") {
			c.mime = m
		}
		a := p.attach(c, true)
		a.write(f.data)
		a.close()
	}
	if p.part.tnef == nil {
		p.part.tnef = r.body()
	}
	return nil
}

// body returns the body as a part of the tree, nil when there is none.
func (r *tnefReader) body() *node {
	switch {
	case len(r.html) > 0:
		return &node{text: true, mime: "text/html", raw: r.html, charset: r.set}
	case len(r.rtf) > 0:
		if raw, ok := decompressRTF(r.rtf); ok {
			s, isHTML := readRTF(raw)
			if isHTML {
				return &node{text: true, mime: "text/html", raw: []byte(s), charset: "utf-8"}
			}
			return &node{text: true, mime: "text/plain", raw: []byte(s), charset: "utf-8"}
		}
	}
	if strings.TrimSpace(r.text) != "" {
		return &node{text: true, mime: "text/plain", raw: []byte(r.text), charset: "utf-8"}
	}
	return nil
}

// read walks the attributes of one TNEF stream.
func (r *tnefReader) read(b []byte, level int) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefSignature {
		r.broken = true
		return
	}
	b = b[6:]
	current := -1
	for len(b) >= 9 {
		id, size := binary.LittleEndian.Uint32(b[1:]), int(binary.LittleEndian.Uint32(b[5:]))
		b = b[9:]
		if size < 0 || size > len(b) {
			r.broken = true
			size = len(b)
		}
		data := b[:size]
		b = b[min(size+2, len(b)):]
		if (id == tnefAttachTitle || id == tnefAttachData || id == tnefAttachProps) && current < 0 || id == tnefAttachBegin {
			if len(r.files) >= maxTNEFFiles {
				r.broken = true
				return
			}
			r.files = append(r.files, innerFile{})
			current = len(r.files) - 1
		}
		switch id {
		case tnefCodepage:
			if len(data) >= 4 {
				r.set = codepage(binary.LittleEndian.Uint32(data))
			}
		case tnefAttachTitle:
			r.files[current].title = r.string8(data)
		case tnefAttachData:
			r.files[current].data = data
		case tnefAttachProps:
			r.attachProps(current, data, level)
		case tnefMessageProps:
			if level == 0 {
				r.messageProps(data)
			}
		case tnefBody:
			if level == 0 && r.text == "" {
				r.text = newlines(r.string8(data))
			}
		}
	}
}

func (r *tnefReader) attachProps(current int, data []byte, level int) {
	r.props(data, func(id, kind uint16, v []byte) {
		f := &r.files[current]
		switch id {
		case propLongName:
			f.name = r.text16(kind, v)
		case propFilename, propDisplay:
			if f.title == "" {
				f.title = r.text16(kind, v)
			}
		case propMIME:
			f.mime = r.text16(kind, v)
		case propContentID:
			f.cid = r.text16(kind, v)
		case propData:
			if kind == 0x000d && len(v) > 16 {
				v = v[16:] // The class of the object stands before it.
			}
			if f.data != nil || len(v) == 0 {
				return
			}
			f.data = v
			if len(v) > 6 && binary.LittleEndian.Uint32(v) == tnefSignature && level < maxTNEFLevel {
				f.mime = "application/ms-tnef"
				r.read(v, level+1) // A message in the message: its files stand beside it.
			}
		}
	})
}

func (r *tnefReader) messageProps(data []byte) {
	r.props(data, func(id, kind uint16, v []byte) {
		switch id {
		case propBody:
			r.text = newlines(r.text16(kind, v))
		case propHTML:
			r.html = v
		case propRTF:
			r.rtf = v
		}
	})
}

// props walks a list of MAPI properties (MS-OXTNEF, 2.1.3.4).
func (r *tnefReader) props(b []byte, each func(id, kind uint16, value []byte)) {
	if len(b) < 4 {
		return
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[4:]
	for range count {
		if len(b) < 4 {
			return
		}
		kind, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		b = b[4:]
		if id >= 0x8000 {
			if b = skipPropName(b); b == nil {
				r.broken = true
				return
			}
		}
		values := uint32(1)
		base := kind &^ 0x1000
		variable := base == 0x1e || base == 0x1f || base == 0x102 || base == 0x0d
		if variable || kind&0x1000 != 0 {
			if len(b) < 4 {
				return
			}
			values = binary.LittleEndian.Uint32(b)
			b = b[4:]
		}
		for k := range values {
			size := fixedSize(base)
			if variable {
				if len(b) < 4 {
					return
				}
				size = int(binary.LittleEndian.Uint32(b))
				b = b[4:]
			}
			if size <= 0 && !variable || size < 0 || size > len(b) {
				r.broken = true
				return
			}
			if k == 0 {
				each(id, base, b[:size])
			}
			b = b[min((size+3)&^3, len(b)):]
			if len(b) == 0 && k+1 < values {
				return
			}
		}
	}
}

// skipPropName passes over the name of a named property; nil when it is broken.
func skipPropName(b []byte) []byte {
	if len(b) < 24 {
		return nil
	}
	named := binary.LittleEndian.Uint32(b[16:]) == 1
	size := int(binary.LittleEndian.Uint32(b[20:]))
	b = b[24:]
	if !named {
		return b
	}
	if size < 0 || size > len(b) {
		return nil
	}
	return b[min((size+3)&^3, len(b)):]
}

func fixedSize(kind uint16) int {
	switch kind {
	case 0x02, 0x03, 0x04, 0x0a, 0x0b, 0x00, 0x01:
		return 4
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	}
	return -1
}

func (r *tnefReader) string8(b []byte) string {
	s, _ := decodeText(b, r.set)
	return strings.TrimRight(s, "\x00")
}

func (r *tnefReader) text16(kind uint16, b []byte) string {
	if kind != 0x1f {
		return r.string8(b)
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return strings.TrimRight(string(utf16.Decode(u)), "\x00")
}

// codepage names the charset of a Windows code page.
func codepage(n uint32) string {
	switch n {
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 874, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + itoa(int(n))
	case 65001:
		return "utf-8"
	case 20866:
		return "koi8-r"
	case 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599, 28605:
		return "iso-8859-" + itoa(int(n-28590))
	}
	return "windows-1252"
}
