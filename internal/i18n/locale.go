package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Locale is a catalogue seen in one language: texts, numbers, sizes and times as people there write them.
type Locale struct {
	Lang string
	cat  *Catalogue
}

// Locale returns the view of one language; of Fallback when there is no such language.
func (c *Catalogue) Locale(lang string) *Locale {
	if _, ok := c.texts[lang]; !ok {
		lang = Fallback
	}
	return &Locale{Lang: lang, cat: c}
}

// T returns the text of key. Its arguments are pairs: name, value, name, value. Numbers are written by the locale; a
// map[string]string stands for all of its pairs.
func (l *Locale) T(key string, args ...any) string {
	if len(args) == 0 {
		return l.cat.T(l.Lang, key, nil)
	}
	values := map[string]string{}
	for i := 0; i < len(args); i++ {
		if m, ok := args[i].(map[string]string); ok {
			for k, v := range m {
				values[k] = v
			}
			continue
		}
		if i+1 == len(args) {
			break
		}
		values[fmt.Sprint(args[i])] = l.value(args[i+1])
		i++
	}
	return l.cat.T(l.Lang, key, values)
}

func (l *Locale) value(v any) string {
	switch v := v.(type) {
	case int:
		return l.Number(int64(v))
	case int64:
		return l.Number(v)
	default:
		return fmt.Sprint(v)
	}
}

// Has reports whether there is a text for key.
func (l *Locale) Has(key string) bool { return l.cat.Has(l.Lang, key) }

// Number writes n with the thousands set apart: "12.345" or "12,345".
func (l *Locale) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	group := ","
	if l.Lang == "de" {
		group = "."
	}
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteString(group)
		}
		out.WriteRune(d)
	}
	return sign + out.String()
}

// Size writes a number of octets in kB, MB or GB of 1024: "80 kB", "1,2 MB".
func (l *Locale) Size(octets int64) string {
	if octets < 1024 {
		return l.T("unit.bytes", "n", octets)
	}
	value, unit := float64(octets)/1024, "kB"
	for _, next := range []string{"MB", "GB", "TB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if value >= 10 {
		text = strconv.FormatFloat(value, 'f', 0, 64)
	}
	text = strings.TrimSuffix(text, ".0")
	if l.Lang == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "\u00a0" + unit
}

// Date writes the day of t: "21.11.2026" or "21 Nov 2026".
func (l *Locale) Date(t time.Time) string {
	if l.Lang == "de" {
		return t.Format("02.01.2006")
	}
	return t.Format("2 Jan 2006")
}

// Clock writes the time of day of t.
func (l *Locale) Clock(t time.Time) string { return t.Format("15:04") }

// Exact writes t to the second and with its zone, for titles and traces.
func (l *Locale) Exact(t time.Time) string { return l.Date(t) + " " + t.Format("15:04:05 MST") }

// When writes t as people say it at the time now: "2 min ago", "today 10:14", "19 Nov", "19 Nov 2025".
func (l *Locale) When(t, now time.Time) string {
	now = now.In(t.Location())
	switch d := now.Sub(t); {
	case d < 0:
		return l.ahead(t, now)
	case d < time.Minute:
		return l.T("time.now")
	case d < time.Hour:
		return l.T("time.minutes_ago", "n", int64(d/time.Minute))
	case sameDay(t, now):
		return l.T("time.today", "clock", l.Clock(t))
	case sameDay(t, now.AddDate(0, 0, -1)):
		return l.T("time.yesterday", "clock", l.Clock(t))
	case t.Year() == now.Year() && l.Lang == "de":
		return t.Format("02.01., 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan, 15:04")
	default:
		return l.Date(t)
	}
}

// Since writes t as people say it after "since" at the time now: "10:14", "yesterday 10:14", "19 Nov, 10:14".
func (l *Locale) Since(t, now time.Time) string {
	if sameDay(t, now.In(t.Location())) {
		return l.Clock(t)
	}
	return l.When(t, now)
}

func (l *Locale) ahead(t, now time.Time) string {
	switch d := t.Sub(now); {
	case d < time.Minute:
		return l.T("time.in_seconds", "n", max(1, int64((d+time.Second-1)/time.Second)))
	case sameDay(t, now):
		return l.T("time.at", "clock", l.Clock(t))
	default:
		return l.Date(t) + ", " + l.Clock(t)
	}
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}

// Duration writes d short and exact: "90 s", "5 min", "2 h", "340 ms".
func (l *Locale) Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "\u00a0ms"
	case d%time.Hour == 0:
		return l.Number(int64(d/time.Hour)) + "\u00a0h"
	case d%time.Minute == 0:
		return l.Number(int64(d/time.Minute)) + "\u00a0min"
	case d < 10*time.Second:
		text := strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0")
		if l.Lang == "de" {
			text = strings.Replace(text, ".", ",", 1)
		}
		return text + "\u00a0s"
	default:
		return l.Number(int64(d/time.Second)) + "\u00a0s"
	}
}
