package extract

import (
	"strconv"
	"strings"
	"time"
)

// Problem is why a field gave nothing, or why what was taken cannot be used. Its sentence is the entry
// "extract.<Code>" of the message catalogue.
type Problem struct {
	Code string // "missing", "empty", "number", "date", "coordinates", "xml", "json", "slow", ...
	Args map[string]string
}

func problem(code string, pairs ...string) *Problem {
	p := &Problem{Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		p.Args[pairs[i]] = short(pairs[i+1])
	}
	return p
}

// short keeps what is shown of a value from filling the page.
func short(s string) string {
	const most = 200
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// value turns what was found into the type of a field. list is set for the type list only.
func (f *field) value(found []string) (text string, list []string, p *Problem) {
	for i, s := range found {
		found[i] = strings.TrimSpace(cutTo(s, maxValue))
	}
	switch f.Type {
	case "list":
		return f.list(found)
	case "number":
		return number(found[0])
	case "date":
		return date(found[0], f.layouts)
	case "coordinates":
		text, p = coordinates(strings.Join(found[:min(2, len(found))], "; "))
		return text, nil, p
	}
	text = found[0]
	if text == "" {
		return "", nil, problem("empty")
	}
	return text, nil, nil
}

func cutTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func (f *field) list(found []string) (string, []string, *Problem) {
	split := func(r rune) bool { return strings.ContainsRune(",;\n", r) }
	var list []string
	for _, s := range found {
		parts := strings.FieldsFunc(s, split)
		if f.Format != "" {
			parts = strings.Split(s, f.Format)
		}
		for _, part := range parts {
			if part = strings.TrimSpace(part); part != "" && len(list) < maxList {
				list = append(list, part)
			}
		}
	}
	if len(list) == 0 {
		return "", nil, problem("empty")
	}
	return cutTo(strings.Join(list, ", "), maxValue), list, nil
}

// number reads "1.234,5", "1,234.5", "1 234" and the like. A single comma or point is that of decimals.
func number(s string) (string, []string, *Problem) {
	t := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f', '\'', '’':
			return -1
		}
		return r
	}, s)
	t = strings.TrimPrefix(t, "+")
	comma, point := strings.Count(t, ","), strings.Count(t, ".")
	switch {
	case comma > 0 && point > 0 && strings.LastIndexByte(t, ',') > strings.LastIndexByte(t, '.'):
		t = strings.ReplaceAll(t, ".", "")
		t = strings.Replace(t, ",", ".", 1)
	case comma > 0 && point > 0, comma > 1:
		t = strings.ReplaceAll(t, ",", "")
	case point > 1:
		t = strings.ReplaceAll(t, ".", "")
	case comma == 1:
		t = strings.Replace(t, ",", ".", 1)
	}
	if strings.ContainsAny(t, "eExXpPnNiI_") || len(t) > 40 {
		return "", nil, problem("number", "value", s)
	}
	if _, err := strconv.ParseFloat(t, 64); err != nil {
		return "", nil, problem("number", "value", s)
	}
	return t, nil, nil
}

// usualDates are tried where a field does not say how its date is written.
var usualDates = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	"2.1.2006 15:04:05", "2.1.2006 15:04", "2.1.2006, 15:04", "2.1.2006", "2.1.06 15:04", "2.1.06", "2.1.2006 - 15:04",
	time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006", "Jan 2, 2006", "1/2/2006", "20060102150405", "20060102",
}

// tokens are what people write for the parts of a date, in English and German, and Go's words for them.
var tokens = strings.NewReplacer("YYYY", "2006", "JJJJ", "2006", "YY", "06", "JJ", "06", "MM", "01", "DD", "02", "TT", "02",
	"HH", "15", "hh", "15", "mm", "04", "ss", "05", "M", "1", "D", "2", "T", "2")

// date reads a date or a point in time. A day is written "2006-01-02", a time "2006-01-02 15:04", with its zone when it
// has one.
func date(s string, layouts []string) (string, []string, *Problem) {
	s = strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(s), " Uhr")), " ")
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil || t.Year() < 1900 || t.Year() > 9000 {
			continue
		}
		switch {
		case strings.Contains(layout, "07"):
			return t.Format("2006-01-02 15:04 -07:00"), nil, nil
		case strings.Contains(layout, "15"):
			return t.Format("2006-01-02 15:04"), nil, nil
		}
		return t.Format(time.DateOnly), nil, nil
	}
	return "", nil, problem("date", "value", s)
}
