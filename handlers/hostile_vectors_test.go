package handlers_test

import (
	"fmt"
	"strings"
)

// hostile is markup that wants to run a script, or to load something from elsewhere. Each piece is written so that a
// browser without protection runs RUN at once, or asks REMOTE for something.
type hostile struct {
	markup string
	alone  bool // It changes the whole document it stands in: it needs one of its own.
}

// selfStarting are elements whose handlers a browser calls without anybody touching them.
var selfStarting = []struct{ element, event string }{
	{`<img src=x %s>`, "onerror"}, {`<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" %s>`, "onload"},
	{`<image src=x %s>`, "onerror"}, {`<svg %s></svg>`, "onload"}, {`<svg><image href=x %s></image></svg>`, "onerror"},
	{`<svg><animate %s attributeName=x dur=1s></animate></svg>`, "onbegin"}, {`<svg><set %s attributeName=x to=y></set></svg>`, "onbegin"},
	{`<svg><animate %s attributeName=x dur=1ms></animate></svg>`, "onend"}, {`<svg><a><rect width=99 height=99 %s></rect></a></svg>`, "onfocusin"},
	{`<video src=x %s></video>`, "onerror"}, {`<audio src=x %s></audio>`, "onerror"}, {`<video><source src=x %s></video>`, "onerror"},
	{`<audio><source src=x %s></audio>`, "onerror"}, {`<video src=x %s></video>`, "onloadstart"}, {`<audio src=x autoplay %s></audio>`, "onloadstart"},
	{`<input autofocus %s>`, "onfocus"}, {`<textarea autofocus %s></textarea>`, "onfocus"}, {`<select autofocus %s></select>`, "onfocus"},
	{`<button autofocus %s>x</button>`, "onfocus"}, {`<a href=x autofocus %s>x</a>`, "onfocus"}, {`<div tabindex=1 autofocus %s>x</div>`, "onfocus"},
	{`<input type=image src=x %s>`, "onerror"}, {`<details open %s><summary>x</summary></details>`, "ontoggle"}, {`<iframe %s></iframe>`, "onload"},
	{`<iframe srcdoc="x" %s></iframe>`, "onload"}, {`<object data=x %s></object>`, "onerror"}, {`<object data="data:text/html,x" %s></object>`, "onload"},
	{`<embed src=x %s>`, "onload"}, {`<embed src=x %s>`, "onerror"}, {`<script src=x %s></script>`, "onerror"}, {`<script %s>1</script>`, "onload"},
	{`<style %s>x{}</style>`, "onload"}, {`<style %s>@import "x";</style>`, "onerror"}, {`<link rel=stylesheet href=x %s>`, "onerror"},
	{`<link rel=stylesheet href="data:text/css,x" %s>`, "onload"}, {`<link rel=preload as=image href=x %s>`, "onerror"}, {`<marquee %s>x</marquee>`, "onstart"},
	{`<marquee loop=1 width=0 %s>x</marquee>`, "onfinish"}, {`<body %s>`, "onload"}, {`<body %s>`, "onpageshow"}, {`<body %s><input autofocus>`, "onfocus"},
	{`<body %s>`, "onresize"}, {`<frameset %s><frame>`, "onload"}, {`<track %s>`, "onerror"}, {`<video><track default src=x %s></video>`, "onerror"},
	{`<div style="animation:1ms a" %s><style>@keyframes a{}</style></div>`, "onanimationend"}, {`<div %s style="animation:1ms a"></div><style>@keyframes a{}</style>`, "onanimationstart"},
	{`<x contenteditable autofocus %s>x</x>`, "onfocus"}, {`<math %s></math>`, "onload"}, {`<table background=x %s></table>`, "onload"}, {`<bgsound src=x %s>`, "onerror"},
	{`<picture><source srcset=x><img %s></picture>`, "onerror"}, {`<applet code=x %s></applet>`, "onerror"}, {`<isindex type=image src=x %s>`, "onerror"},
	{`<dialog open %s>x</dialog>`, "onfocus"}, {`<form><input name=a autofocus %s></form>`, "onfocusin"}, {`<meter %s></meter>`, "onload"},
}

// spelled are the ways to write a handler that parsers disagree about.
var spelled = []string{
	`%s="%s"`, `%s='%s'`, "%s\n=\n\"%s\"", "\t%s\t=\t\"%s\"", `/%s="%s"`, `"%s="%s"`, `x='>' %s="%s"`, "x=`%%> %s=\"%s\"", "\x00%s=\"%s\"", "\f%s=\"%s\"",
}

// reachable are the places where an address stands.
var reachable = []string{
	`<iframe src="%s"></iframe>`, `<frameset><frame src="%s"></frameset>`, `<object data="%s"></object>`, `<embed src="%s">`, `<img src="%s">`, `<script src="%s"></script>`,
	`<link rel=stylesheet href="%s">`, `<link rel=import href="%s">`, `<meta http-equiv=refresh content="0;url=%s">`, `<meta http-equiv="Link" content="<%s>; rel=stylesheet">`,
	`<base href="%s"><img src=x>`, `<svg><image href="%s"/></svg>`, `<svg><use href="%s#x"/></svg>`, `<svg><image xlink:href="%s"/></svg>`, `<svg><script href="%s"></script></svg>`,
	`<svg><filter id=f><feImage href="%s"/></filter><rect width=9 height=9 filter="url(#f)"/></svg>`, `<video src="%s" autoplay></video>`, `<audio src="%s" autoplay></audio>`,
	`<video poster="%s"></video>`, `<video><source src="%s"></video>`, `<audio><source src="%s"></audio>`, `<video><track default src="%s"></video>`, `<input type=image src="%s">`,
	`<body background="%s">`, `<table background="%s"><tr><td>x</table>`, `<table><tr><td background="%s">x</table>`, `<img srcset="%s 1x">`, `<picture><source srcset="%s"><img></picture>`,
	`<img lowsrc="%s" dynsrc="%[1]s">`, `<div style="background:url(%s)">x</div>`, `<div style="background-image:image-set('%s' 1x)">x</div>`, `<div style="list-style:url(%s);display:list-item">x</div>`,
	`<div style="border-image:url(%s) 1">x</div>`, `<div style="cursor:url(%s),auto;position:fixed;inset:0">x</div>`, `<div style="content:url(%s)">x</div>`, `<div style="mask:url(%s);-webkit-mask:url(%[1]s)">x</div>`,
	`<div style="shape-outside:url(%s);float:left">x</div>`, `<div style="filter:url(%s#f)">x</div>`, `<div style="offset-path:url(%s#p)">x</div>`, `<div style="color:red;\62 ackground:u\72l(%s)">x</div>`,
	`<style>@import url("%s");</style>`, `<style>@import "%s";</style>`, `<style>body{background:url(%s)}</style>`, `<style>@font-face{font-family:f;src:url(%s)}body{font-family:f}</style>x`,
	`<style>li{list-style-image:url(%s)}</style><ul><li>x</ul>`, `<style>p::before{content:url(%s)}</style><p>x`, `<svg><style>svg{background:url(%s)}</style></svg>`,
	`<link rel=prefetch href="%s">`, `<link rel=preconnect href="%s">`, `<link rel=dns-prefetch href="%s">`, `<link rel=preload as=image href="%s">`, `<link rel=modulepreload href="%s">`, `<link rel=icon href="%s">`, `<link rel=manifest href="%s">`, `<link rel=prerender href="%s">`,
	`<form action="%s"><input type=submit autofocus></form>`, `<portal src="%s"></portal>`, `<applet archive="%s"></applet>`, `<html manifest="%s">`, `<bgsound src="%s">`, `<blockquote cite="%s">x</blockquote>`,
	`<math href="%s">x</math>`, `<iframe srcdoc="&lt;img src='%s'&gt;"></iframe>`, `<xml src="%s"></xml>`, `<input type=image srcset="%s">`, `<speculationrules></speculationrules><script type=speculationrules>{"prefetch":[{"urls":["%s"]}]}</script>`,
}

// scripted are addresses that are programs.
func scripted() []string {
	out := []string{"data:text/html,<script>RUN</script>", "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>", "data:text/html;base64,PHNjcmlwdD5SVU48L3NjcmlwdD4="}
	for _, scheme := range []string{
		"javascript:", "JaVaScRiPt:", " javascript:", "\tjavascript:", "java\tscript:", "java\nscript:", "java&#x09;script:", "&#106;avascript:", "&#x6a;&#x61;vascript:", "&#0000106avascript&colon;",
		"\x01javascript:", "javascript&#58;", "vbscript:", "livescript:", "feed:javascript:", "view-source:javascript:", "jar:javascript:",
	} {
		out = append(out, scheme+"RUN")
	}
	return out
}

// remote are spellings of an address of somebody else's server.
var remote = []string{"http://REMOTE/PATH", "https://REMOTE/PATH", "//REMOTE/PATH", `http:\\REMOTE\PATH`, `\\REMOTE\PATH`, "/\\REMOTE/PATH", "http:REMOTE/PATH", "ht&#9;tp://REMOTE/PATH", "HTTP://REMOTE/PATH"}

// confusing are elements inside of which the parsers of browsers follow rules of their own.
var confusing = []string{
	"svg", "math", "style", "title", "textarea", "noscript", "noembed", "noframes", "xmp", "iframe", "template", "select", "table", "plaintext", "option", "script",
	"svg><foreignObject", "svg><desc", "math><mtext", "math><mi><mglyph", `math><annotation-xml encoding="text/html"`, "svg><title", "form", "a", "!--", "![CDATA[",
}

// recovery ends what a piece may have left open, so that the next one is read.
const recovery = "'\"`>--></script></style></title></textarea></noscript></noembed></noframes></xmp></iframe></template></select></table></mtext></math></desc></svg></object></video></audio>]]>\n"

func closed(element string) string {
	switch element {
	case "!--":
		return "-->"
	case "![CDATA[":
		return "]]>"
	}
	var out string
	for name := range strings.SplitSeq(element, "><") {
		name, _, _ = strings.Cut(name, " ")
		out = "</" + name + ">" + out
	}
	return out
}

// hostileMarkup makes the list. RUN, REMOTE and PATH are filled in by who uses it.
func hostileMarkup() []hostile {
	var all []hostile
	for _, start := range selfStarting {
		alone := strings.Contains(start.element, "<body") || strings.Contains(start.element, "<frame")
		for _, how := range spelled {
			all = append(all, hostile{fmt.Sprintf(start.element, fmt.Sprintf(how, start.event, "RUN")), alone})
		}
	}
	for _, place := range reachable {
		alone := strings.Contains(place, "<base") || strings.Contains(place, "<body") || strings.Contains(place, "<frameset") || strings.Contains(place, "refresh") || strings.Contains(place, "<html")
		for _, address := range append(scripted(), remote...) {
			all = append(all, hostile{fmt.Sprintf(place, address), alone})
		}
	}
	endless := map[string]bool{"plaintext": true}
	for _, outer := range confusing {
		for _, inner := range confusing {
			all = append(all,
				hostile{fmt.Sprintf(`<%s><%s><p title="%s%s<img src=x onerror=RUN>">x`, outer, inner, closed(inner), closed(outer)), endless[outer] || endless[inner]},
				hostile{fmt.Sprintf(`<%s><%s>%s<img src=x onerror=RUN>%s<img src=x onerror=RUN>`, outer, inner, closed(outer), closed(inner)), endless[outer] || endless[inner]})
		}
	}
	for _, name := range []string{"location", "cookie", "body", "forms", "parentNode", "attributes", "getElementById", "defaultView", "currentScript", "nonce", "main", "find", "f-body", "reply"} {
		for _, element := range []string{"<form id=%s name=%[1]s><input id=%[1]s name=%[1]s></form>", "<img id=%s name=%[1]s>", "<a id=%s name=%[1]s href=mailto:x@y.example>x</a>", "<object id=%s name=%[1]s></object>", "<p class=%s id=%[1]s>x</p>"} {
			all = append(all, hostile{fmt.Sprintf(element, name), false})
		}
	}
	return all
}
