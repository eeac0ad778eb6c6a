package i18n

import (
	"testing"
	"time"
)

const units = `{"time.now": "now", "time.minutes_ago": "{n} min", "time.today": "today {clock}", "time.yesterday": "yesterday {clock}", ` +
	`"time.in_seconds": "in {n} s", "time.at": "at {clock}", "unit.bytes": "{n} byte"}`

func TestNumbersAndSizes(t *testing.T) {
	c := load(t, units, units)
	de, en := c.Locale("de"), c.Locale("en")
	for n, want := range map[int64][2]string{0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1.000", "1,000"}, -1234567: {"-1.234.567", "-1,234,567"}} {
		if got := [2]string{de.Number(n), en.Number(n)}; got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64][2]string{
		12: {"12 byte", "12 byte"}, 1024: {"1\u00a0kB", "1\u00a0kB"}, 1300: {"1,3\u00a0kB", "1.3\u00a0kB"}, 25 << 20: {"25\u00a0MB", "25\u00a0MB"}, 3 << 40: {"3\u00a0TB", "3\u00a0TB"},
	} {
		if got := [2]string{de.Size(n), en.Size(n)}; got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		340 * time.Millisecond: "340\u00a0ms", 1500 * time.Millisecond: "1.5\u00a0s", 90 * time.Second: "90\u00a0s", 5 * time.Minute: "5\u00a0min", 2 * time.Hour: "2\u00a0h",
	} {
		if got := en.Duration(d); got != want {
			t.Errorf("Duration(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestWhenIsHowPeopleSayIt(t *testing.T) {
	c := load(t, units, units)
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	tests := []struct {
		at     time.Time
		de, en string
	}{
		{now.Add(-30 * time.Second), "now", "now"},
		{now.Add(-5 * time.Minute), "5 min", "5 min"},
		{now.Add(-5 * time.Hour), "today 15:00", "today 15:00"},
		{now.Add(-21 * time.Hour), "yesterday 23:00", "yesterday 23:00"},
		{now.AddDate(0, 0, -12), "09.11., 20:00", "9 Nov, 20:00"},
		{now.AddDate(-1, 0, 0), "21.11.2025", "21 Nov 2025"},
		{now.Add(1500 * time.Millisecond), "in 2 s", "in 2 s"},
		{now.Add(time.Hour), "at 21:00", "at 21:00"},
		{now.Add(30 * time.Hour), "23.11.2026, 02:00", "23 Nov 2026, 02:00"},
	}
	for _, test := range tests {
		if got := c.Locale("de").When(test.at, now); got != test.de {
			t.Errorf("de %s = %q, want %q", test.at, got, test.de)
		}
		if got := c.Locale("en").When(test.at, now); got != test.en {
			t.Errorf("en %s = %q, want %q", test.at, got, test.en)
		}
	}
	for at, want := range map[time.Time]string{now.Add(-time.Second): "19:59", now.Add(-5 * time.Hour): "15:00", now.Add(-21 * time.Hour): "yesterday 23:00"} {
		if got := c.Locale("en").Since(at, now); got != want {
			t.Errorf("since %s = %q, want %q", at, got, want)
		}
	}
	if got, want := c.Locale("de").Exact(now), "21.11.2026 20:00:00 UTC"; got != want {
		t.Errorf("Exact = %q, want %q", got, want)
	}
}
