package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestTransactionReadsTheRowsThatItHasPostponed(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		u := models.User{Name: "Anna", Role: models.RoleMember, Addresses: []string{"anna@there.example"}}
		p := models.Project{Key: "A", Name: "A"}
		must(t, s.CreateUser(t.Context(), &u), s.CreateProject(t.Context(), &p))
		var number int64
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			i := models.Issue{ProjectID: p.ID, Title: "T", State: models.IssueNew, ReporterID: u.ID}
			if err := s.CreateIssue(ctx, &i); err != nil {
				return err
			}
			number = i.Number
			for n := range 450 { // More than go into one statement.
				if err := s.AddParticipants(ctx, number, []string{fmt.Sprintf("user%d@there.example", n%440)}); err != nil {
					return err
				}
			}
			if err := s.AddWatchers(ctx, number, []int64{u.ID}); err != nil {
				return err
			}
			for _, address := range []string{"user0@there.example", "user439@there.example"} {
				if yes, err := s.IsParticipant(ctx, number, address); err != nil || !yes {
					t.Errorf("%s, before the commit: got %v and %v, want one who takes part", address, yes, err)
				}
			}
			if err := s.RemoveWatcher(ctx, number, u.ID); err != nil {
				return err
			}
			return s.AddParticipants(ctx, number, []string{"last@there.example"})
		})
		must(t, err)
		if yes, err := s.IsParticipant(t.Context(), number, "last@there.example"); err != nil || !yes {
			t.Errorf("after the commit: got %v and %v, want one who takes part", yes, err)
		}
		if ids, err := s.Watchers(t.Context(), number); err != nil || len(ids) != 0 {
			t.Errorf("watchers %v and %v, want none: the one was removed after it was added", ids, err)
		}
	})
}

func TestPostponedRowsOfATransactionThatFailsAreGone(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		u, p := models.User{Name: "Anna", Role: models.RoleMember}, models.Project{Key: "A", Name: "A"}
		must(t, s.CreateUser(t.Context(), &u), s.CreateProject(t.Context(), &p))
		i := models.Issue{ProjectID: p.ID, Title: "T", State: models.IssueNew, ReporterID: u.ID}
		must(t, s.CreateIssue(t.Context(), &i))
		failed := errors.New("failed")
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			must(t, s.AddParticipants(ctx, i.Number, []string{"anna@there.example"}))
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if yes, err := s.IsParticipant(t.Context(), i.Number, "anna@there.example"); err != nil || yes {
			t.Errorf("got %v and %v, want nobody", yes, err)
		}
	})
}

// TestIssuesAreThereForWhatRefersToThem makes issues, and at once whatever has a foreign key to them.
func TestIssuesAreThereForWhatRefersToThem(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		b := seal(t, s, []byte("hello"))
		var numbers []int64
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			numbers = nil
			for n, refer := range []func(number int64) error{
				func(number int64) error { return s.AddParticipants(ctx, number, []string{"anna@there.example"}) },
				func(number int64) error { return s.AddWatchers(ctx, number, []int64{u.ID}) },
				func(number int64) error {
					return s.CreateAttachments(ctx, []models.Attachment{{IssueNumber: number, BlobID: b.ID, Name: "a"}})
				},
				func(number int64) error {
					return s.CreateComment(ctx, &models.Comment{IssueNumber: number, AuthorID: u.ID, Body: "b"})
				},
				func(number int64) error { return s.AddMessageIDs(ctx, number, []string{"1@there.example"}, false) },
				func(number int64) error { return s.IndexText(ctx, number, 0, "text") },
			} {
				i := models.Issue{ProjectID: p.ID, Title: fmt.Sprint(n), State: models.IssueNew, ReporterID: u.ID}
				if err := s.CreateIssue(ctx, &i); err != nil {
					return err
				}
				numbers = append(numbers, i.Number)
				if err := refer(i.Number); err != nil {
					return fmt.Errorf("%d: %w", n, err)
				}
			}
			return nil
		}))
		for n, number := range numbers {
			if i, err := s.IssueByNumber(t.Context(), number); err != nil || i.Title != fmt.Sprint(n) {
				t.Errorf("issue %d: got %q, %v", number, i.Title, err)
			}
		}
		comments, err := s.Comments(t.Context(), numbers[3])
		must(t, err)
		files, err := s.Attachments(t.Context(), numbers[2])
		must(t, err)
		if len(comments) != 1 || len(files) != 1 {
			t.Errorf("%d comments and %d attachments, want one each", len(comments), len(files))
		}
	})
}

// TestSecondIssueOfAMessageUndoesTheTransaction makes both in one transaction.
func TestSecondIssueOfAMessageUndoesTheTransaction(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		var first int64
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			for range 2 {
				i := models.Issue{ProjectID: p.ID, Title: "T", State: models.IssueNew, ReporterID: u.ID, OriginMessageID: ptr(int64(7))}
				if err := s.CreateIssue(ctx, &i); err != nil {
					return err
				}
				if first == 0 {
					first = i.Number
				}
			}
			return nil
		})
		want(t, "two issues of a message", err, models.ErrConflict)
		if _, err := s.IssueByNumber(t.Context(), first); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the first one: %v, want none", err)
		}
	})
}

func TestTransactionReadsWhatItHasChanged(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p := models.Project{Key: "A", Name: "Before"}
		must(t, s.CreateProject(t.Context(), &p), s.SetSetting(t.Context(), "color", "red"))
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			got, err := s.ProjectByID(ctx, p.ID)
			must(t, err)
			color, err := s.Setting(ctx, "color")
			must(t, err)
			if got.Name != "Before" || color != "red" {
				t.Errorf("got %s and %s", got.Name, color)
			}
			got.Name = "After"
			must(t, s.UpdateProject(ctx, &got), s.SetSetting(ctx, "color", "blue"))
			again, err := s.ProjectByID(ctx, p.ID)
			must(t, err)
			color, err = s.Setting(ctx, "color")
			must(t, err)
			if again.Name != "After" || color != "blue" {
				t.Errorf("got %s and %s, want what the transaction wrote", again.Name, color)
			}
			return nil
		}))
	})
}

// The database undoes a whole transaction when two wait for each other. Whatever the one that lost goes on to write would
// be kept alone.
func TestNothingIsWrittenAfterADeadlock(t *testing.T) {
	s := testdb.OpenMariaDB(t)
	must(t, s.SetSetting(t.Context(), "a", ""), s.SetSetting(t.Context(), "b", ""))
	var both sync.WaitGroup
	both.Add(2)
	var mu sync.Mutex
	lost, kept := 0, 0
	var done sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		done.Go(func() {
			first := true
			err := s.WithTx(t.Context(), func(ctx context.Context) error {
				if err := s.SetSetting(ctx, order[0], "x"); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				if s.SetSetting(ctx, order[1], "x") == nil {
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				lost++
				if s.SetSetting(ctx, "alone", "x") == nil {
					kept++
				}
				return nil // Overlooked.
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if _, err := s.Setting(t.Context(), "alone"); lost == 0 || kept != 0 || !errors.Is(err, models.ErrNotFound) {
		t.Errorf("%d transactions lost, %d went on writing, the setting: %v; want at least 1, none and nothing", lost, kept, err)
	}
}

func TestBlobsSealedTogetherAreThoseSealedAlone(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		there := seal(t, s, octets(500, 9))
		contents := [][]byte{
			octets(500, 1), octets(500, 9), octets(3<<20, 2), octets(500, 1), {}, octets(1<<20, 3), octets(3<<20, 2), octets(700_000, 4), octets(700_000, 5),
		}
		var writers []*store.BlobWriter
		for _, data := range contents {
			w := s.NewBlob(t.Context())
			_, err := w.Write(data)
			must(t, err)
			writers = append(writers, w)
		}
		blobs, err := s.SealAll(t.Context(), writers)
		must(t, err)
		for i, w := range writers {
			must(t, w.Discard(t.Context()))
			if got := readBlob(t, s, blobs[i].ID); !bytes.Equal(got, contents[i]) || blobs[i].Size != int64(len(contents[i])) {
				t.Errorf("blob %d came back changed: %d octets, want %d", i, len(got), len(contents[i]))
			}
			if !bytes.Equal(blobs[i].SHA256, w.SHA256()) {
				t.Errorf("blob %d has another hash", i)
			}
		}
		if blobs[1].ID != there.ID || blobs[3].ID != blobs[0].ID || blobs[6].ID != blobs[2].ID {
			t.Errorf("the same octets are several blobs: %d (want %d), %d and %d, %d and %d", blobs[1].ID, there.ID, blobs[3].ID, blobs[0].ID, blobs[6].ID, blobs[2].ID)
		}
	})
}

func TestWindowsOfTheSameOctetsAreSealedAtOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		const sealers, each = 6, 20
		ids := make([][]int64, sealers)
		var wg sync.WaitGroup
		for n := range sealers {
			wg.Go(func() {
				var writers []*store.BlobWriter
				for i := range each {
					w := s.NewBlob(t.Context())
					_, _ = w.Write(octets(100, uint64((i*(n+1))%each+1))) // The same ones, in another order.
					writers = append(writers, w)
				}
				blobs, err := s.SealAll(t.Context(), writers)
				if err != nil {
					t.Error(err)
					return
				}
				for _, b := range blobs {
					ids[n] = append(ids[n], b.ID)
				}
				slices.Sort(ids[n])
				ids[n] = slices.Compact(ids[n])
			})
		}
		wg.Wait()
		all := slices.Concat(ids...)
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != each {
			t.Errorf("%d blobs of %d different octets", len(all), each)
		}
		if diff := cmp.Diff(all, ids[0]); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTransactionTakesSeveralIssueNumbers(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		take := func(n int, end error) (got []int64) {
			t.Helper()
			err := s.WithTx(t.Context(), func(ctx context.Context) error {
				got = nil
				for range n {
					number, err := s.NextIssueNumber(ctx)
					if err != nil {
						return err
					}
					got = append(got, number)
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
			return got
		}
		undone := errors.New("undone")
		for _, step := range []struct {
			take int
			end  error
			want []int64
		}{{3, nil, []int64{1, 2, 3}}, {2, undone, []int64{4, 5}}, {1, nil, []int64{4}}, {2, nil, []int64{5, 6}}, {1, undone, []int64{7}}, {1, nil, []int64{7}}} {
			if diff := cmp.Diff(step.want, take(step.take, step.end)); diff != "" {
				t.Error(diff)
			}
		}
	})
}
