package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
)

func TestProcessesShareTheInboxes(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		var all []*gateway.Gateway
		for range 3 {
			all = append(all, d.process(nil))
		}
		for i := range 5 {
			d.inbox(all[0], func(dr *gateway.InboxDraft) {
				dr.Name, dr.Address = fmt.Sprint("Inbox ", i), fmt.Sprintf("inbox%d@here.example", i)
				dr.Settings.Username = fmt.Sprint("inbox", i)
			})
		}
		var stops []func()
		want := func(when string, share ...int) {
			t.Helper()
			d.wait(5 * time.Second) // Two looks: one gives up what is more than its share, the other finds it.
			if diff := cmp.Diff(share, d.shares(all)); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
			if d.server.open != 5 {
				t.Errorf("%s: %d visits are under way, want 5", when, d.server.open)
			}
		}
		stops = append(stops, d.run(all[0]))
		want("one process", 5, 0, 0)
		stops = append(stops, d.run(all[1]))
		want("a second one joins", 3, 2, 0)
		stops = append(stops, d.run(all[2]))
		want("a third one joins", 2, 2, 1)
		opened := d.server.opened
		d.wait(time.Hour)
		if d.server.opened != opened {
			t.Errorf("%d visits began while nothing changed, want none", d.server.opened-opened)
		}
		stops[0]()
		want("the first one leaves", 3, 2, 0)
		stops[2]()
		want("the third one leaves", 5, 0, 0)
	})
}

// A process between two visits keeps the inbox, so that the server is asked as often as the inbox says.
func TestPollIntervalHoldsHoweverManyProcessesThereAre(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		first := d.process(nil)
		d.inbox(first, func(dr *gateway.InboxDraft) { draftOf("pop3")(dr); dr.Settings.PollInterval = 5 * time.Minute })
		for _, g := range []*gateway.Gateway{first, d.process(nil), d.process(nil)} {
			d.run(g)
		}
		d.wait(time.Hour)
		if d.server.opened < 10 || d.server.opened > 14 { // Each pause is up to a tenth longer or shorter.
			t.Errorf("%d visits in an hour, want 12 or so", d.server.opened)
		}
	})
}

// shares is how many inboxes each process holds, the most first: who takes one that is free is a matter of chance.
func (d *den) shares(all []*gateway.Gateway) []int {
	d.t.Helper()
	held := make([]int, len(all))
	everything, err := d.store.LeasesOfOthers(d.t.Context(), "nobody")
	if err != nil {
		d.t.Fatal(err)
	}
	for i, g := range all {
		others, err := d.store.LeasesOfOthers(d.t.Context(), g.Holder())
		if err != nil {
			d.t.Fatal(err)
		}
		for name := range everything {
			if strings.HasPrefix(name, "inbox:") && !others[name] {
				held[i]++
			}
		}
	}
	slices.SortFunc(held, func(a, b int) int { return b - a })
	return held
}
