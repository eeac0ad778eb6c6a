package extract

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// The bounds of an XML document.
const (
	maxDepth = 64
	maxNodes = 50_000
)

// node is an element. Names are local: namespaces and their prefixes are left out.
type node struct {
	name     string
	attrs    []xml.Attr
	text     strings.Builder
	children []*node
}

var errDoctype, errDepth, errNodes = errors.New("document type"), errors.New("too deep"), errors.New("too many elements")

// readXML reads a document. Document types are refused, so there are no entities but the five of XML itself.
func readXML(data []byte) (root *node, err error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		e, err := htmlindex.Get(label)
		if err != nil {
			return nil, err
		}
		return e.NewDecoder().Reader(r), nil
	}
	var open []*node
	count := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, io.ErrUnexpectedEOF
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errDoctype
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: t.Attr}
			if count += 1 + len(t.Attr); count > maxNodes {
				return nil, errNodes
			}
			if len(open) == maxDepth {
				return nil, errDepth
			}
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.children = append(parent.children, n)
			} else if root == nil {
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			}
		}
	}
}

// content is the text of an element with that of the elements in it.
func (n *node) content() string {
	var b strings.Builder
	var walk func(n *node)
	walk = func(n *node) {
		if b.Len() > maxValue {
			return
		}
		b.WriteString(n.text.String())
		for _, c := range n.children {
			b.WriteByte(' ')
			walk(c)
		}
	}
	walk(n)
	return b.String()
}

// xmlStep is one step of a path.
type xmlStep struct {
	name  string // "*": any.
	deep  bool   // Anywhere below.
	attr  bool
	place int // The n-th of its name, from 1; 0: all.
}

// xmlPath is a path: /Einsatz/Ort/@typ, //Stichwort, Fahrzeuge/Fahrzeug[1].
type xmlPath []xmlStep

// parseXMLPath reads a path; ok is false for what is none. Prefixes of names are left out.
func parseXMLPath(s string) (path xmlPath, ok bool) {
	s = strings.TrimSpace(s)
	deep := !strings.HasPrefix(s, "/")
	s = strings.TrimPrefix(s, "/")
	if strings.HasPrefix(s, "/") {
		deep, s = true, s[1:]
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" { // "//" in the middle.
			if deep {
				return nil, false
			}
			deep = true
			continue
		}
		step := xmlStep{deep: deep}
		deep = false
		if rest, found := strings.CutPrefix(part, "@"); found {
			step.attr, part = true, rest
		}
		if name, index, found := strings.Cut(part, "["); found {
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			if err != nil || n < 1 || !strings.HasSuffix(index, "]") {
				return nil, false
			}
			step.place, part = n, name
		}
		if i := strings.LastIndexByte(part, ':'); i >= 0 {
			part = part[i+1:]
		}
		if part == "" || strings.ContainsAny(part, " \t@[]()'\"=") || len(path) > 0 && path[len(path)-1].attr {
			return nil, false
		}
		step.name = part
		path = append(path, step)
	}
	return path, len(path) > 0 && !deep
}

// find returns what stands at a path, in the order of the document.
func (p xmlPath) find(root *node) []string {
	at := []*node{{children: []*node{root}}}
	for _, step := range p {
		if step.attr {
			return step.attributes(at)
		}
		var next []*node
		seen := map[*node]bool{}
		for _, n := range at {
			step.collect(n, seen, &next)
		}
		at = next
	}
	var out []string
	for _, n := range at {
		if len(out) == maxList {
			break
		}
		out = append(out, n.content())
	}
	return out
}

func (s xmlStep) fits(name string) bool { return s.name == "*" || strings.EqualFold(s.name, name) }

func (s xmlStep) collect(n *node, seen map[*node]bool, out *[]*node) {
	count := 0
	for _, c := range n.children {
		if s.fits(c.name) {
			if count++; (s.place == 0 || s.place == count) && !seen[c] {
				seen[c] = true
				*out = append(*out, c)
			}
		}
		if s.deep {
			s.collect(c, seen, out)
		}
	}
}

func (s xmlStep) attributes(at []*node) []string {
	var out []string
	var walk func(n *node)
	walk = func(n *node) {
		for _, a := range n.attrs {
			if s.fits(a.Name.Local) && len(out) < maxList {
				out = append(out, a.Value)
			}
		}
		if s.deep {
			for _, c := range n.children {
				walk(c)
			}
		}
	}
	for _, n := range at {
		walk(n)
	}
	return out
}
