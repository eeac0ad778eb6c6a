package message

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

const maxQuoteMarks = 20 // "> " before a line, however deep the quotation is.

const quoteMarks = "> > > > > > > > > > > > > > > > > > > > "

// HTMLText reads an HTML document out as text: paragraphs, lists, tables and quotations keep their form, a link keeps
// its address behind its words. It is one pass over the tokens, so nesting costs nothing.
func HTMLText(s string) string {
	w := &reader{m: newMarkup(s)}
	w.out.Grow(len(s) / 2)
	for {
		switch w.m.next() {
		case html.ErrorToken:
			w.flushLine()
			return strings.Trim(w.out.String(), "\n")
		case html.TextToken:
			if w.skip == "" {
				w.text(w.m.text())
			}
		case html.StartTagToken:
			w.start(w.m.tag)
		case html.EndTagToken:
			w.end(w.m.tag)
		}
	}
}

// reader turns a token stream into lines.
type reader struct {
	m      *markup
	out    strings.Builder
	line   strings.Builder
	blank  int    // Empty lines due before the next line.
	space  bool   // A blank is due before the next word.
	skip   string // The element whose content is dropped.
	depth  int
	quote  int // Open blockquotes.
	quoted int // How many were open at the last line.
	pre    int
	lists  []int // The next number of each open list, -1 for bullets.
	bullet string
	cells  int
	ruled  bool // The table is one to be read in columns.
	href   string
	mark   int // Where the words of the link begin in out and line.
	words  int
}

func (w *reader) start(name string) {
	if w.skip != "" {
		if name == w.skip {
			w.depth++
		}
		return
	}
	if droppedElements[name] {
		w.skip, w.depth = name, 1
		return
	}
	switch name {
	case "br":
		w.lineEnd()
	case "hr":
		w.block(0)
		w.word("---")
		w.block(0)
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "figure":
		w.block(1)
	case "blockquote":
		w.block(1)
		w.quote++
	case "pre", "xmp", "textarea", "listing", "plaintext":
		w.block(1)
		w.pre++
	case "ul", "ol":
		w.block(b2i(len(w.lists) == 0))
		n := -1
		if name == "ol" {
			n = 1
		}
		if len(w.lists) < 1000 {
			w.lists = append(w.lists, n)
		}
	case "li":
		w.block(0)
		w.bullet = "* "
		if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
			w.bullet = strconv.Itoa(w.lists[n-1]) + ". "
			w.lists[n-1]++
		}
	case "table":
		w.block(0)
		w.cells, w.ruled = 0, false
		if v, ok := w.m.get("border"); ok && v != "0" && v != "" {
			w.ruled = true
		}
	case "tr":
		w.block(0)
		w.cells = 0
	case "td", "th":
		if w.cells > 0 && w.line.Len() > 0 {
			if w.ruled || name == "th" {
				w.space = false
				w.line.WriteString(" | ")
			} else {
				w.space = true
			}
		}
		w.ruled = w.ruled || name == "th"
		w.cells++
	case "a":
		w.link()
	case "img":
		w.image()
	default:
		if blockElement(name) {
			w.block(0)
		}
	}
}

func (w *reader) end(name string) {
	if w.skip != "" {
		if name == w.skip {
			if w.depth--; w.depth == 0 {
				w.skip = ""
			}
		}
		return
	}
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "figure":
		w.block(1)
	case "blockquote":
		w.block(1)
		w.quote = max(w.quote-1, 0)
	case "pre", "xmp", "textarea", "listing":
		w.block(1)
		w.pre = max(w.pre-1, 0)
	case "ul", "ol":
		if n := len(w.lists); n > 0 {
			w.lists = w.lists[:n-1]
		}
		w.block(b2i(len(w.lists) == 0))
	case "a":
		w.linkEnd()
	case "td", "th":
		w.space = true
	default:
		if blockElement(name) || name == "table" || name == "tr" || name == "li" {
			w.block(0)
		}
	}
}

func blockElement(name string) bool {
	switch name {
	case "div", "section", "article", "header", "footer", "aside", "nav", "main", "address", "center", "dd", "dt", "form", "fieldset", "body", "figcaption", "caption", "tbody", "thead", "tfoot", "option", "details", "summary":
		return true
	}
	return false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// link remembers where the words of a link begin.
func (w *reader) link() {
	w.href = ""
	if v, ok := w.m.get("href"); ok {
		w.href = safeURL(clean(v), "http:", "https:", "mailto:")
	}
	w.mark, w.words = w.out.Len(), w.line.Len()
}

// linkEnd writes the address of a link behind its words, unless they are the address.
func (w *reader) linkEnd() {
	href := w.href
	w.href = ""
	if href == "" {
		return
	}
	words := ""
	if w.mark == w.out.Len() && w.words <= w.line.Len() {
		words = strings.TrimSpace(w.line.String()[w.words:])
	} else if w.mark < w.out.Len() {
		words = "?"
	}
	bare := strings.TrimSuffix(strings.TrimPrefix(href, "mailto:"), "/")
	if _, after, ok := strings.Cut(bare, "://"); ok && (words == after || words == "www."+after) {
		return
	}
	if words == "" || strings.Contains(bare, words) && len(words) > 6 || strings.Contains(words, bare) {
		return
	}
	w.word(" <" + strings.TrimPrefix(href, "mailto:") + ">")
}

// image reads out the words that stand for a picture when they are all that a link has.
func (w *reader) image() {
	if v, ok := w.m.get("alt"); ok && w.href != "" {
		if alt := strings.TrimSpace(clean(v)); alt != "" && len(alt) < 200 {
			w.text("[" + alt + "]")
		}
	}
}

// text adds words; blanks count as one outside of pre.
func (w *reader) text(s string) {
	if w.pre > 0 {
		for {
			line, rest, more := strings.Cut(s, "\n")
			w.begin()
			w.line.WriteString(strings.TrimSuffix(line, "\r"))
			if !more {
				return
			}
			w.newline()
			s = rest
		}
	}
	for s != "" {
		i := strings.IndexAny(s, " \t\r\n\f\u00a0")
		if i == 0 {
			w.space = true
			_, n := firstRune(s)
			s = s[n:]
			continue
		}
		word := s
		if i > 0 {
			word = s[:i]
		}
		w.word(word)
		s = s[len(word):]
	}
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		if i > 0 {
			return r, i
		}
	}
	return 0, len(s)
}

func (w *reader) word(s string) {
	if w.space && w.line.Len() > 0 && !strings.HasSuffix(w.line.String(), " ") {
		w.line.WriteByte(' ')
	}
	w.space = false
	w.begin()
	w.line.WriteString(s)
}

// begin writes what stands before the first word of a line.
func (w *reader) begin() {
	if w.line.Len() > 0 || w.bullet == "" {
		return
	}
	w.line.WriteString(strings.Repeat("  ", min(max(len(w.lists)-1, 0), 10)))
	w.line.WriteString(w.bullet)
	w.bullet = ""
}

// block ends the line and asks for empty lines before the next.
func (w *reader) block(blank int) {
	if w.line.Len() > 0 {
		w.flushLine()
		w.blank = blank
	}
	w.blank = max(w.blank, blank)
	w.space = false
}

// lineEnd is a line break that the author made: an empty line counts.
func (w *reader) lineEnd() {
	if w.line.Len() > 0 {
		w.flushLine()
		return
	}
	w.blank = min(w.blank+1, 2)
	w.space = false
}

func (w *reader) newline() {
	if w.line.Len() > 0 {
		w.flushLine()
		return
	}
	w.blank = min(w.blank+1, 10)
}

func (w *reader) flushLine() {
	if w.line.Len() == 0 {
		return
	}
	marks := quoteMarks[:2*min(w.quote, maxQuoteMarks)]
	if w.out.Len() > 0 {
		between := strings.TrimRight(quoteMarks[:2*min(w.quote, w.quoted, maxQuoteMarks)], " ")
		for range w.blank {
			w.out.WriteString(between)
			w.out.WriteByte('\n')
		}
	}
	w.quoted = w.quote
	w.blank = 0
	w.out.WriteString(marks)
	w.out.WriteString(strings.TrimRight(w.line.String(), " "))
	w.out.WriteByte('\n')
	w.line.Reset()
	w.space = false
}
