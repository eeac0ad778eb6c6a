package gateway_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// withScripts gives a process what runs scripts.
func withScripts(t *testing.T) func(*gateway.Deps) {
	t.Helper()
	r, err := script.New("", 2)
	if err != nil {
		t.Fatal(err)
	}
	return func(deps *gateway.Deps) { deps.Scripts = r }
}

// scriptedInbox is an inbox whose script has that body.
func scriptedInbox(body string) func(*gateway.InboxDraft) {
	return func(dr *gateway.InboxDraft) {
		dr.Rules.Script.Source = "function onEmail(mail, ctx) {" + body + "}"
	}
}

func TestScriptSetsTheIssueAndItsProject(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(withScripts(t))
		ops, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
		if err != nil {
			t.Fatal(err)
		}
		for login, project := range map[string]int64{"bea": ops.ID, "ina": d.project.ID} {
			if _, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: login, Name: login, Addresses: []string{login + "@here.example"}, Role: models.RoleMember}); err != nil {
				t.Fatal(err)
			}
			if err := d.tracker.SetMember(t.Context(), tracker.CommandLine(), project, login, models.ProjectMember); err != nil {
				t.Fatal(err)
			}
		}
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			scriptedInbox(`
				log("fields", ctx.fields.Nummer, ctx.profile, ctx.inbox.name, ctx.known_sender, mail.attachments.length, mail.html);
				return {project: "OPS", title: "Alarm " + ctx.fields.Nummer, description: "From the script\n" + mail.text, priority: "urgent",
					labels: ["script"], assignee: "bea", due: "2027-01-02", fields: {Halle: 7}, key: "H" + ctx.fields.Nummer, acknowledge: false}`)(dr)
			dr.Rules.Extraction = dispatch("field")
		})
		first := d.receive(g, ib.ID, strings.Replace(incident("1", "Einsatz", "Nummer: 4711", "Stichwort: B2"), "To: support@here.example", "To: support@here.example, bea@here.example, ina@here.example", 1))
		second := d.receive(g, ib.ID, incident("2", "Einsatz", "Nummer: 4711", "Stichwort: B3"))
		if first.State != models.MessageCreated || second.Reason != "accepted_update" || *second.IssueNumber != *first.IssueNumber {
			t.Fatalf("first %s, second %s %s", first.State, second.State, second.Reason)
		}
		i, err := s.IssueByNumber(t.Context(), *first.IssueNumber)
		if err != nil {
			t.Fatal(err)
		}
		if i.ProjectID != ops.ID || i.Title != "Alarm 4711" || !strings.HasPrefix(i.Description, "From the script\nNummer: 4711") || i.Priority != models.PriorityUrgent ||
			i.AssigneeID == nil || i.DueOn == nil || i.DueOn.Format(time.DateOnly) != "2027-01-02" {
			t.Errorf("issue = %+v", i)
		}
		fields, err := s.IssueFields(t.Context(), i.Number)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fields {
			got = append(got, f.Name+"="+f.Value)
		}
		if diff := cmp.Diff([]string{"Nummer=4711", "Stichwort=B3", "Halle=7"}, got); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
		watchers, err := s.Watchers(t.Context(), i.Number)
		if err != nil {
			t.Fatal(err)
		}
		names, err := g.People(t.Context(), watchers)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range watchers {
			if names[id] == "ina" {
				t.Errorf("ina, who does not see the project, watches its issue: %v", names)
			}
		}
		if trace := d.trace(first.ID); !slices.Contains(trace, "match.script") || !slices.Contains(trace, "match.script_log") || !slices.Contains(trace, "match.script_project") || !slices.Contains(trace, "notify.silent_script") {
			t.Errorf("trace = %q", trace)
		}
		d.once()
	})
}

// What goes wrong in a script touches its message only, and becomes of it what the inbox says. A person has the last word.
func TestScriptThatFailsTouchesItsMessageOnly(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	body := `
		if (mail.subject === "Loop") for (;;);
		if (mail.subject === "Bomb") return {title: "x".repeat(1e9)};
		if (mail.subject === "Throw") throw new Error("thrown");
		if (mail.subject === "Nowhere") return {project: "NONE"};
		if (mail.subject === "Refuse") return {reject: "not for us"};
		return {title: mail.subject + "!"}`
	inbox := d.inbox(g, scriptedInbox(body))
	subjects := []string{"One", "Loop", "Bomb", "Two", "Throw", "Nowhere", "Refuse", "Three"}
	for i, subject := range subjects {
		d.server.deliver("INBOX", mail(fmt.Sprint(i), anna, subject, "Text"))
	}
	stop := d.run(g)
	deadline := time.Now().Add(time.Minute)
	for len(d.ledger()) < len(subjects) || slices.ContainsFunc(d.messages(), func(m models.Message) bool { return !m.State.Final() }) {
		if time.Now().After(deadline) {
			t.Fatalf("not done: %q", d.ledger())
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	want := []string{
		"1 created accepted_new", "2 quarantined script_timeout", "3 quarantined script_failed", "4 created accepted_new", "5 quarantined script_failed",
		"6 quarantined script_failed", "7 rejected script_rejected", "8 created accepted_new",
	}
	if diff := cmp.Diff(want, d.ledger()); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	for _, m := range d.messages() {
		if m.Attempts != 1 {
			t.Errorf("message %s has %d attempts, want 1: its script is no failure of the way", m.UID, m.Attempts)
		}
	}
	again, err := g.ReprocessAs(t.Context(), nil, d.message("7").ID, gateway.Again{LetIn: true})
	if err != nil || again.State != models.MessageCreated {
		t.Errorf("let in by a person: %s %s, %v", again.State, again.Reason, err)
	}
	if _, err := g.SaveScript(t.Context(), nil, inbox.ID, 1, models.Script{Source: "function onEmail(mail) {" + body + "}", OnFailure: "go_on"}); err != nil {
		t.Fatal(err)
	}
	if m, err := g.Reprocess(t.Context(), nil, d.message("5").ID); err != nil || m.State != models.MessageCreated || !slices.Contains(d.trace(m.ID), "match.script_without") {
		t.Errorf("go on without: %s %s, %v, %q", m.State, m.Reason, err, d.trace(m.ID))
	}
	d.once()
}

// Without a worker nothing is decided: the mail waits.
func TestMailWaitsWhileNoScriptCanBeRun(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	ib := d.inbox(g, scriptedInbox("return {title: 'Later'}"))
	if _, err := g.Receive(t.Context(), ib.ID, "receive", strings.NewReader(crlf(mail("1", anna, "Now", "Text")))); err == nil {
		t.Error("the mail was taken in, want that it waits")
	}
	if m := d.messages()[0]; m.State != models.MessageReceived || m.ErrorCode != "E-SCRIPT-05" {
		t.Errorf("message = %s %s, want that it is tried again", m.State, m.ErrorCode)
	}
}

func TestOnlyAdminsChangeScripts(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	ib := d.inbox(g, nil)
	admin, member := &models.User{ID: 1, Role: models.RoleAdmin}, &models.User{ID: 2, Role: models.RoleMember}
	s := models.Script{Source: "const onEmail = mail => ({title: 'Mine'})"}
	for _, source := range []string{"function onEmail( {", "let a", strings.Repeat("x", script.MaxSource+1)} {
		if _, err := g.SaveScript(t.Context(), admin, ib.ID, 1, models.Script{Source: source}); !isInvalid(err) {
			t.Errorf("SaveScript(%.20q) = %v, want that it is refused", source, err)
		}
	}
	if _, err := g.SaveScript(t.Context(), member, ib.ID, 1, s); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("SaveScript by a member = %v, want forbidden", err)
	}
	version, err := g.SaveScript(t.Context(), admin, ib.ID, 1, s)
	if err != nil || version != 2 {
		t.Fatalf("SaveScript = %d, %v, want version 2", version, err)
	}
	if _, err := g.SaveScript(t.Context(), admin, ib.ID, 1, s); !errors.Is(err, models.ErrConflict) {
		t.Errorf("SaveScript on an old version = %v, want a conflict", err)
	}
	rules, err := g.RuleVersion(t.Context(), ib.ID, 2)
	if err != nil {
		t.Fatal(err)
	}
	changed := rules.Rules
	changed.RateLimit = 7
	if _, err := g.SaveRules(t.Context(), member, ib.ID, 2, changed); err != nil {
		t.Errorf("a member cannot change other rules: %v", err)
	}
	changed.Script = models.Script{}
	if _, err := g.SaveRules(t.Context(), member, ib.ID, 3, changed); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member removes the script with the rules: %v, want forbidden", err)
	}
	if _, err := g.RollBackRules(t.Context(), member, ib.ID, 3, 1); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member removes the script by rolling back: %v, want forbidden", err)
	}
	if _, err := g.RollBackRules(t.Context(), admin, ib.ID, 3, 1); err != nil {
		t.Errorf("an admin rolls back: %v", err)
	}
	draft := d.draft(scriptedInbox(""))
	draft.Name, draft.Address = "Other", "other@here.example"
	if _, err := g.CreateInbox(t.Context(), member, draft); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member adds an inbox with a script: %v, want forbidden", err)
	}
}

// A bomb in one inbox costs another inbox nothing.
func TestBombInOneInboxDelaysNoOther(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	bomb := d.inbox(g, scriptedInbox("for (;;);"))
	draft := d.draft(nil)
	draft.Name, draft.Address, draft.Settings.Receive = "Other", "other@here.example", "push"
	other, err := g.CreateInbox(t.Context(), nil, draft)
	if err != nil {
		t.Fatal(err)
	}
	for try := 1; ; try++ { // On a machine that is busy otherwise the bomb may be faster once.
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = g.Receive(t.Context(), bomb.ID, "receive", strings.NewReader(crlf(mail(fmt.Sprint("bomb-", try), anna, "Bomb", "Text")))) // Looked at below.
		}()
		for len(d.messages()) < 2*try-1 {
			time.Sleep(time.Millisecond)
		}
		if m := d.receive(g, other.ID, mail(fmt.Sprint(try), anna, fmt.Sprint("Mail ", try), "Text")); m.State != models.MessageCreated {
			t.Errorf("mail %d: %s %s", try, m.State, m.Reason)
		}
		select {
		case <-ended:
			if try < 5 {
				continue
			}
			t.Error("a mail of another inbox came through after the bomb had ended only, want while it ticks")
		default:
		}
		<-ended
		break
	}
	if m := d.messages()[0]; m.Reason != "script_timeout" {
		t.Errorf("the bomb ended %s %s", m.State, m.Reason)
	}
}

func isInvalid(err error) bool {
	_, invalid := errors.AsType[models.InvalidList](err)
	return invalid
}
