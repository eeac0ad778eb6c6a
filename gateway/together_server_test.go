package gateway_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// inOneGroupOnAServer is inOneGroup on MariaDB and in real time. It returns once all messages have come to an end, be it a
// failure, and how often each new issue was tried.
func inOneGroupOnAServer(t *testing.T, mails []string, fault func(title string) error) (*den, map[string]int) {
	t.Helper()
	d := newDen(t, testdb.OpenMariaDB(t))
	for _, raw := range mails {
		d.server.deliver("INBOX", raw)
	}
	parsed, once := make(chan struct{}), sync.Once{}
	var mu sync.Mutex
	seen, tries := map[int64]bool{}, map[string]int{}
	g := d.process(func(deps *gateway.Deps) {
		deps.Log = slog.New(stepHook(func(step string, id int64) {
			mu.Lock()
			defer mu.Unlock()
			if seen[id] = true; step == string(models.StepParse) && len(seen) == len(mails) {
				once.Do(func() { close(parsed) })
			}
		}))
		deps.Tracker = patient{d.tracker, func(_ string, n models.NewIssue) error {
			if n.Title == "First" {
				<-parsed // The others come together.
			}
			mu.Lock()
			tries[n.Title]++
			mu.Unlock()
			return fault(n.Title)
		}}
	})
	d.inbox(g, nil)
	stop := d.run(g)
	for ended := false; !ended; time.Sleep(5 * time.Millisecond) {
		list := d.messages()
		ended = len(list) == len(mails)
		for _, m := range list {
			ended = ended && (m.State.Final() || m.ErrorCode != "")
		}
		if t.Context().Err() != nil {
			t.Fatal("the messages did not come to an end")
		}
	}
	stop()
	return d, tries
}

func TestMessagesThatShareACommitOnAServerSeeWhatTheOnesBeforeHaveDone(t *testing.T) {
	d, _ := inOneGroupOnAServer(t, []string{
		mail("1", anna, "First", "!"),
		mail("2", anna, "Printer burns", "It burns."),
		mail("3", anna, "AW: Printer burns", "Still.", "In-Reply-To: <2@there.example>"),
		mail("2", anna, "Printer burns", "It burns."),
		mail("5", "new@there.example", "Again [#2]", "By number."),
		mail("6", "new@there.example", "Once more", "From somebody that the mail before has made a customer."),
	}, func(string) error { return nil })
	want := []string{
		"1 created accepted_new", "2 created accepted_new", "3 commented accepted_comment", "4 duplicate duplicate",
		"5 created accepted_new", "6 created accepted_new",
	}
	if diff := cmp.Diff(want, d.ledger()); diff != "" {
		t.Error(diff)
	}
	for _, m := range d.messages() {
		if len(d.trace(m.ID)) == 0 {
			t.Errorf("message %s has no trace", m.UID)
		}
	}
	d.once()
}

func TestMessageThatFailsOnAServerHasTheOthersTriedAlone(t *testing.T) {
	var mails []string
	for _, title := range []string{"First", "Second", "Third", "Fourth", "Fifth"} {
		mails = append(mails, mail(title, title+"@there.example", title, "Text"))
	}
	d, tries := inOneGroupOnAServer(t, mails, func(title string) error {
		if title == "Fourth" {
			return errTracker
		}
		return nil
	})
	want := []string{"1 created accepted_new", "2 created accepted_new", "3 created accepted_new", "4 received ", "5 created accepted_new"}
	if diff := cmp.Diff(want, d.ledger()); diff != "" {
		t.Error(diff)
	}
	if tries["First"] != 1 || tries["Second"] != 2 || tries["Third"] != 2 || tries["Fourth"] != 2 {
		t.Errorf("tries: %v, want those from the second to the fourth once together and once alone", tries)
	}
	if m := d.message("4"); m.Attempts != 1 || m.NextAttemptAt == nil {
		t.Errorf("the message that failed: %d attempts, next %v, want 1 and a time", m.Attempts, m.NextAttemptAt)
	}
	if _, err := d.store.UserByAddress(t.Context(), "fourth@there.example"); err == nil {
		t.Error("the sender of the message that failed has become a customer, want all of it undone")
	}
	d.once()
}
