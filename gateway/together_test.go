package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
)

// inOneGroup takes in mails such that all but the first share a commit: the first holds up the others while they are
// parsed. fault is asked for the title of each new issue.
func inOneGroup(t *testing.T, d *den, fault func(title string) error) *gateway.Gateway {
	t.Helper()
	g := d.process(func(deps *gateway.Deps) {
		deps.Tracker = patient{d.tracker, func(_ string, n models.NewIssue) error {
			if n.Title == "First" {
				time.Sleep(10 * time.Second)
			}
			return fault(n.Title)
		}}
	})
	d.inbox(g, nil)
	d.run(g)
	d.wait(30 * time.Second)
	return g
}

func TestMessagesOfAGroupSeeWhatTheOnesBeforeHaveDone(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "First", "!"))
		d.server.deliver("INBOX", mail("2", anna, "Printer burns", "It burns."))
		d.server.deliver("INBOX", mail("3", anna, "AW: Printer burns", "Still.", "In-Reply-To: <2@there.example>"))
		d.server.deliver("INBOX", mail("2", anna, "Printer burns", "It burns."))
		d.server.deliver("INBOX", mail("5", anna, "Again [#2]", "By number."))
		inOneGroup(t, d, func(string) error { return nil })
		want := []string{
			"1 created accepted_new", "2 created accepted_new", "3 commented accepted_comment", "4 duplicate duplicate", "5 commented accepted_comment",
		}
		if diff := cmp.Diff(want, d.ledger()); diff != "" {
			t.Error(diff)
		}
		d.once()
	})
}

func TestMessageOfAGroupThatFailsCostsTheOthersNothing(t *testing.T) {
	for name, fault := range map[string]func(){"error": nil, "panic": func() { panic("poisoned") }} {
		t.Run(name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				d.server.deliver("INBOX", mail("1", anna, "First", "!"))
				for i := 2; i <= 9; i++ {
					d.server.deliver("INBOX", mail(fmt.Sprint(i), fmt.Sprintf("from%d@there.example", i), fmt.Sprintf("Mail %d", i), "Text"))
				}
				tries := map[string]int{}
				g := inOneGroup(t, d, func(title string) error {
					tries[title]++
					if title != "Mail 5" {
						return nil
					}
					if fault != nil {
						fault()
					}
					return errTracker
				})
				var want []string
				for i := 1; i <= 9; i++ {
					if i == 5 {
						want = append(want, "5 received ")
						continue
					}
					want = append(want, fmt.Sprintf("%d created accepted_new", i))
				}
				if diff := cmp.Diff(want, d.ledger()); diff != "" {
					t.Error(diff)
				}
				if m := d.message("5"); m.Attempts != 1 || m.NextAttemptAt == nil {
					t.Errorf("the message that failed: %d attempts, next %v, want 1 and a time", m.Attempts, m.NextAttemptAt)
				}
				for title, n := range tries {
					if n != 1 {
						t.Errorf("%s was tried %d times, want once", title, n)
					}
				}
				if _, err := d.store.UserByAddress(t.Context(), "from5@there.example"); err == nil {
					t.Error("the sender of the message that failed has become a customer, want all of it undone")
				}
				if got := g.Stats(); got.Finished != 8 || got.FailedAttempts != 1 {
					t.Errorf("stats = %+v, want 8 finished and 1 failed attempt", got)
				}
				d.once()
			})
		})
	}
}

func TestMessageOfAGroupThatMeetsAConflictIsConcludedAlone(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "First", "!"))
		d.server.deliver("INBOX", mail("2", anna, "Mail 2", "Text"))
		d.server.deliver("INBOX", mail("3", anna, "Mail 3", "Text"))
		met := false
		inOneGroup(t, d, func(title string) error {
			if title == "Mail 2" && !met {
				met = true
				return models.ErrConflict
			}
			return nil
		})
		want := []string{"1 created accepted_new", "2 created accepted_new", "3 created accepted_new"}
		if diff := cmp.Diff(want, d.ledger()); diff != "" {
			t.Error(diff)
		}
		for _, m := range d.messages() {
			if m.Attempts != 1 || m.ErrorCode != "" {
				t.Errorf("message %s: %d attempts, code %q, want 1 and none", m.UID, m.Attempts, m.ErrorCode)
			}
		}
		if issues, _ := d.once(); issues != 3 || !met {
			t.Errorf("%d issues, conflict met: %t, want 3 and true", issues, met)
		}
	})
}
