package message

import (
	"strconv"
	"strings"
	"time"
)

// Zones with a name (RFC 5322, 4.3, and the ones that European mailers write), minutes east of UTC.
var zones = map[string]int{
	"ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 60, "west": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120, "mest": 120, "mesz": 120, "eet": 120, "sast": 120, "eest": 180, "msk": 180, "msd": 240,
	"ist": 330, "sgt": 480, "hkt": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
	"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "brt": -180,
}

// Months by their first letters in English, German, French, Spanish, Italian, Portuguese and Dutch.
var months = map[string]time.Month{
	"jan": 1, "janv": 1, "ene": 1, "gen": 1, "jän": 1, "feb": 2, "fev": 2, "fév": 2, "mar": 3, "mär": 3, "mrz": 3, "maa": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mag": 5, "mei": 5,
	"jun": 6, "juin": 6, "giu": 6, "jul": 7, "juil": 7, "lug": 7, "aug": 8, "aou": 8, "aoû": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10, "out": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12, "déc": 12,
}

var dateSigns = strings.NewReplacer(",", " ", "\"", " ")

// parseDate reads a Date field (RFC 5322, 3.3 and 4.3) and the forms that programs write in its place. The result is in
// UTC; false when there is no date in it.
func parseDate(s string) (time.Time, bool) {
	s, _ = takeComments(cut(s, 1000))
	s = strings.TrimSpace(s)
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil && t.Year() >= 1000 {
		return t.UTC(), true // What the standard asks for.
	}
	if t, ok := parseISO(s); ok {
		return t, true
	}
	var d dateParts
	d.day, d.year, d.hour = -1, -1, -1
	s = strings.Join(strings.Fields(dateSigns.Replace(s)), " ")
	s = strings.ReplaceAll(strings.ReplaceAll(s, " :", ":"), ": ", ":")
	for _, w := range strings.Fields(s) {
		d.take(w)
	}
	return d.time()
}

// parseISO reads "2006-01-02T15:04:05Z" and its relatives.
func parseISO(s string) (time.Time, bool) {
	if len(s) < 10 || s[4] != '-' {
		return time.Time{}, false
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

type dateParts struct {
	day, year, hour, minute, second int
	month                           time.Month
	zone                            int // Minutes east of UTC.
	zoned                           bool
	pm, am                          bool
}

func (d *dateParts) take(w string) {
	low := strings.ToLower(strings.Trim(w, ".;"))
	switch {
	case strings.Count(w, ":") >= 1 && d.hour < 0:
		d.clock(w)
		return
	case len(w) >= 2 && (w[0] == '+' || w[0] == '-') && d.hour >= 0 && !d.zoned:
		d.offset(w)
		return
	case low == "pm" || low == "am":
		d.pm, d.am = low == "pm", low == "am"
		return
	}
	if m, ok := monthOf(low); ok && d.month == 0 {
		d.month = m
		return
	}
	if z, ok := zones[zoneName(low)]; ok && d.hour >= 0 {
		if !d.zoned {
			d.zone, d.zoned = z, true
		}
		return
	}
	if strings.Count(w, ".") == 2 && d.day > 0 && d.year > 0 && d.hour < 0 {
		d.clock(strings.ReplaceAll(w, ".", ":"))
		return
	}
	if strings.ContainsAny(strings.TrimRight(w, "."), "-/.") && w[0] >= '0' && w[0] <= '9' {
		d.joined(w)
		return
	}
	n, err := strconv.Atoi(strings.TrimRight(w, "."))
	if err != nil || n < 0 {
		return
	}
	switch {
	case d.day < 0 && n >= 1 && n <= 31 && len(w) <= 3:
		d.day = n
	case d.year < 0 && n < 10000:
		d.year = year(n, len(w))
	case d.hour >= 0 && !d.zoned && len(w) == 4:
		d.offset("+" + w)
	}
}

// zoneName takes the rule off a zone of the POSIX form: EST5EDT.
func zoneName(s string) string {
	if i := strings.IndexAny(s, "0123456789"); i >= 3 {
		return s[:i]
	}
	return s
}

// joined reads "21-Nov-1997", "11/21/97" and "21.11.1997".
func (d *dateParts) joined(w string) {
	f := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(f) != 3 {
		return
	}
	a, err1 := strconv.Atoi(f[0])
	c, err3 := strconv.Atoi(f[2])
	if err1 != nil || err3 != nil {
		return
	}
	if m, ok := monthOf(strings.ToLower(f[1])); ok {
		d.day, d.month, d.year = a, m, year(c, len(f[2]))
		return
	}
	b, err := strconv.Atoi(f[1])
	switch {
	case err != nil:
	case a > 31:
		d.year, d.month, d.day = a, time.Month(b), c
	case strings.Contains(w, "/") && a <= 12:
		d.month, d.day, d.year = time.Month(a), b, year(c, len(f[2]))
	default:
		d.day, d.month, d.year = a, time.Month(b), year(c, len(f[2]))
	}
}

func (d *dateParts) clock(w string) {
	zone := ""
	if i := strings.IndexAny(w, "+-"); i > 0 {
		w, zone = w[:i], w[i:]
	}
	f := strings.Split(w, ":")
	var n [3]int
	for i := range min(len(f), 3) {
		v, _, _ := strings.Cut(f[i], ".")
		var err error
		if n[i], err = strconv.Atoi(strings.Trim(v, "aApPmM")); err != nil {
			return
		}
	}
	d.hour, d.minute, d.second = n[0], n[1], n[2]
	if zone != "" {
		d.offset(zone)
	}
}

func (d *dateParts) offset(w string) {
	v := strings.ReplaceAll(w[1:], ":", "")
	n, err := strconv.Atoi(v)
	if err != nil {
		return
	}
	if len(v) <= 2 {
		n *= 100
	}
	d.zone, d.zoned = n/100*60+n%100, true
	if w[0] == '-' {
		d.zone = -d.zone
	}
}

func (d *dateParts) time() (time.Time, bool) {
	if d.day < 1 || d.day > 31 || d.month < 1 || d.month > 12 || d.year < 1 {
		return time.Time{}, false
	}
	if d.pm && d.hour < 12 {
		d.hour += 12
	} else if d.am && d.hour == 12 {
		d.hour = 0
	}
	if d.hour < 0 || d.hour > 24 || d.minute > 59 || d.second > 60 {
		d.hour, d.minute, d.second = 0, 0, 0
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.minute, d.second, 0, time.UTC)
	if d.zone > -24*60 && d.zone < 24*60 {
		t = t.Add(-time.Duration(d.zone) * time.Minute)
	}
	return t, true
}

// year completes a year of two or three digits (RFC 5322, 4.3).
func year(n, digits int) int {
	switch {
	case digits <= 2 && n < 50:
		return 2000 + n
	case digits <= 3 && n < 1000:
		return 1900 + n
	}
	return n
}

func monthOf(w string) (time.Month, bool) {
	if len(w) < 3 {
		return 0, false
	}
	r := []rune(w)
	for n := min(4, len(r)); n >= 3; n-- {
		if m, ok := months[string(r[:n])]; ok {
			return m, true
		}
	}
	return 0, false
}
