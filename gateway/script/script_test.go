package script

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var sample = Job{
	Mail:    []byte(`{"subject": "Druck < 80 bar", "text": "Pumpe 7 meldet: 62 bar", "from": [{"name": "Pumpe", "address": "pumpe@example.org"}]}`),
	Context: []byte(`{"inbox": {"name": "Leitstand"}, "fields": {"Nummer": "4711", "__proto__": "x"}}`),
	At:      time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
}

func run(t *testing.T, source string) Result {
	t.Helper()
	return runFor(t, source, Timeout)
}

func runFor(t *testing.T, source string, limit time.Duration) Result {
	t.Helper()
	r, err := New("", 2)
	if err != nil {
		t.Fatal(err)
	}
	job := sample
	job.Source, job.Limit = source, limit
	result, err := r.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestScriptDecides(t *testing.T) {
	for _, one := range []struct {
		name, source string
		want         Decision
	}{
		{"nothing", "function onEmail(mail, ctx) {}", Decision{}},
		{"null", "const onEmail = () => null", Decision{}},
		{"an empty object", "const onEmail = () => ({})", Decision{}},
		{"members that are not set", "const onEmail = () => ({title: null, labels: undefined, fields: undefined})", Decision{}},
		{"a promise that is kept", "const onEmail = async mail => ({title: mail.subject})", Decision{Title: "Druck < 80 bar"}},
		{"everything", `function onEmail(mail, ctx) {
			const bar = Number(/(\d+) bar/.exec(mail.text)[1]);
			return {project: "OPS", title: "Druck: " + bar, description: mail.text + "\n" + ctx.inbox.name, priority: bar < 70 ? "urgent" : "low",
				labels: ["Pumpe", " Druck "], assignee: "lead", due: new Date().toISOString().slice(0, 10),
				fields: {Druck: bar, Ort: "Halle", Alarm: true, Anteil: 0.5, leer: null}, key: ctx.fields.Nummer, acknowledge: false, folder: "Alarme/Druck"};
		}`, Decision{
			Project: "OPS", Title: "Druck: 62", Description: "Pumpe 7 meldet: 62 bar\nLeitstand", Priority: "urgent", Labels: []string{"Pumpe", "Druck"},
			Assignee: "lead", Due: "2026-03-04", Fields: []Field{{"Druck", "62"}, {"Ort", "Halle"}, {"Alarm", "true"}, {"Anteil", "0.5"}}, Key: "4711", Silent: true, Folder: "Alarme/Druck",
		}},
		{"refuse", `const onEmail = m => ({reject: "No " + m.from[0].name})`, Decision{Reject: "No Pumpe"}},
		{"set aside", `const onEmail = m => ({set_aside: "Look at it"})`, Decision{SetAside: "Look at it"}},
		{"the zone is UTC", `const onEmail = () => ({title: String(new Date(2026, 0, 1).getTime() === Date.UTC(2026, 0, 1))})`, Decision{Title: "true"}},
		{"the same each time", `const onEmail = () => ({title: Math.random() + " " + Date.now()})`, Decision{Title: "0.5 1772600767000"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			got := run(t, one.source)
			if got.Failure != nil {
				t.Fatalf("failed: %+v", *got.Failure)
			}
			if diff := cmp.Diff(one.want, got.Decision); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScriptWritesDown(t *testing.T) {
	got := run(t, `const onEmail = m => { log("pressure", 62, {a: 1}); console.log("second"); throw new Error("after") }`)
	if diff := cmp.Diff([]string{"pressure 62 [object Object]", "second"}, got.Log); diff != "" || got.LogCut {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if got.Failure == nil || got.Failure.Kind != Thrown || got.Failure.Line != 1 {
		t.Errorf("failure = %+v, want what was thrown in line 1", got.Failure)
	}
	got = run(t, `const onEmail = m => { for (let i = 0; i < 100; i++) log("x".repeat(5000)) }`)
	if size := len(strings.Join(got.Log, "")); !got.LogCut || size > MaxOutput || size < MaxOutput/2 || got.Failure != nil {
		t.Errorf("log has %d octets, cut %v, failure %v, want at most %d", size, got.LogCut, got.Failure, MaxOutput)
	}
}

// What is no decision is a failure, never a guess.
func TestWhatIsNoDecisionIsAFailure(t *testing.T) {
	for _, one := range []struct {
		source string
		kind   Kind
		detail string
		line   int
	}{
		{"", Syntax, "there is no function onEmail", 0},
		{"onEmail = 7", Syntax, "there is no function onEmail", 0},
		{"function onEmail(mail) {\n  retrn mail;\n}", Syntax, "Unexpected identifier", 2},
		{"let a = 1; let a = 2; function onEmail() {}", Syntax, "already been declared", 1},
		{"\n\nfunction onEmail(mail) { return mail.nothing.more }", Thrown, "TypeError", 3},
		{"function onEmail() { throw 'words' }", Thrown, "words", 1},
		{"function onEmail() { throw {toString() { throw 1 }} }", Thrown, "cannot be shown", 1},
		{"function onEmail() { throw {toString: null, valueOf: null} }", Thrown, "cannot be shown", 1},
		{"function onEmail() { throw null }", Thrown, "null", 1},
		{"async function onEmail() { throw new Error('later') }", Thrown, "later", 0},
		{"const onEmail = () => new Promise(() => {})", Unusable, "never kept", 0},
		{"const onEmail = () => 'reject'", Unusable, "a text, want an object", 0},
		{"const onEmail = () => [1]", Unusable, "a list, want an object", 0},
		{"const onEmail = () => Symbol('x')", Unusable, "a symbol", 0},
		{"const onEmail = () => onEmail", Unusable, "an object (Function)", 0},
		{"const onEmail = () => ({reject: true})", Unusable, "reject is true or false, want a text", 0},
		{"const onEmail = () => ({reject: ' '})", Unusable, "reject is empty", 0},
		{"const onEmail = () => ({reject: 'a', set_aside: 'b'})", Unusable, "exclude each other", 0},
		{"const onEmail = () => ({move: 'Archive'})", Unusable, `"move" is no member`, 0},
		{"const onEmail = () => ({state: 'closed'})", Unusable, `"state" is no member`, 0},
		{"const onEmail = () => ({acknowledge: 0})", Unusable, "acknowledge is a number", 0},
		{"const onEmail = () => ({priority: 'to, p'})", Unusable, `"to, p", want low`, 0},
		{"const onEmail = () => ({due: 'tomorrow'})", Unusable, "want a day", 0},
		{"const onEmail = () => ({due: new Date()})", Unusable, "an object (Date)", 0},
		{"const onEmail = () => ({labels: 'a'})", Unusable, "a text, want a list", 0},
		{"const onEmail = () => ({labels: [1]})", Unusable, "a number, want a text", 0},
		{"const onEmail = () => ({labels: [,]})", Unusable, "nothing, want a text", 0},
		{"const onEmail = () => ({labels: Array(31).fill('a')})", Unusable, "31 entries", 0},
		{"const onEmail = () => ({labels: ['a,b']})", Unusable, "without a comma", 0},
		{"const onEmail = () => ({fields: {a: {}}})", Unusable, `"a" is an object`, 0},
		{"const onEmail = () => ({fields: {a: NaN}})", Unusable, `"a" is no number`, 0},
		{"const onEmail = () => ({fields: {a: () => 1}})", Unusable, `"a" is an object (Function)`, 0},
		{"const onEmail = () => ({title: 'x'.repeat(5000)})", Unusable, "5000 octets", 0},
		{"const onEmail = () => ({description: 'x'.repeat(2 << 20)})", Unusable, "too long", 0},
		{"const onEmail = () => ({key: 'a\\u0000b'})", Unusable, "key is no text", 0},
		{"const onEmail = () => ({get title() { throw new Error('trap') }})", Thrown, "trap", 1},
		{"const onEmail = () => new Proxy({}, {ownKeys() { throw new Error('proxy') }})", Thrown, "proxy", 1},
	} {
		t.Run(one.source, func(t *testing.T) {
			t.Parallel()
			got := run(t, one.source)
			if got.Failure == nil {
				t.Fatalf("decision = %+v, want a failure", got.Decision)
			}
			if f := got.Failure; f.Kind != one.kind || !strings.Contains(f.Detail, one.detail) || f.Line != one.line {
				t.Errorf("failure = %+v, want %s with %q in line %d", *f, one.kind, one.detail, one.line)
			}
			if diff := cmp.Diff(Decision{}, got.Decision); diff != "" {
				t.Errorf("there is a decision all the same:\n%s", diff)
			}
		})
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	r, err := New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := r.Check(t.Context(), "function onEmail(mail, ctx) { return mail.subject.none.more }"); f != nil || err != nil {
		t.Errorf("Check = %v, %v, want nothing: it is not called", f, err)
	}
	if f, err := r.Check(t.Context(), "\nfunction on Email() {}"); err != nil || f == nil || f.Kind != Syntax || f.Line != 2 {
		t.Errorf("Check = %v, %v, want an error in line 2", f, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	r, err := New("", 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Run(ctx, Job{Source: "for (;;);", Mail: []byte("{}"), Context: []byte("{}")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want that it was cancelled", err)
	}
	gone, err := New("/no/such/program", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Run(t.Context(), sample); err == nil {
		t.Error("a worker that cannot be started is no error")
	}
}
