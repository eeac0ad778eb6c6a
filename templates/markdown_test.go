package templates

import (
	"strings"
	"testing"
)

func TestMarkdownMakesOnlyItsOwnElements(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>"},
		{"one\ntwo", "<p>one<br>\ntwo</p>"},
		{"<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"},
		{"<script>alert(1)</script>\n\nnext", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>next</p>"},
		{"see #12, (#7) and a#8", `<p>see <a href="/issues/12">#12</a>, (<a href="/issues/7">#7</a>) and a#8</p>`},
		{"# Head", "<h1>Head</h1>"},
		{"[x](javascript:alert(1))", `<p><a href="#">x</a></p>`},
		{"[x](data:text/html,x)", `<p><a href="#">x</a></p>`},
		{"[x](//evil.example)", `<p><a href="#">x</a></p>`},
		{"[x](/issues/3)", `<p><a href="/issues/3">x</a></p>`},
		{"[x](https://a.example)", `<p><a href="https://a.example" rel="noopener noreferrer nofollow" target="_blank">x</a></p>`},
		{"![p](https://a.example/x.png)", `<p><a href="https://a.example/x.png" rel="noopener noreferrer nofollow" target="_blank">p</a></p>`},
		{"- [ ] todo", "<input disabled=\"\" type=\"checkbox\">"},
	} {
		if got := strings.TrimSpace(string(markdown(test.in))); got != test.want && !(strings.HasPrefix(test.want, "<input") && strings.Contains(got, test.want)) {
			t.Errorf("%q\n got %s\nwant %s", test.in, got, test.want)
		}
	}
	for _, nasty := range []string{
		"<img src=x onerror=alert(1)>", "[a](<javascript:alert(1)>)", "[a](jav&#x61;script:alert(1))", "<javascript:alert(1)>",
		"[a](vbscript:x)", "![a](javascript:alert(1))", "[a]: javascript:alert(1)\n\n[a]", "```\"><script>alert(1)</script>\nx\n```",
		"|a|b|\n|-|-|\n|<svg onload=alert(1)>|x|", "[a](https://x.example\"onmouseover=\"alert(1))", "<!-- x --><?php ?><![CDATA[x]]>",
		"[a](https://x \"t\" onclick=x)", "[a](/\\evil.example)", "[a](\x01javascript:alert(1))",
	} {
		got := strings.ToLower(string(markdown(nasty)))
		for _, bad := range []string{"<script", "<img", "<svg", "href=\"javascript", "href=\"vbscript", "<!--", "<?php", "\" onclick", "href=\"/\\", "href=\"/%5c"} {
			if strings.Contains(got, bad) {
				t.Errorf("%q makes %s", nasty, got)
			}
		}
	}
}
