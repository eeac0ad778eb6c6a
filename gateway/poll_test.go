package gateway_test

import (
	"log/slog"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

func TestPollAskedForInOneProcessReachesTheOneThatVisits(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Settings.PollInterval, d.Settings.Idle = time.Hour, false })
	h.run()
	h.await(ib.ID, "connected", func(s models.InboxStatus) bool { return s.State == models.InboxActive })
	h.deliver(mail("late", anna, "Late", "Here."))
	other := gateway.New(gateway.Deps{Store: h.store, Tracker: h.tracker, Log: slog.New(slog.DiscardHandler)})
	if err := other.Poll(t.Context(), ib.ID); err != nil {
		t.Fatal(err)
	}
	h.settled(ib.ID, 1)
}
