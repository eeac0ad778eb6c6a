package gateway_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// What was decided, in words that a dry run and the real run have in common: the version of a draft is 0.
func decidedBy(trace []models.TraceEntry) []string {
	var out []string
	for _, e := range trace {
		if !slices.Contains([]models.Step{models.StepParse, models.StepGate, models.StepMatch}, e.Step) || e.Code == "gate.rules" || e.Code == "gate.draft" {
			continue
		}
		args := maps.Clone(e.Args)
		for _, name := range []string{"version", "flow_version", "ms"} {
			delete(args, name)
		}
		out = append(out, fmt.Sprint(e.Code, args))
	}
	return out
}

// collectedMails are the mails below the folder that LETTERBOX_TEST_CORPUS names, if it does.
func collectedMails(t *testing.T) (raws []string) {
	t.Helper()
	folder := os.Getenv("LETTERBOX_TEST_CORPUS")
	if folder == "" {
		return nil
	}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".eml") {
			raw, rerr := os.ReadFile(path)
			raws, err = append(raws, string(raw)), rerr
		}
		return err
	})
	if err != nil || len(raws) == 0 {
		t.Fatalf("%d mails below %s: %v", len(raws), folder, err)
	}
	return raws
}

// sameRuns is where dry runs are compared with real ones.
type sameRuns struct {
	*den
	g       *gateway.Gateway
	inbox   gateway.InboxView
	version int64
	issues  int // The highest number.
}

func newSameRuns(t *testing.T) *sameRuns {
	t.Helper()
	d := newDen(t, testdb.Open(t))
	s := &sameRuns{den: d, g: d.process(func(deps *gateway.Deps) { withScripts(t)(deps); deps.Texts = catalogueTexts(t) })}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	by := tracker.CommandLine()
	ops, err := d.tracker.CreateProject(t.Context(), by, tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
	must(err)
	old, err := d.tracker.CreateProject(t.Context(), by, tracker.ProjectDraft{Key: "OLD", Name: "Archived"})
	must(err)
	archived := true
	_, err = d.tracker.UpdateProject(t.Context(), by, old.ID, tracker.ProjectDraft{Key: "OLD", Name: "Archived", Archived: &archived})
	must(err)
	must(d.tracker.SetValues(t.Context(), by, ops.ID, models.ValuePriority, []tracker.ValueDraft{{Name: "normal", Base: "normal"}, {Name: "Eilt", Base: "urgent"}}, ""))
	d.staff(map[string]int64{"bea": d.project.ID, "cem": ops.ID})
	for name, on := range map[string]bool{"Siren": true, "Off": false} {
		must(d.store.CreateWebhook(t.Context(), &models.Webhook{Name: name, Events: []string{models.MessageMatchedEvent}, Enabled: on, CreatedAt: ops.CreatedAt, UpdatedAt: ops.CreatedAt}))
	}
	settings, password := models.DefaultSendingSettings(), "s3cret"
	settings.Host, settings.Username = "mail.here.example", "support"
	_, err = s.g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "out@here.example", Settings: settings, Password: &password})
	must(err)
	s.inbox = d.inbox(s.g, func(dr *gateway.InboxDraft) { dr.Settings.MaxMessageSize = 100 << 20 })
	s.version = s.inbox.RuleVersion
	d.imported("Redmine 500", "Redmine 1", "RT 501") // The numbers 1 to 3.
	first := d.receive(s.g, s.inbox.ID, mail("0", anna, "Active case", "Text"))
	_, err = d.tracker.SetActiveCase(t.Context(), by, *first.IssueNumber, true)
	must(err)
	s.issues = int(*first.IssueNumber)
	return s
}

// round decides on a mail by a draft of rules, puts the draft in force and takes the mail in. It returns the state of the
// message, or "unsteady".
func (s *sameRuns) round(n int, rules models.Rules, raw string) models.MessageState {
	t, ctx := s.t, s.t.Context()
	t.Helper()
	began := time.Now()
	tried, err := s.g.TryRules(ctx, nil, s.inbox.ID, rules, strings.NewReader(raw))
	if err != nil {
		t.Fatalf("round %d: %v\n%+v", n, err, rules)
	}
	if s.version, err = s.g.SaveRules(ctx, nil, s.inbox.ID, s.version, rules); err != nil {
		t.Fatalf("round %d: %v\n%+v", n, err, rules)
	}
	want := tried.Draft
	if n%2 == 0 { // The other door to the same decision.
		if want, err = s.g.DryRun(ctx, s.inbox.ID, strings.NewReader(raw)); err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
	}
	var before models.Issue
	var had []models.IssueField
	if want.IssueNumber != 0 {
		before, err = s.store.IssueByNumber(ctx, want.IssueNumber)
		fields, err2 := s.store.IssueFields(ctx, want.IssueNumber)
		if had = fields; errors.Join(err, err2) != nil {
			t.Fatalf("round %d: %v %v", n, err, err2)
		}
	}
	m, err := s.g.Receive(ctx, s.inbox.ID, "receive", strings.NewReader(raw))
	if err != nil && !(errors.Is(err, gateway.ErrTryLater) && m.State.Final()) {
		t.Fatalf("round %d: %v", n, err)
	}
	traces, err := s.store.Traces(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	story := traces[len(traces)-1].Entries
	if !began.Truncate(time.Hour).Equal(time.Now().Truncate(time.Hour)) || slices.ContainsFunc(slices.Concat(story, want.Trace), func(e models.TraceEntry) bool {
		return strings.Contains(e.Code, "slow") || e.Args["problem"] == "slow"
	}) {
		return "unsteady" // The machine had no time for a pattern, or the time of day has changed: that is no matter of the rules.
	}
	if m.State == models.MessageDuplicate {
		return m.State // A dry run does not ask whether the mail is there already.
	}
	if m.State != want.State || m.Reason != string(want.Reason) {
		t.Fatalf("round %d: %s %s, the dry run says %s %s\n%+v\n%q\n%.3000s", n, m.State, m.Reason, want.State, want.Reason, rules, decidedBy(story), raw)
	}
	if diff := cmp.Diff(decidedBy(story), decidedBy(want.Trace)); diff != "" {
		t.Fatalf("round %d, story (-real +dry):\n%s\n%+v\n%.3000s", n, diff, rules, raw)
	}
	if m.IssueNumber == nil {
		return m.State
	}
	s.issues = max(s.issues, int(*m.IssueNumber))
	if m.State == models.MessageCommented && want.IssueNumber != *m.IssueNumber {
		t.Fatalf("round %d: comment on %d, the dry run says %d", n, *m.IssueNumber, want.IssueNumber)
	}
	if diff := s.effect(*m.IssueNumber, before, had, want, story); diff != "" {
		t.Fatalf("round %d, issue %d (-real +dry):\n%s\n%+v\n%q\n%.3000s", n, *m.IssueNumber, diff, rules, decidedBy(story), raw)
	}
	return m.State
}

// Random profiles, flow rules and scripts on random mails, and on those of a collection where there is one: the dry run of
// a draft comes to what the real run comes to once the draft is in force, to the last line of the story, and the issue is
// what it said.
func TestDryRunOfFlowRulesIsTheRealRun(t *testing.T) {
	rounds := number(t, "LETTERBOX_FLOW_ROUNDS", 100)
	if raceDetector {
		rounds = min(rounds, 40)
	}
	s, r, collected := newSameRuns(t), flowDice{scripts: !raceDetector, Rand: rand.New(rand.NewPCG(8, uint64(number(t, "LETTERBOX_FLOW_SEED", 3))))}, collectedMails(t)
	r.Shuffle(len(collected), func(i, j int) { collected[i], collected[j] = collected[j], collected[i] })
	ends := map[models.MessageState]int{}
	for n := 1; n <= rounds; n++ {
		r.words = nil
		raw := crlf(r.mail(n, s.issues))
		if len(collected) > 0 && n%3 > 0 {
			k := n * 2 / 3
			raw = collected[k%len(collected)]
			if k >= len(collected) { // Once more it is another mail.
				raw = fmt.Sprintf("X-Again: %d\r\n%s", n, raw)
			}
			r.read(raw)
		}
		ends[s.round(n, r.rules(), raw)]++
	}
	if len(ends) < 4 || ends["unsteady"] > rounds/10 {
		t.Errorf("only %v came of the mails: the dice are loaded", ends)
	}
	t.Logf("%d mails: %v", rounds, ends)
}
