package gateway_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// TestFlowRuleCallsItsWebhook: only the webhook that a flow rule names is told of the mail, with the rule, whatever became of
// it, and the trace says so.
func TestFlowRuleCallsItsWebhook(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	var told []models.Event
	g := d.process(func(deps *gateway.Deps) {
		deps.Publish = func(_ context.Context, e models.Event) error {
			if e.Type == models.MessageMatchedEvent {
				told = append(told, e)
			}
			return nil
		}
	})
	other, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
	if err != nil {
		t.Fatal(err)
	}
	matched := []string{models.MessageMatchedEvent}
	for _, w := range []models.Webhook{
		{Name: "Siren", URL: "https://siren.example/", Enabled: true, Events: matched}, {Name: "Deaf", URL: "https://deaf.example/", Enabled: true}, {Name: "Quiet", URL: "https://quiet.example/", Events: matched},
		{Name: "Elsewhere", URL: "https://elsewhere.example/", Enabled: true, ProjectID: &other.ID, Events: matched},
	} {
		w.Events, w.CreatedAt, w.UpdatedAt = append(w.Events, models.IssueCreatedEvent), other.CreatedAt, other.CreatedAt
		if err := d.store.CreateWebhook(t.Context(), &w); err != nil {
			t.Fatal(err)
		}
	}
	ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Receive = "push" })
	rules := models.Flow{Rules: []models.FlowRule{
		flowRule("Fire", "Alarm", "webhook", "Siren"), flowRule("Off", "Alarm", "webhook", "Quiet", "webhook", "Elsewhere"), flowRule("Aside", "drill", "set_aside", ""),
	}}
	for _, name := range []string{"Nothing", "Deaf"} {
		if _, err := g.SaveFlow(t.Context(), nil, ib.ID, 1, models.Flow{Rules: []models.FlowRule{flowRule("Nobody", "", "webhook", name)}}); code(err) != "E-FLOW-13" {
			t.Errorf("SaveFlow with the webhook %s = %v, want E-FLOW-13", name, err)
		}
	}
	if _, err := g.SaveFlow(t.Context(), nil, ib.ID, 1, rules); err != nil {
		t.Fatal(err)
	}
	for i, subject := range []string{"Alarm", "Alarm drill", "Nothing"} {
		if _, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(post("erika@kunde.example", string(rune('1'+i))+"@kunde.example", subject, subject))); err != nil {
			t.Fatal(err)
		}
	}
	var got [][]any
	for _, e := range told {
		got = append(got, []any{e.To, e.Data["rule"], e.Data["state"], e.Data["id"]})
	}
	if diff := cmp.Diff([][]any{{"Siren", "Fire", "created", int64(1)}, {"Siren", "Fire", "quarantined", int64(2)}}, got); diff != "" {
		t.Error(diff)
	}
	trace := d.trace(1)
	if n := len(slices.DeleteFunc(slices.Clone(trace), func(c string) bool { return c != "notify.webhook_none" })); n != 2 {
		t.Errorf("%d webhooks are said not to be called, want the one that is off and the one of another project", n)
	}
	for _, want := range []string{"match.flow_webhook", "notify.webhook", "notify.webhook_none"} {
		if !slices.Contains(trace, want) {
			t.Errorf("trace = %v, want %s", trace, want)
		}
	}
}
