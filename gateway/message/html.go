package message

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

const maxNesting = 200 // Elements inside each other that are kept; text deeper down stays, its markup goes.

// SafeHTML returns the HTML of a mail as something that a browser can show without harm (SEC-25, 28, 29). It is built
// anew from an allow-list: only elements without behaviour, only the attributes listed here, all text and values
// escaped, so that no parser can read it as anything else.
//
//   - Pictures inside the mail stand as <img src="cid:ID">; the display replaces cid:ID by its own URL of the part with
//     that Content-ID when its type is PNG, JPEG, GIF or WebP, and drops the rest.
//   - Remote pictures have no src: their address stands in data-remote-src, which no browser loads. A display that may
//     load them renames the attribute.
//   - Links keep absolute http, https and mailto addresses and get rel="noopener noreferrer nofollow".
//   - There are no forms, scripts, styles (but a few harmless properties in style attributes), ids, classes or names.
func SafeHTML(s string) string {
	s, _ = safeHTML(s)
	return s
}

// safeHTML is SafeHTML; deep tells that markup was nested too deep to be kept.
func safeHTML(s string) (out string, deep bool) {
	s = clean(newlines(s))
	w := &sanitizer{m: newMarkup(s)}
	w.out.Grow(len(s) + len(s)/8)
	for {
		switch w.m.next() {
		case html.ErrorToken:
			w.closeAll()
			return w.out.String(), w.deep
		case html.TextToken:
			if w.skip == "" {
				writeEscaped(&w.out, w.m.text())
			}
		case html.StartTagToken:
			w.start(w.m.tag)
		case html.EndTagToken:
			w.end(w.m.tag)
		}
	}
}

// sanitizer writes the allowed part of a token stream.
type sanitizer struct {
	m      *markup
	out    strings.Builder
	stack  []string
	skip   string            // The element whose content is dropped.
	depth  int               // How often skip is open.
	deep   bool              // Markup was left out because of maxNesting.
	styles map[string]string // What became of the style attributes so far: most stand there often.
}

// Elements whose content is no text of the mail.
var droppedElements = map[string]bool{
	"script": true, "style": true, "head": false, "title": true, "template": true, "noscript": true, "iframe": true, "object": true, "embed": false, "applet": true, "svg": true, "math": true, "select": true, "textarea": false,
	"audio": true, "video": true, "canvas": true, "noembed": true, "noframes": true, "xmp": false, "frameset": true, "datalist": true,
}

// Elements that are kept, with the attributes that each may have besides style, title, dir, lang and align.
var keptElements = map[string]string{
	"a": " href ", "abbr": "", "address": "", "article": "", "aside": "", "b": "", "bdi": "", "body": " bgcolor text ", "html": "", "bdo": "", "big": "", "blockquote": "", "br": "", "caption": "", "center": "", "cite": "", "code": "",
	"col": " span width ", "colgroup": " span width ", "dd": "", "del": "", "dfn": "", "div": "", "dl": "", "dt": "", "em": "", "figcaption": "", "figure": "", "font": " color face size ", "footer": "", "h1": "", "h2": "", "h3": "", "h4": "", "h5": "", "h6": "",
	"header": "", "hr": " width size ", "i": "", "img": " src alt width height border ", "ins": "", "kbd": "", "li": " value ", "main": "", "mark": "", "nav": "", "ol": " start type ", "p": "", "pre": "", "q": "", "s": "", "samp": "", "section": "", "small": "", "span": "",
	"strike": "", "strong": "", "sub": "", "sup": "", "table": " width height border cellpadding cellspacing bgcolor ", "tbody": "", "td": " width height colspan rowspan valign bgcolor nowrap ", "tfoot": "", "th": " width height colspan rowspan valign bgcolor nowrap ",
	"thead": "", "time": "", "tr": " height valign bgcolor ", "tt": "", "u": "", "ul": " type ", "var": "", "wbr": "",
}

const commonAttrs = " style title dir lang align "

func voidElement(name string) bool {
	return name == "br" || name == "hr" || name == "img" || name == "col" || name == "wbr"
}

func (w *sanitizer) start(name string) {
	if w.skip != "" {
		if name == w.skip {
			w.depth++
		}
		return
	}
	allowed, kept := keptElements[name]
	if !kept {
		if droppedElements[name] {
			w.skip, w.depth = name, 1
		}
		return
	}
	void := voidElement(name)
	if !void && len(w.stack) >= maxNesting {
		w.deep = true
		return
	}
	mark := w.out.Len()
	w.out.WriteByte('<')
	w.out.WriteString(name)
	for i := range w.m.attrs {
		a := &w.m.attrs[i]
		if (listed(allowed, a.key) || listed(commonAttrs, a.key)) && w.out.Len()-mark < 64<<10 {
			w.attr(a.key, w.m.value(a))
		}
	}
	w.out.WriteByte('>')
	if !void {
		w.stack = append(w.stack, name)
	}
}

func listed(list, k string) bool {
	if k == "" || k == "class" || strings.IndexByte(k, ' ') >= 0 {
		return false // A class is what stands there most.
	}
	i := strings.Index(list, k)
	return i > 0 && list[i-1] == ' ' && list[i+len(k)] == ' '
}

const maxStyles = 100 // Different style attributes that are remembered.

// style is safeStyle, once for each value.
func (w *sanitizer) style(v string) string {
	if s, ok := w.styles[v]; ok {
		return s
	}
	s := safeStyle(v)
	if w.styles == nil {
		w.styles = map[string]string{}
	}
	if len(w.styles) < maxStyles {
		w.styles[v] = s
	}
	return s
}

func (w *sanitizer) attr(key, v string) {
	switch {
	case key == "style":
		if v = w.style(v); v == "" {
			return
		}
	case key == "href":
		if v = safeURL(v, "http:", "https:", "mailto:"); v == "" {
			return
		}
		w.out.WriteString(` rel="noopener noreferrer nofollow" target="_blank"`)
	case key == "src":
		v = safeURL(v, "http:", "https:", "cid:")
		switch {
		case v == "":
			return
		case len(v) < 4 || !strings.EqualFold(v[:4], "cid:"):
			key = "data-remote-src"
		}
	case key == "title" || key == "alt":
	default:
		if !harmless(v) {
			return
		}
	}
	w.out.WriteByte(' ')
	w.out.WriteString(key)
	w.out.WriteString(`="`)
	writeEscaped(&w.out, v)
	w.out.WriteByte('"')
}

// mayLoad reports whether HTML as it came may have pictures of the network, without reading it through: each picture whose
// address does not plainly lie in the mail counts.
func mayLoad(s string) bool {
	for {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			return false
		}
		s = s[at+1:]
		if len(s) < 3 || !strings.EqualFold(s[:3], "img") {
			continue
		}
		tag := s
		if end := strings.IndexByte(s, '>'); end >= 0 {
			tag = s[:end]
		}
		tag = strings.ToLower(tag)
		if own := strings.Contains(tag, "cid:") || strings.Contains(tag, "data:"); !own || strings.Contains(tag, "http") || strings.Contains(tag, "&") {
			return true
		}
	}
}

// harmless says whether a value is a word, a number, a colour or a list of them.
func harmless(v string) bool {
	for i := range len(v) {
		c := v[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" #%.,-_'", c) >= 0) {
			return false
		}
	}
	return len(v) < 200
}

// safeURL returns an absolute URL of one of the schemes, "" for every other. Browsers pass over control characters and
// blanks at its start, and tabs and line ends anywhere.
func safeURL(v string, schemes ...string) string {
	v = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, v)
	v = strings.TrimSpace(v)
	for _, s := range schemes {
		if len(v) > len(s) && strings.EqualFold(v[:len(s)], s) {
			if s[0] == 'h' && !strings.HasPrefix(v[len(s):], "//") {
				return ""
			}
			return v
		}
	}
	return ""
}

// Style properties that can neither load nor cover anything.
var keptStyles = map[string]bool{
	"color": true, "background-color": true, "background": true, "font": true, "font-family": true, "font-size": true, "font-style": true, "font-weight": true, "font-variant": true, "line-height": true, "letter-spacing": true,
	"text-align": true, "text-decoration": true, "text-indent": true, "text-transform": true, "vertical-align": true, "white-space": true, "direction": true, "list-style-type": true, "border-collapse": true, "border-spacing": true,
	"margin": true, "margin-left": true, "margin-right": true, "margin-top": true, "margin-bottom": true, "padding": true, "padding-left": true, "padding-right": true, "padding-top": true, "padding-bottom": true,
	"border": true, "border-left": true, "border-right": true, "border-top": true, "border-bottom": true, "border-color": true, "border-style": true, "border-width": true, "border-radius": true, "width": true, "height": true, "max-width": true, "min-width": true,
}

// safeStyle keeps the declarations of a style attribute that are harmless.
func safeStyle(v string) string {
	if len(v) > 8<<10 {
		return ""
	}
	var b strings.Builder
	for v != "" {
		var d string
		d, v, _ = strings.Cut(v, ";")
		key, val, ok := strings.Cut(d, ":")
		key = strings.ToLower(strings.TrimSpace(key))
		if !ok || !keptStyles[key] || !safeStyleValue(val) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(key)
		b.WriteByte(':')
		b.WriteString(strings.TrimSpace(val))
	}
	return b.String()
}

// safeStyleValue allows words, numbers, colours and font names: no function but rgb, nothing that escapes.
func safeStyleValue(v string) bool {
	for i := range len(v) {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" #%.,-_!'\"\t", c) >= 0:
		case c == '(':
			j := i
			for j > 0 && (v[j-1]|0x20 >= 'a' && v[j-1]|0x20 <= 'z') {
				j--
			}
			if f := strings.ToLower(v[j:i]); f != "rgb" && f != "rgba" && f != "hsl" && f != "hsla" {
				return false
			}
		case c == ')':
		default:
			return false
		}
	}
	return len(v) < 500
}

func (w *sanitizer) end(name string) {
	if w.skip != "" {
		if name == w.skip {
			if w.depth--; w.depth == 0 {
				w.skip = ""
			}
		}
		return
	}
	for i := len(w.stack) - 1; i >= 0; i-- { // At most maxNesting.
		if w.stack[i] == name {
			for len(w.stack) > i {
				w.pop()
			}
			return
		}
	}
}

func (w *sanitizer) pop() {
	n := len(w.stack) - 1
	last := w.stack[n]
	w.stack = w.stack[:n]
	w.out.WriteString("</")
	w.out.WriteString(last)
	w.out.WriteByte('>')
}

func (w *sanitizer) closeAll() {
	for len(w.stack) > 0 {
		w.pop()
	}
}

// writeEscaped writes text so that it is text in an element and in a quoted attribute alike; control characters, which
// character references may have brought in, are left out.
func writeEscaped(b *strings.Builder, s string) {
	start := 0
	for i := range len(s) {
		if e := escapes[s[i]]; e != "" {
			b.WriteString(s[start:i])
			if e != "-" {
				b.WriteString(e)
			}
			start = i + 1
		}
	}
	b.WriteString(s[start:])
}

// How an octet is written; "-" for not at all, "" for as it is.
var escapes = func() (t [256]string) {
	for i := range 0x20 {
		t[i] = "-"
	}
	t['\n'], t['\t'], t['\r'], t[0x7f] = "", "", "", "-"
	t['&'], t['<'], t['>'], t['"'], t['\''] = "&amp;", "&lt;", "&gt;", "&#34;", "&#39;"
	return t
}()

func escapeHTML(s string) string {
	var b strings.Builder
	writeEscaped(&b, s)
	return b.String()
}

// metaCharset finds the charset that an HTML document declares in itself.
func metaCharset(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 4096)])
	for {
		i := bytes.Index(head, []byte("charset"))
		if i < 0 {
			return ""
		}
		head = bytes.TrimLeft(head[i+len("charset"):], " \t\r\n")
		if len(head) > 0 && head[0] == '=' {
			v := bytes.TrimLeft(head[1:], " \t\r\n\"'")
			if n := bytes.IndexAny(v, " \t\r\n\"'/>;"); n >= 0 {
				v = v[:n]
			}
			return string(v)
		}
	}
}
