package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// TestMailIsForwardedAsItCame: a flow rule sends a mail on once, however often it is processed, with the original as it came,
// marked as automatic mail of ours.
func TestMailIsForwardedAsItCame(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.sending(nil)
	h.servers.AddUser("night", "x", "night@there.example")
	ib := h.inbox("imap", flowing(flowRule("Night", "Alarm", "forward", "Night@there.example")))
	h.run()
	plain := post("Erika <erika@kunde.example>", "1@kunde.example", "Alarm", "It burns.")
	h.arrive("support", plain)
	got := h.inMailbox("night", 1)[0]
	raw := h.servers.Mails("night")[0]
	if !bytes.Contains(raw, bytes.TrimRight(plain, "\r\n")) || !bytes.Contains(raw, []byte("Content-Type: message/rfc822")) {
		t.Errorf("the forwarded mail does not hold the original as it came:\n%s", raw)
	}
	if !got.Auto.Generated || len(got.Loop) != 1 || got.From[0].Address != "support@here.example" || *got.ReturnPath != "support@here.example" || got.Subject != "WG: Alarm" {
		t.Errorf("the forwarded mail is from %v by %v, automatic %+v, loop %v, %q", got.From, *got.ReturnPath, got.Auto, got.Loop, got.Subject)
	}
	for _, code := range []string{"match.flow_forward", "notify.forward"} {
		if trace := h.lastTrace(ib.ID); !slices.Contains(trace, code) {
			t.Errorf("trace = %v, want %s", trace, code)
		}
	}
	m := h.settled(ib.ID, 1)[0]
	if _, err := h.gateway.Reprocess(t.Context(), nil, m.ID); err != nil {
		t.Fatal(err)
	}
	// A mail beyond ASCII is attached as a file, octet for octet; it comes after what the mail before may have called forth.
	beyond := append(post("erika@kunde.example", "2@kunde.example", "Alarm two", "Es qualmt über dem Dach."), "ü\r\n"...)
	h.arrive("support", beyond)
	got = h.inMailbox("night", 2)[1]
	if sum := fmt.Sprintf("%x", sha256.Sum256(beyond)); len(got.Attachments) != 1 || got.Attachments[0].Name != "original.eml" || got.Attachments[0].SHA256 != sum ||
		!bytes.Contains(h.servers.Mails("night")[1], []byte("Content-Type: application/octet-stream")) {
		t.Errorf("attachments = %+v, want the original as a file with the sum %s", got.Attachments, sum)
	}
}

// TestWhatIsNotForwardedSaysWhy has each reason in the trace, nothing in the outbox, and the same decision in a dry run.
func TestWhatIsNotForwardedSaysWhy(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(func(deps *gateway.Deps) { deps.Texts = catalogueTexts(t) })
	named := flowRule("Named list", "", "forward", "lists@there.example")
	named.Conditions = []models.FlowCondition{{Field: "header", Name: "List-Id", Op: "contains", Value: "status.kunde.example"}}
	ib := d.inbox(g, func(dr *gateway.InboxDraft) {
		dr.Settings.Receive, dr.Rules.AutoMail = "push", "process"
		flowing(flowRule("All", "", "forward", "night@there.example"), named)(dr)
	})
	if err := g.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "off"}); err != nil {
		t.Fatal(err)
	}
	n := 0
	receive := func(from, more string) []string {
		t.Helper()
		n++
		raw := post(from, fmt.Sprintf("%d@kunde.example", n), fmt.Sprintf("Frage %d", n), fmt.Sprintf("Text %d", n), more)
		if _, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		all := d.messages()
		return d.trace(all[len(all)-1].ID)
	}
	if got := receive("erika@kunde.example", "X-A: b"); !slices.Contains(got, "notify.forward_no_account") {
		t.Errorf("without an account: trace %v", got)
	}
	s := models.DefaultSendingSettings()
	s.Host, s.Auth = "smtp.here.example", "none"
	if _, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "desk@here.example", Settings: s}); err != nil {
		t.Fatal(err)
	}
	sent := func(to string) int {
		t.Helper()
		list, _, err := g.Outbox(t.Context(), gateway.OutboxFilter{Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(list, func(o models.Outgoing) bool { return o.Kind != models.OutgoingForward || o.Recipient != to }))
	}
	for _, test := range []struct{ from, more, want string }{
		{"a@kunde.example", "Auto-Submitted: auto-replied", "notify.forward_automatic"},
		{"b@kunde.example", "Return-Path: <>", "notify.forward_automatic"},
		{"c@kunde.example", "List-Id: <news.kunde.example>", "notify.forward_list"},
		{"night@there.example", "X-A: b", "notify.forward_sender"},
	} {
		if got := receive(test.from, test.more); !slices.Contains(got, test.want) || sent("night@there.example") != 0 {
			t.Errorf("%s, %s: trace %v, want %s; %d mails", test.from, test.more, got, test.want, sent("night@there.example"))
		}
	}
	if got := receive("d@kunde.example", "List-Id: <status.kunde.example>"); !slices.Contains(got, "notify.forward") || sent("lists@there.example") != 1 || sent("night@there.example") != 0 {
		t.Errorf("a list that a rule names: trace %v, want it forwarded by that rule only", got)
	}
	if err := g.Suppress(t.Context(), nil, "night@there.example", ""); err != nil {
		t.Fatal(err)
	}
	if got := receive("e@kunde.example", "X-A: b"); !slices.Contains(got, "notify.forward_suppressed") {
		t.Errorf("suppressed: trace %v", got)
	}
	if err := g.Release(t.Context(), nil, "night@there.example"); err != nil {
		t.Fatal(err)
	}
	dry, err := g.DryRun(t.Context(), ib.ID, bytes.NewReader(post("f@kunde.example", "dry@kunde.example", "Dry", "x")))
	if err != nil || !slices.ContainsFunc(dry.Trace, func(e models.TraceEntry) bool {
		return e.Code == "match.flow_forward" && e.Args["address"] == "night@there.example"
	}) || sent("night@there.example") != 0 {
		t.Errorf("dry run: %+v, %v, want it to say where the mail would go, and nothing sent", dry.Trace, err)
	}
	list, _, err := g.Outbox(t.Context(), gateway.OutboxFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	var many []*models.Outgoing
	for i := range 99 { // As if each had come by a mail.
		o := list[0]
		o.ID, o.RFCMessageID = 0, fmt.Sprintf("many-%d@here.example", i)
		many = append(many, &o)
	}
	if err := d.store.AddOutgoing(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	if got := receive("g@kunde.example", "X-A: b"); !slices.Contains(got, "notify.forward_limited") || sent("night@there.example") != 0 {
		t.Errorf("after too many: trace %v, %d mails, want none more", got, sent("night@there.example"))
	}
}

func TestNothingIsForwardedToOurselves(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	ib := d.inbox(g, nil)
	for _, to := range []string{"support@here.example", "Support+tag@here.example"} {
		_, err := g.SaveFlow(t.Context(), nil, ib.ID, 1, models.Flow{Rules: []models.FlowRule{flowRule("Circle", "", "forward", to)}})
		if code(err) != "E-FLOW-12" || !strings.Contains(fmt.Sprint(err), "flow.rules.0") {
			t.Errorf("SaveFlow to %s = %v, want E-FLOW-12", to, err)
		}
	}
	if _, err := g.SaveFlow(t.Context(), nil, ib.ID, 1, models.Flow{Rules: []models.FlowRule{flowRule("On", "", "forward", "night@there.example")}}); err != nil {
		t.Errorf("SaveFlow to another address = %v", err)
	}
}
