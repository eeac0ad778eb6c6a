package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// TestAskingForUsersChangesNoAnswer makes somebody known again and again in one transaction that has asked ahead, and
// undoes one of them where the database can.
func TestAskingForUsersChangesNoAnswer(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		const stranger = "stranger@there.example"
		var all, second []string
		for i := range 8 {
			all, second = append(all, fmt.Sprintf("Person%d@there.example", i)), append(second, fmt.Sprintf("Second%d@there.example", i))
		}
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			s.AskForUsers(ctx, slices.Concat(all, second))
			for known := range len(all) + 1 {
				for i, a := range all {
					var answers []map[string]models.User
					for _, asked := range [][]string{{a, second[i]}, {a, second[i], stranger}} { // The stranger is not asked for ahead.
						found, err := s.UsersByAddress(ctx, asked)
						if err != nil {
							return err
						}
						u, ok := found[models.FoldAddress(a)]
						if ok != (i < known) || ok && (u.Name != a || len(found) != 2) {
							t.Errorf("with %d known, %v are %+v", known, asked, found)
						}
						answers = append(answers, found)
					}
					if d := cmp.Diff(answers[1], answers[0]); d != "" {
						t.Errorf("with %d known, asked for ahead (-without, +with):\n%s", known, d)
					}
				}
				if known < len(all) {
					u := models.User{Name: all[known], Role: models.RoleCustomer, Addresses: []string{second[known], all[known]}}
					if err := s.CreateUser(ctx, &u); err != nil {
						return err
					}
				}
			}
			if !s.Exclusive() {
				return nil
			}
			s.AskForUsers(ctx, []string{stranger})
			undo := errors.New("undo")
			err := s.WithSavepoint(ctx, func(ctx context.Context) error {
				u := models.User{Name: "x", Role: models.RoleCustomer, Addresses: []string{stranger}}
				if err := s.CreateUser(ctx, &u); err != nil {
					return err
				}
				if found, err := s.UsersByAddress(ctx, u.Addresses); err != nil || len(found) != 1 {
					t.Errorf("who was just made known is %v, %v", found, err)
				}
				return undo
			})
			if !errors.Is(err, undo) {
				return err
			}
			if found, err := s.UsersByAddress(ctx, []string{stranger}); err != nil || len(found) != 0 {
				t.Errorf("who was undone is %v, %v", found, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
