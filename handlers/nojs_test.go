package handlers

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// paper is a page as a browser without scripts has it: one form, its fields and its buttons.
type paper struct {
	s      *site
	cookie string
	answer
	action  string
	fields  url.Values
	buttons []button
}

type button struct{ name, value, text string }

// read parses the form with that id.
func (s *site) read(t *testing.T, cookie, form string, a answer) *paper {
	t.Helper()
	root, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	p := &paper{s: s, cookie: cookie, answer: a, fields: url.Values{}}
	var walk func(n *html.Node, inside bool)
	walk = func(n *html.Node, inside bool) {
		if n.Type == html.ElementNode {
			if n.Data == "form" {
				inside = attr(n, "id") == form
				if inside {
					p.action = attr(n, "action")
				}
			}
			if inside || attr(n, "form") == form && form != "" {
				p.take(n)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, inside)
		}
	}
	walk(root, false)
	if p.action == "" {
		t.Fatalf("the page has no form %q (status %d)\n%s", form, a.Status, shortened(a.Body))
	}
	return p
}

func (p *paper) take(n *html.Node) {
	name := attr(n, "name")
	switch n.Data {
	case "input":
		kind := attr(n, "type")
		if (kind == "checkbox" || kind == "radio") && !has(n, "checked") || kind == "file" || name == "" {
			return
		}
		p.fields.Add(name, attr(n, "value"))
	case "textarea":
		p.fields.Add(name, strings.TrimPrefix(text(n), "\n"))
	case "select":
		chosen, some := "", false
		for o := n.FirstChild; o != nil; o = o.NextSibling {
			if o.Data == "option" && (!some || has(o, "selected")) { // The first one, when none is chosen.
				chosen, some = attr(o, "value"), true
			}
		}
		p.fields.Add(name, chosen)
	case "button":
		if attr(n, "type") != "button" {
			p.buttons = append(p.buttons, button{name, attr(n, "value"), strings.TrimSpace(text(n))})
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

// set fills fields, given as pairs.
func (p *paper) set(pairs ...string) *paper {
	for i := 0; i+1 < len(pairs); i += 2 {
		p.fields.Set(pairs[i], pairs[i+1])
	}
	return p
}

// press sends the form with the first button whose words begin so.
func (p *paper) press(t *testing.T, words string) answer {
	t.Helper()
	for _, b := range p.buttons {
		if b.text != "" && strings.HasPrefix(b.text, words) {
			form := url.Values{}
			for name, values := range p.fields {
				form[name] = values
			}
			if b.name != "" {
				form.Set(b.name, b.value)
			}
			return p.s.post(p.action, p.cookie, form)
		}
	}
	t.Fatalf("there is no button %q among %v\n%s", words, p.buttons, shortened(p.Body))
	return answer{}
}
