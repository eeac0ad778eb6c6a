package flow

import (
	"strings"
	"time"
)

// span is a part of the day in minutes since midnight: from one up to, not including, another. It may go over midnight.
type span struct{ from, to int }

// parseSpan reads "08:00-17:30".
func parseSpan(s string) (span, bool) {
	a, b, ok := strings.Cut(strings.ReplaceAll(s, "–", "-"), "-")
	if !ok {
		return span{}, false
	}
	from, ok1 := minute(a)
	to, ok2 := minute(b)
	return span{from, to}, ok1 && ok2 && from != to
}

func minute(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

func (s span) has(at time.Time) bool {
	m := at.Hour()*60 + at.Minute()
	if s.from < s.to {
		return s.from <= m && m < s.to
	}
	return s.from <= m || m < s.to
}

// weekdays are the names of weekdays in both languages, by their first letters.
var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
	"mo": time.Monday, "di": time.Tuesday, "mi": time.Wednesday, "do": time.Thursday, "fr": time.Friday, "sa": time.Saturday, "so": time.Sunday,
}

// parseDays reads "mon-fri" or "Sa, So".
func parseDays(s string) (days [7]bool, ok bool) {
	for part := range strings.SplitSeq(strings.ReplaceAll(s, "–", "-"), ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, known := weekday(first)
		to := from
		if ranged {
			var also bool
			to, also = weekday(last)
			known = known && also
		}
		if !known {
			return days, false
		}
		for d := from; ; d = (d + 1) % 7 {
			if days[d] = true; d == to {
				break
			}
		}
	}
	return days, true
}

func weekday(s string) (time.Weekday, bool) {
	d, ok := weekdays[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(s)), ".")]
	return d, ok
}
