package message

import (
	"bytes"
	"strings"
)

// uuDecoder undoes uuencode as a transfer encoding: lines from "begin" to "end".
type uuDecoder struct {
	line  []byte
	begun bool
	ended bool
	wrong bool
}

func (d *uuDecoder) broken() bool { return d.wrong || !d.ended }

func (d *uuDecoder) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			if len(d.line)+len(src) < windowSize {
				d.line = append(d.line, src...)
			}
			return dst
		}
		line := src[:i]
		if len(d.line) > 0 {
			line = append(d.line, line...)
		}
		dst = d.one(dst, bytes.TrimRight(line, "\r"))
		d.line = d.line[:0]
		src = src[i+1:]
	}
	return dst
}

func (d *uuDecoder) one(dst, line []byte) []byte {
	switch {
	case d.ended:
		return dst
	case !d.begun:
		d.begun = uuBegin(line) != ""
		return dst
	case string(bytes.TrimRight(line, " ")) == "end":
		d.ended = true
		return dst
	}
	dst, ok := uuLine(dst, line)
	if !ok {
		d.wrong = true
	}
	return dst
}

func (d *uuDecoder) finish(dst []byte) []byte {
	if len(d.line) > 0 {
		dst = d.one(dst, bytes.TrimRight(d.line, "\r"))
	}
	d.line = nil
	return dst
}

// uuBegin returns the file name of a "begin 644 name" line, "" when it is none.
func uuBegin(line []byte) string {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return ""
	}
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
		n++
	}
	if n < 3 || n > 4 || n >= len(rest) || rest[n] != ' ' {
		return ""
	}
	return string(bytes.TrimSpace(rest[n:]))
}

// uuLine decodes one line of uuencode; false when its length does not fit what it says of itself.
func uuLine(dst, line []byte) ([]byte, bool) {
	if len(line) == 0 {
		return dst, true
	}
	want := int(line[0]-' ') & 63
	line = line[1:]
	start := len(dst)
	for i := 0; i < len(line) && len(dst)-start < want; i += 4 {
		var q [4]byte
		for k := range q {
			if i+k < len(line) {
				q[k] = (line[i+k] - ' ') & 63
			}
		}
		dst = append(dst, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2, q[2]<<6|q[3])
	}
	if len(dst)-start < want {
		return dst, false
	}
	return dst[:start+want], true
}

const maxInlineFiles = 50 // Files between the lines of one text.

// inlineFiles finds the uuencoded files between the lines of a text. They stay in the text: what is taken out of a text
// by mistake is lost.
func inlineFiles(text string) (out []innerFile) {
	if !strings.HasPrefix(text, "begin ") && !strings.Contains(text, "\nbegin ") {
		return nil
	}
	var d *uuDecoder
	var name string
	var data []byte
	for line := range strings.SplitSeq(text, "\n") {
		b := []byte(strings.TrimRight(line, "\r"))
		if d == nil {
			if n := uuBegin(b); n != "" && len(out) < maxInlineFiles {
				d, name, data = &uuDecoder{begun: true}, n, nil
			}
			continue
		}
		data = d.one(data, b)
		switch {
		case d.wrong:
			d = nil
		case d.ended:
			if len(data) > 0 {
				out = append(out, innerFile{name: name, data: data})
			}
			d = nil
		}
	}
	return out
}
