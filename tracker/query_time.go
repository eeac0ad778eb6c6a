package tracker

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"letterbox/models/store"
)

var (
	span  = regexp.MustCompile(`^([<>]?)=?([0-9]{1,4})(h|d|t|w|m|y|j)$`)
	dates = regexp.MustCompile(`^([<>]?)=?([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-[0-9]{2}-[0-9]{2}))?$`)
)

// period reads a time: "<7d" is less than seven days away, ">2w" more than two weeks, "2026-01-31" that day,
// "<2026-01-31" before it, "2026-01-01..2026-01-31" all of January, "today". ahead: it lies in the future, as a due
// date does. ok is false for what is no time.
func period(text string, at time.Time, ahead bool) (c store.Condition, ok bool) {
	text = strings.ToLower(text)
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	if n, found := map[string]int{"yesterday": -1, "today": 0, "tomorrow": 1}[text]; found {
		return between(day.AddDate(0, 0, n), day.AddDate(0, 0, n+1)), true
	}
	if m := span.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2]) // Digits only.
		if !ahead {
			n = -n
		}
		edge := away(at, day, n, m[3])
		switch {
		case ahead && m[1] == ">":
			c.From = &edge
		case ahead:
			c = between(day, edge)
		case m[1] == ">":
			c.Until = &edge
		default:
			c.From = &edge
		}
		return c, true
	}
	m := dates.FindStringSubmatch(text)
	if m == nil {
		return c, false
	}
	first, err := time.ParseInLocation(time.DateOnly, m[2], at.Location())
	if err != nil {
		return c, false
	}
	next := first.AddDate(0, 0, 1)
	switch {
	case m[3] != "":
		last, err := time.ParseInLocation(time.DateOnly, m[3], at.Location())
		return between(first, last.AddDate(0, 0, 1)), err == nil && m[1] == ""
	case m[1] == "<":
		return store.Condition{Until: &first}, true
	case m[1] == ">":
		return store.Condition{From: &next}, true
	}
	return between(first, next), true
}

// away is the time n units from now; from a day on, whole days count.
func away(at, day time.Time, n int, unit string) time.Time {
	switch unit {
	case "h":
		return at.Add(time.Duration(n) * time.Hour)
	case "w":
		return day.AddDate(0, 0, 7*n)
	case "m":
		return day.AddDate(0, n, 0)
	case "y", "j":
		return day.AddDate(n, 0, 0)
	default:
		return day.AddDate(0, 0, n)
	}
}

func between(from, until time.Time) store.Condition {
	return store.Condition{From: &from, Until: &until}
}
