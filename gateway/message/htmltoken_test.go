package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// tokens lists what a stream of tokens says, in one form for both readers; comments are left out.
func tokens(m *markup) []string {
	var out []string
	for {
		switch m.next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
			out = append(out, "text "+m.text())
		case html.StartTagToken:
			s := "start " + m.tag
			for i := range m.attrs {
				s += "|" + m.attrs[i].key + "=" + m.value(&m.attrs[i])
			}
			out = append(out, s)
		case html.EndTagToken:
			out = append(out, "end "+m.tag)
		}
	}
}

var htmlSeeds = []string{
	"", "text", "a < b", "a <", "</", "</>", "</ x>", "<p>a</p>", "<P CLASS='x' class=y>a</P >", "<br/>", "<br / >", "<a href=x/>b</a>", "<a =b c= d>", "<a b='c\"d' e=\"f'g\">", "<a b", "<a b='c", "<a/b/c=d>",
	"<!-- c -->x", "<!-->x", "<!--->x", "<!-- a --!> b -->x", "<!-- open", "<!x>y", "<!", "<!>", "<!DOCTYPE html>x", "<?xml version='1'?>x", "<![endif]>x", "<![CDATA[a]]>b", "<!--[if mso]><p>a</p><![endif]-->b",
	"<style>p>a{}</style>x", "<STYLE>a</Style >x", "<style></style>x", "<style>a</styled></style/>x", "<style>a", "<script><!-- <script> </script> --></script>x", "<script>a<b</script>x", "<title>a &amp; b</title>c", "<textarea><p></textarea>d",
	"<plaintext>a</plaintext>b", "<xmp><b></xmp>c", "<iframe>a</iframe>", "<noscript><p>a</noscript>b", "&amp;&lt;&notit;&copy &copy=1 &#65;&#x42;&#;&;&", "<a b='&amp;&lt;&notit;&copy &copy=1&amp=2&ampx&#65;&#x42z&#;&;&semi;&fjlig;&'>",
	"<a href=\"http://a.example/?a=1&b=2&copy=3&lt;4\">x</a>", "<p\na\t=\n'b'\fc>", "a\rb\r\nc\x00d", "<p a\x00b>", "<" + strings.Repeat("a ", 50) + ">", "<p a a=1 A=2>", "</p a='>'>b", "<o:p>&nbsp;</o:p>",
}

func TestMarkupIsReadAsHTMLTokenizerReadsIt(t *testing.T) {
	for _, s := range htmlSeeds {
		slow := &markup{s: s}
		slow.slow = html.NewTokenizer(strings.NewReader(s))
		if diff := cmp.Diff(tokens(newMarkup(s)), tokens(slow)); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}

func FuzzMarkup(f *testing.F) {
	for _, s := range htmlSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 64<<10 {
			return
		}
		slow := &markup{s: s}
		slow.slow = html.NewTokenizer(strings.NewReader(s))
		if diff := cmp.Diff(tokens(newMarkup(s)), tokens(slow)); diff != "" {
			t.Fatalf("%q: %s", s, diff)
		}
	})
}
