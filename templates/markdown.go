package templates

import (
	"bytes"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown returns a renderer of CommonMark with tables, strikethrough, task lists and bare addresses. HTML in the
// text is text: nothing vanishes and nothing of it becomes an element. Pictures are links, so no page asks another
// server for anything.
func newMarkdown() goldmark.Markdown {
	var blocks, inlines []util.PrioritizedValue
	for _, p := range parser.DefaultBlockParsers() {
		if !isHTML(p.Value) {
			blocks = append(blocks, p)
		}
	}
	for _, p := range parser.DefaultInlineParsers() {
		if !isHTML(p.Value) {
			inlines = append(inlines, p)
		}
	}
	inlines = append(inlines, util.Prioritized(issueNumbers{}, 150))
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(blocks...), parser.WithInlineParsers(inlines...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
			parser.WithASTTransformers(util.Prioritized(safeLinks{}, 500)),
		)),
		goldmark.WithExtensions(extension.Strikethrough, extension.Table, extension.TaskList, extension.Linkify),
		goldmark.WithRendererOptions(html.WithHardWraps()),
	)
}

// isHTML recognises the parsers of raw HTML.
func isHTML(p any) bool { return p == parser.NewHTMLBlockParser() || p == parser.NewRawHTMLParser() }

// maxMarkdown is the longest text that is read as Markdown, in octets; a longer one is shown as it is.
const maxMarkdown = 256 << 10

// markdown returns text that a person wrote here as HTML. Every element and attribute is made by the renderer; links
// lead to http, https and mailto addresses and to pages of ours.
func markdown(source string) template.HTML {
	if len(source) > maxMarkdown {
		return Linkify(source)
	}
	var out bytes.Buffer
	if err := newMarkdown().Convert([]byte(Visible(source)), &out); err != nil {
		return Linkify(source)
	}
	return template.HTML(out.String()) //nolint:gosec // goldmark escapes all text; raw HTML is not parsed.
}

// issueNumbers makes links of #12.
type issueNumbers struct{}

var issueNumber = regexp.MustCompile(`^#([1-9][0-9]{0,17})(?:[^\pL\pN_]|$)`)

// Trigger is part of parser.InlineParser.
func (issueNumbers) Trigger() []byte { return []byte{'#'} }

// Parse is part of parser.InlineParser.
func (issueNumbers) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	if before := block.PrecendingCharacter(); before != ' ' && before != '\n' && !strings.ContainsRune("([,;:", before) {
		return nil
	}
	for n := parent; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindLink {
			return nil
		}
	}
	line, segment := block.PeekLine()
	m := issueNumber.FindSubmatch(line)
	if m == nil {
		return nil
	}
	n := len(m[1]) + 1
	block.Advance(n)
	link := ast.NewLink()
	link.Destination = append([]byte("/issues/"), m[1]...)
	link.AppendChild(link, ast.NewTextSegment(segment.WithStop(segment.Start+n)))
	return link
}

// safeLinks keeps links to http, https and mailto addresses and to our pages; others lose their target. Pictures become
// links.
type safeLinks struct{}

// Transform is part of parser.ASTTransformer.
func (safeLinks) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var pictures []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			secure(n, &n.Destination)
		case *ast.AutoLink:
			n.SetAttributeString("rel", []byte("noopener noreferrer nofollow"))
			n.SetAttributeString("target", []byte("_blank"))
		case *ast.Image:
			pictures = append(pictures, n)
		}
		return ast.WalkContinue, nil
	})
	for _, p := range pictures {
		link := ast.NewLink()
		link.Destination = p.Destination
		for c := p.FirstChild(); c != nil; c = p.FirstChild() {
			link.AppendChild(link, c)
		}
		if link.FirstChild() == nil {
			link.AppendChild(link, ast.NewString(p.Destination))
		}
		secure(link, &link.Destination)
		p.Parent().ReplaceChild(p.Parent(), p, link)
	}
}

func secure(n ast.Node, to *[]byte) {
	u, err := url.Parse(string(*to))
	ours := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(string(*to), "/") && !strings.HasPrefix(string(*to), "//") &&
		!strings.ContainsAny(string(*to), "\\")
	switch {
	case ours:
	case err == nil && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https")) && u.Host != "", err == nil && strings.EqualFold(u.Scheme, "mailto"):
		n.SetAttributeString("rel", []byte("noopener noreferrer nofollow"))
		n.SetAttributeString("target", []byte("_blank"))
	default:
		*to = []byte("#")
	}
}
