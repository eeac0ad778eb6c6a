package store

import (
	"fmt"
	"time"
)

// instant is a time that is read as the database's own type or as the text that is stored on SQLite.
type instant time.Time

// storedLayout is how times stand in an SQLite database, always in UTC.
const storedLayout = "2006-01-02 15:04:05.999999999-07:00"

// Scan is for database/sql.
func (t *instant) Scan(v any) error {
	switch v := v.(type) {
	case time.Time:
		*t = instant(v)
		return nil
	case string:
		if at, ok := parseInstant(v); ok {
			*t = instant(at)
			return nil
		}
		at, err := time.Parse(storedLayout, v)
		*t = instant(at.UTC())
		return err
	}
	return fmt.Errorf("a time is of type %T", v)
}

// parseInstant reads "2006-01-02 15:04:05.123456+00:00", with or without a fraction. ok is false for what is written otherwise.
func parseInstant(v string) (at time.Time, ok bool) {
	const whole, zone = len("2006-01-02 15:04:05"), "+00:00"
	end := len(v) - len(zone)
	if end < whole || v[end:] != zone || v[4] != '-' || v[7] != '-' || v[10] != ' ' || v[13] != ':' || v[16] != ':' {
		return at, false
	}
	ok = true
	number := func(from, to int) (n int) {
		for _, c := range []byte(v[from:to]) {
			ok = ok && c >= '0' && c <= '9'
			n = 10*n + int(c-'0')
		}
		return n
	}
	nanos := 0
	if end > whole {
		nanos = number(whole+1, end)
		ok = ok && v[whole] == '.' && end-whole <= 10
		for range 10 - (end - whole) {
			nanos *= 10
		}
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	at = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	// A day that is not there would have become another one.
	return at, ok && at.Day() == day && at.Month() == time.Month(month) && at.Hour() == hour && at.Minute() == minute && at.Second() == second
}
