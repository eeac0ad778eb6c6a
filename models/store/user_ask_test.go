package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// TestAskingForUsersChangesNoAnswer makes somebody known again and again in one transaction that has asked ahead, and
// undoes one of them where the database can.
func TestAskingForUsersChangesNoAnswer(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		const stranger = "stranger@there.example"
		var all []string
		for i := range 8 {
			all = append(all, fmt.Sprintf("Person%d@there.example", i))
		}
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			s.AskForUsers(ctx, all)
			for known := range len(all) + 1 {
				for i, a := range all {
					for _, asked := range [][]string{{a}, {a, stranger}} {
						found, err := s.UsersByAddress(ctx, asked)
						if err != nil {
							return err
						}
						u, ok := found[models.FoldAddress(a)]
						if ok != (i < known) || len(found) > 1 || ok && u.Name != a {
							t.Errorf("with %d known, %v are %+v", known, asked, found)
						}
					}
				}
				if known < len(all) {
					u := models.User{Name: all[known], Role: models.RoleCustomer, Addresses: []string{all[known]}}
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
