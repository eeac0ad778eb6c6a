package templates

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"letterbox/internal/i18n"
	"letterbox/models"
)

// funcs are the functions of the pages in one language.
func funcs(l *i18n.Locale, assets map[string]Asset) template.FuncMap {
	return template.FuncMap{
		"t":         l.T,
		"has":       l.Has,
		"hasPrefix": strings.HasPrefix,
		"num":       func(n any) string { return l.Number(toInt(n)) },
		"size":      l.Size,
		"date":      func(t any) string { return withTime(t, l.Date) },
		"clock":     func(t any) string { return withTime(t, l.Clock) },
		"exact":     func(t any) string { return withTime(t, l.Exact) },
		"when":      func(t any) string { return withTime(t, func(t time.Time) string { return l.When(t, time.Now()) }) },
		"iso": func(t any) string {
			return withTime(t, func(t time.Time) string { return t.UTC().Format(time.RFC3339) })
		},
		"duration": l.Duration,
		"linkify":  Linkify,
		"markdown": markdown,
		"visible":  Visible,
		"parted":   parted,
		"icon":     icon,
		"dict":     dict,
		"list":     func(all ...any) []any { return all },
		"initials": initials,
		"thumb":    thumb,
		"paper":    paper,
		"asset":    func(name string) string { return "/static/" + name + "?v=" + assets[name].Version },
		"lang":     func() string { return l.Lang },
		"day":      func(t *time.Time) string { return l.Date(t.UTC()) },
		"past":     func(t *time.Time) bool { return past(t, time.Now()) },
		"excerpt":  excerpt,
		"usual":    usual,
	}
}

// partedFrom is the length, in octets, from which an address may be broken into lines.
const partedFrom = 28

// parted is an address as [Visible] shows it; a long one may be broken after the @ and before dots, so that no narrow page
// breaks it inside a word.
func parted(address string) template.HTML {
	safe := template.HTMLEscapeString(Visible(address))
	if len(address) >= partedFrom {
		safe = strings.NewReplacer("@", "@<wbr>", ".", "<wbr>.").Replace(safe)
	}
	return template.HTML(safe) //nolint:gosec // Escaped above; what is put in is ours.
}

// past reports whether a day, at 00:00 UTC as due dates are kept, is over by the clock of the server.
func past(day *time.Time, now time.Time) bool {
	return day.UTC().Format(time.DateOnly) < now.Format(time.DateOnly)
}

// usual reports whether a value of the history is a state or priority that is no project's own.
func usual(kind models.EventKind, value string) bool {
	return (kind == models.EventState || kind == models.EventPriority) && slices.Contains(models.ValueKind(kind).Bases(), value)
}

func toInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	case uint32:
		return int64(n)
	}
	return 0
}

// withTime writes a time.Time or *time.Time in the zone of the server; "" when there is none.
func withTime(v any, write func(time.Time) string) string {
	switch t := v.(type) {
	case time.Time:
		if !t.IsZero() {
			return write(t.Local())
		}
	case *time.Time:
		if t != nil {
			return write(t.Local())
		}
	}
	return ""
}

// dict makes a map of its arguments: name, value, name, value.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d arguments", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: name %v is no text", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// maxThumb is the size in octets up to which a picture is shown small beside its name.
const maxThumb = 12 << 20

// thumb reports whether an attachment is a picture and small enough to be shown beside its name. What is shown are its
// pixels, encoded anew (SEC-34).
func thumb(contentType string, size int64) bool {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return size <= maxThumb
	}
	return false
}

// paper reports whether an attachment is a PDF that can be looked at in place.
func paper(contentType string, size int64) bool {
	return contentType == "application/pdf" && size <= 4*maxThumb
}

// initials returns one or two capitals for the round mark beside a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" .-_@", r) })
	var out []rune
	for _, w := range words {
		if out = append(out, []rune(w)[0]); len(out) == 2 {
			break
		}
	}
	return strings.ToUpper(string(out))
}

var links = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"'` + "`" + `]+|\bmailto:[^\s<>"']+|\[?#[1-9][0-9]{0,17}\b\]?`)

// Linkify returns text as HTML: escaped, with links for absolute http, https and mailto addresses and for issue
// numbers (#12). The address itself is what is shown, so nobody is sent elsewhere than it says.
func Linkify(text string) template.HTML {
	var out strings.Builder
	last := 0
	for _, at := range links.FindAllStringIndex(text, -1) {
		out.WriteString(html.EscapeString(text[last:at[0]]))
		found := text[at[0]:at[1]]
		last = at[1]
		if strings.HasPrefix(strings.TrimPrefix(found, "["), "#") {
			number := strings.Trim(found, "[]#")
			out.WriteString(`<a href="/issues/` + number + `">` + html.EscapeString(found) + `</a>`)
			continue
		}
		address := strings.TrimRight(found, ".,;:!?)]}")
		out.WriteString(`<a href="` + html.EscapeString(address) + `" rel="noopener noreferrer nofollow" target="_blank">` +
			html.EscapeString(address) + `</a>` + html.EscapeString(found[len(address):]))
	}
	out.WriteString(html.EscapeString(text[last:]))
	return template.HTML(out.String()) //nolint:gosec // Every piece is escaped above.
}

// Visible returns text with the characters that change its direction or cannot be seen made visible, so a name or an
// address cannot pose as another one (SEC-31 of the security requirements; Unicode UTR 36, 2.5).
func Visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return '\ufffd'
		}
		return r
	}, text)
}

func hidden(r rune) bool {
	switch {
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200b', r == '\u200e', r == '\u200f',
		r == '\u061c', r == '\ufeff', r == '\u2060', r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return (r < ' ' && r != '\n' && r != '\t') || (r >= 0x7f && r <= 0x9f)
}

// excerpt returns the beginning of a text in one line.
func excerpt(text string) string {
	const most = 280
	words := strings.Fields(text[:min(len(text), 4*most)])
	if r := []rune(strings.ToValidUTF8(strings.Join(words, " "), "")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(strings.Join(words, " "), "")
}
