package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// intakes are the numbers of all records, sorted.
func (d *den) intakes() (numbers []int64) {
	d.t.Helper()
	for _, m := range d.messages() {
		if m.IssueNumber == nil {
			continue
		}
		list, err := d.store.Intakes(d.t.Context(), *m.IssueNumber)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, i := range list {
			if i.MessageID == m.ID {
				numbers = append(numbers, i.Number)
			}
		}
	}
	slices.Sort(numbers)
	return numbers
}

func TestMailsAreRecordedWithoutGaps(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g, other := d.process(nil), d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.Intake, dr.Rules.BlockedSenders = true, []string{"@evil.example"}
		})
		first := d.receive(g, ib.ID, mail("1", anna, "First", "Text"))
		if !slices.Contains(d.trace(first.ID), "apply.intake") {
			t.Errorf("trace %v, want apply.intake", d.trace(first.ID))
		}
		d.receive(g, ib.ID, mail("1", anna, "First", "Text"))
		d.receive(g, ib.ID, mail("2", "x@evil.example", "Refused", "Text"))
		var wg sync.WaitGroup
		for i := range 12 { // Two processes at once, with replies among the mails.
			wg.Go(func() {
				raw := mail(fmt.Sprint("p", i), anna, fmt.Sprint("Parallel ", i), "Text")
				if i%3 == 0 {
					raw = mail(fmt.Sprint("p", i), anna, fmt.Sprintf("Re: [#%d] First", *first.IssueNumber), "Reply")
				}
				for end := time.Now().Add(time.Minute); time.Now().Before(end); {
					_, err := []*gateway.Gateway{g, other}[i%2].Receive(t.Context(), ib.ID, "receive", strings.NewReader(crlf(raw)))
					if err == nil {
						return
					}
					if !errors.Is(err, gateway.ErrTryLater) {
						t.Errorf("Receive = %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		want := make([]int64, 13)
		for i := range want {
			want[i] = int64(i + 1)
		}
		if got := d.intakes(); !slices.Equal(got, want) {
			t.Errorf("intakes %v, want 1 to 13", got)
		}
	})
}

func TestIntakeNumberIsGivenBackWithItsTransaction(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		undone := errors.New("undone")
		var wg sync.WaitGroup
		var mu sync.Mutex
		var got []int64
		for i := range 24 {
			wg.Go(func() {
				in := models.Intake{ProjectID: d.project.ID, Year: 2026, MessageID: int64(i + 1), IssueNumber: 1, CameAt: time.Now()}
				err := s.WithTx(t.Context(), func(ctx context.Context) error {
					if err := s.AddIntake(ctx, &in); err != nil || i%4 != 0 {
						return err
					}
					return undone
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got = append(got, in.Number)
				} else if !errors.Is(err, undone) {
					t.Errorf("AddIntake = %v", err)
				}
			})
		}
		wg.Wait()
		slices.Sort(got)
		for i, n := range got {
			if n != int64(i+1) {
				t.Fatalf("numbers %v, want 1 to 18", got)
			}
		}
		next := models.Intake{ProjectID: d.project.ID, Year: 2027, MessageID: 99, IssueNumber: 1, CameAt: time.Now()}
		if err := s.WithTx(t.Context(), func(ctx context.Context) error { return s.AddIntake(ctx, &next) }); err != nil || next.Number != 1 {
			t.Errorf("the next year begins with %d (%v), want 1", next.Number, err)
		}
	})
}

// The numbers begin anew with the year in which a mail comes, whatever is decided on it when.
func TestNumbersOfIntakesBeginWithTheYear(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.Intake, dr.Rules.BlockedSenders = true, []string{"@there.example"}
		})
		newYear := time.Date(time.Now().Year()+1, 1, 1, 0, 0, 0, 0, time.Local)
		time.Sleep(time.Until(newYear.Add(-2 * time.Second)))
		late := d.receive(g, ib.ID, mail("1", anna, "Refused last year", "Text"))
		var want, got []string
		number := func(m models.Message, year, n int) {
			t.Helper()
			list, err := d.store.Intakes(t.Context(), *m.IssueNumber)
			if err != nil || len(list) != 1 {
				t.Fatalf("%d intakes of a mail (%v), want 1", len(list), err)
			}
			want, got = append(want, fmt.Sprintf("%d-%04d", year, n)), append(got, list[0].Label())
		}
		for n := range 4 { // The second pair comes after midnight.
			m := d.receive(g, ib.ID, mail(fmt.Sprint("n", n), "bea@customer.example", fmt.Sprint("Mail ", n), "Text"))
			number(m, newYear.Year()-1+n/2, n%2+1)
			if n == 1 {
				time.Sleep(time.Until(newYear))
			}
		}
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(func(dr *gateway.InboxDraft) { dr.Rules.Intake = true })); err != nil {
			t.Fatal(err)
		}
		number(d.again(g, late.ID), newYear.Year()-1, 3) // It came last year.
		if !slices.Equal(got, want) {
			t.Errorf("intakes %v, want %v", got, want)
		}
	})
}
