package gateway

import (
	"testing"
	"time"
)

func TestWaitsOfManyInboxesEndTogether(t *testing.T) {
	start := time.Date(2026, 3, 29, 0, 59, 30, 0, time.UTC) // Half a minute before clocks are put forward.
	for _, interval := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 24 * time.Hour} {
		ends := map[time.Time]bool{}
		for i := range 600 { // As many waits as begin within one interval.
			begun := start.Add(time.Duration(i) * interval / 600)
			d := sharedWait(begun, interval)
			if d > interval || d <= interval-interval/60 {
				t.Errorf("a wait of %v after %v is %v", interval, begun, d)
			}
			ends[begun.Add(d)] = true
		}
		if len(ends) > 61 {
			t.Errorf("600 waits of %v end at %d moments", interval, len(ends))
		}
		if begun := start.Add(interval + interval/1000); !begun.Add(sharedWait(begun, interval)).Equal(start.Add(2 * interval).Truncate(interval / 60)) {
			t.Errorf("what a poll took is added to each interval of %v", interval)
		}
	}
}
