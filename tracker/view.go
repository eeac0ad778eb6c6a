package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
)

// Views returns the saved filters that the person may use: its own and those that are shared.
func (s *Service) Views(ctx context.Context, by *models.User) ([]models.View, error) {
	if by == nil || by.ID == 0 {
		return nil, nil
	}
	return s.store.Views(ctx, by.ID)
}

// SaveView keeps a filter of the list of issues under a name. A shared one everybody may use; what it shows still
// depends on who looks.
func (s *Service) SaveView(ctx context.Context, by *models.User, v models.View) (models.View, error) {
	if by == nil || by.ID == 0 {
		return v, models.ErrForbidden
	}
	v.ID, v.UserID, v.Name, v.Query, v.CreatedAt = 0, by.ID, line(v.Name), line(v.Query), now()
	v.Look = models.ParseListLook(v.Look).String()
	var c checks
	if v.Name == "" {
		c.add("name", "E-VIEW-01")
	}
	if len([]rune(v.Name)) > maxLabel {
		c.add("name", "E-TEXT-01", "max", fmt.Sprint(maxLabel))
	}
	if err := c.err(); err != nil {
		return v, err
	}
	err := s.store.CreateView(ctx, &v)
	return v, err
}

// SetListLook keeps how the person wants to see lists of issues.
func (s *Service) SetListLook(ctx context.Context, by *models.User, look models.ListLook) error {
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	return s.store.SetListLook(ctx, by.ID, look.String())
}

// DeleteView removes a saved filter of the person.
func (s *Service) DeleteView(ctx context.Context, by *models.User, id int64) error {
	if by == nil {
		return models.ErrForbidden
	}
	return s.store.DeleteView(ctx, id, by.ID)
}
