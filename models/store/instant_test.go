package store

import (
	"testing"
	"time"
)

// The quick way reads what the layout reads, and leaves everything else to it.
func TestInstantsAreReadAsTheyAreWritten(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Date(2024, 2, 29, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 11, 22, 1, 2, 3, 4_000, time.UTC),
		time.Date(9999, 12, 31, 0, 0, 0, 120_000_000, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 123_456_789, time.UTC),
	} {
		text := at.UTC().Format(storedLayout)
		if got, ok := parseInstant(text); !ok || !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%s is read as %v, %t", text, got, ok)
		}
		var got instant
		if err := got.Scan(text); err != nil || !time.Time(got).Equal(at) {
			t.Errorf("%s is scanned as %v, %v", text, time.Time(got), err)
		}
	}
	for _, other := range []string{
		"", "2026-02-30 00:00:00+00:00", "2026-11-22 24:00:00+00:00", "2026-11-22T01:02:03+00:00", "2026-11-22 01:02:03+01:00", "2026-11-22 01:02:03.+00:0",
		"2026-1x-22 01:02:03+00:00", "2026-11-22 01:02:03.1234567890+00:00", "2026-11-22 01:02:03x5+00:00", "2026-11-22 01:02:60+00:00",
	} {
		if got, ok := parseInstant(other); ok {
			t.Errorf("%q is read as %v", other, got)
		}
	}
	var at instant
	if err := at.Scan("2026-11-22 01:02:03+01:00"); err != nil || !time.Time(at).Equal(time.Date(2026, 11, 22, 0, 2, 3, 0, time.UTC)) {
		t.Errorf("another zone is %v, %v", time.Time(at), err)
	}
	for _, wrong := range []any{"yesterday", "2026-02-30 00:00:00+00:00", nil, 7} {
		if err := at.Scan(wrong); err == nil {
			t.Errorf("%v is taken for a time", wrong)
		}
	}
}
