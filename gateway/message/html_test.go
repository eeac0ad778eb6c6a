package message

import (
	"strings"
	"testing"
)

func TestSafeHTMLKeepsWhatIsHarmless(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"text and emphasis", "<p>a <b>b</b> &amp; &lt;c&gt;</p>", "<p>a <b>b</b> &amp; &lt;c&gt;</p>"},
		{"colours and fonts", `<span style="color:#f00; font-family: 'Arial', sans-serif;position:fixed">a</span>`, `<span style="color:#f00;font-family:&#39;Arial&#39;, sans-serif">a</span>`},
		{"tables", `<table border=1><tr><td colspan="2">a</td></tr></table>`, `<table border="1"><tr><td colspan="2">a</td></tr></table>`},
		{"links", `<a href="https://example.com/?a=1&b=2">x</a>`, `<a rel="noopener noreferrer nofollow" target="_blank" href="https://example.com/?a=1&amp;b=2">x</a>`},
		{"pictures of the mail", `<img src="cid:a@b" alt="logo">`, `<img src="cid:a@b" alt="logo">`},
		{"open elements are closed", "<div><b>a", "<div><b>a</b></div>"},
		{"stray end tags are dropped", "</div>a</p>", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SafeHTML(tt.in); got != tt.want {
				t.Errorf("SafeHTML = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSafeHTMLTakesAwayWhatIsNot(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"scripts", "a<script>alert(1)</script>b", "ab"},
		{"handlers", `<p onclick="x()" id=a class=b name=c>a</p>`, "<p>a</p>"},
		{"style elements", "<style>p{background:url(http://x.example)}</style>a", "a"},
		{"urls in styles", `<p style="background:url(http://x.example/a.png);color:red">a</p>`, `<p style="color:red">a</p>`},
		{"escapes in styles", `<p style="color:\75rl(x)">a</p>`, "<p>a</p>"},
		{"javascript links", `<a href="javascript:alert(1)">a</a>`, "<a>a</a>"},
		{"hidden javascript links", "<a href=\" jav&#x09;ascript:alert(1)\">a</a>", "<a>a</a>"},
		{"data links", `<a href="data:text/html,x">a</a>`, "<a>a</a>"},
		{"relative links", `<a href="/admin">a</a><a href="//x.example">b</a>`, "<a>a</a><a>b</a>"},
		{"remote pictures are not loaded", `<img src="http://x.example/a.png">`, `<img data-remote-src="http://x.example/a.png">`},
		{"relative pictures", `<img src="/api/logout">`, "<img>"},
		{"source sets", `<img srcset="http://x.example/a.png 2x" src="cid:a">`, `<img src="cid:a">`},
		{"forms", `<form action="http://x.example"><input name=a><button>b</button></form>`, "b"},
		{"frames and objects", `<iframe src=x>a</iframe><object>b</object><embed src=x>c`, "c"},
		{"svg and math", `<svg><a href="javascript:1">a</a></svg><math>b</math>c`, "c"},
		{"meta and base", `<base href="http://x.example"><meta http-equiv=refresh content="0;url=http://x.example">a`, "a"},
		{"comments", "a<!-- b --><!--[if mso]>c<![endif]-->d", "ad"},
		{"noscript tricks", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">a`, "<img>&#34;&gt;a"},
		{"body background", `<body background="http://x.example/a.png" bgcolor="#fff">a</body>`, `<body bgcolor="#fff">a</body>`},
		{"control characters", "a&#1;b\x00c", "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := SafeHTML(tt.in)
			if got != tt.want {
				t.Errorf("SafeHTML = %q, want %q", got, tt.want)
			}
			checkHTML(t, got)
			checkDOM(t, got)
		})
	}
}

func TestHTMLTextReadsADocumentOut(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"paragraphs", "<p>one\n two</p><p>three</p>", "one two\n\nthree"},
		{"line breaks", "one<br>two<br><br>three", "one\ntwo\n\nthree"},
		{"divisions", "<div>one</div><div>two</div>", "one\ntwo"},
		{"lists", "<ul><li>one<li>two<ul><li>three</ul></ul><ol start=1><li>a<li>b</ol>", "* one\n* two\n  * three\n\n1. a\n2. b"},
		{"quotations", "a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n\n> b\n>\n> > c\n\nd"},
		{"tables with lines", "<table border=1><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"},
		{"tables for layout", "<table><tr><td>a</td><td>b</td></tr></table>", "a b"},
		{"links", `<a href="https://example.com/x">here</a> and <a href="https://example.com">example.com</a> and <a href="mailto:a@example.com">a@example.com</a>`, "here <https://example.com/x> and example.com and a@example.com"},
		{"preformatted", "<pre>a  b\n  c</pre>", "a  b\n  c"},
		{"scripts and styles", "<style>x</style><script>y</script><title>z</title>a", "a"},
		{"hard blanks", "a&nbsp;&nbsp;b", "a b"},
		{"Word paragraphs", `<p class=MsoNormal>a<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>b</p>`, "a\n\nb"},
		{"entities", "&uuml;&#8364;&lt;b&gt;", "ü€<b>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := HTMLText(tt.in); got != tt.want {
				t.Errorf("HTMLText = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDeepHTMLIsReadAndBounded(t *testing.T) {
	m := parse(t, htmlMail(strings.Repeat("<div>", 10_000)+"words"))
	if m.Text != "words" {
		t.Errorf("Text = %q, want words", m.Text)
	}
	if got := strings.Count(m.HTML, "<div>"); got > maxNesting {
		t.Errorf("%d elements inside each other, want at most %d", got, maxNesting)
	}
}

func TestPicturesOfTheNetworkAreNoticed(t *testing.T) {
	for html, want := range map[string]bool{
		"":                            false,
		"<p>Words, a &lt;img and <i>": false,
		`<IMG SRC="cid:a@b">`:         false,
		`<p><img src="data:image/png;base64,AA"><a href="https://firm.example">x</a>`: false,
		`<img src="https://firm.example/a.png">`:                                      true,
		`<img src="cid:a"><ImG alt='a>b' src=//firm.example/a.png>`:                   true,
		`<img src="&#104;ttp://firm.example/cid:a">`:                                  true,
		"<img src='cid:a' ":   false,
		"<img src='http://a'": true,
		"<img":                true,
	} {
		if got := mayLoad(html); got != want {
			t.Errorf("mayLoad(%q) = %v, want %v", html, got, want)
		}
	}
}
