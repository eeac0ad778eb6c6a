package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
)

// TestFailuresAreToldOutside: other programs are told of a mail that could not be delivered, and of an inbox that fails and
// works again.
func TestFailuresAreToldOutside(t *testing.T) {
	var mu sync.Mutex
	told := map[string][]string{}
	heard := func(kind string) []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(told[kind])
	}
	f := &faults{}
	var broken gateway.InboxView
	wrong, right := "wrong", "s3cret"
	h, anna := outgoingHouse(t, f, func(h *house) {
		h.gateway.Publish = func(_ context.Context, e models.Event) error {
			mu.Lock()
			defer mu.Unlock()
			if e.InboxID != 0 && e.InboxID != broken.ID {
				return nil // The other one works.
			}
			told[e.Type] = append(told[e.Type], fmt.Sprint(e.Data["id"], " ", e.Data["kind"], " ", e.Data["state"], " ", e.Data["code"], " ", e.Issue, " ", e.InboxID))
			return nil
		}
		h.servers.AddUser("broken", right, "broken@here.example")
		broken = h.inbox("imap", func(d *gateway.InboxDraft) {
			d.Name, d.Address, d.Settings.Username, d.Password = "Broken", "broken@here.example", "broken", &wrong
		})
	})
	f.set("rcpt", "erika@kunde.example", "550 5.7.1 no thanks")
	h.answer(anna, 1, "Answer", nil)
	var failed models.Outgoing
	h.until("the answer has failed", func() bool { // Its event is told before that is committed.
		for _, o := range h.outbox() {
			if o.State == models.OutgoingFailed {
				failed = o
			}
		}
		return failed.ID != 0
	})
	if diff := cmp.Diff([]string{fmt.Sprintf("%d answer failed E-SMTP-02 1 0", failed.ID)}, heard(models.DeliveryFailedEvent)); diff != "" {
		t.Errorf("told of the mail (-want +got):\n%s", diff)
	}

	h.until("the sign-in has failed", func() bool { return len(heard(models.InboxStateEvent)) > 0 })
	if _, err := h.gateway.UpdateInbox(t.Context(), nil, broken.ID, 0, gateway.InboxDraft{
		Name: broken.Name, Address: broken.Address, ProjectID: broken.ProjectID, Enabled: true, Settings: broken.Settings, Rules: broken.Rules, Password: &right,
	}); err != nil {
		t.Fatal(err)
	}
	h.until("the inbox works again", func() bool { return len(heard(models.InboxStateEvent)) > 1 })
	want := []string{fmt.Sprintf("%d <nil> refused E-AUTH-01 0 %[1]d", broken.ID), fmt.Sprintf("%d <nil> active  0 %[1]d", broken.ID)}
	if diff := cmp.Diff(want, heard(models.InboxStateEvent)); diff != "" {
		t.Errorf("told of the inbox (-want +got):\n%s", diff)
	}
}
