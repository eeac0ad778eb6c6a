package tracker

import (
	"context"
	"fmt"
	"slices"

	"letterbox/models"
)

// maxPictureSenders is how many senders a person may choose.
const maxPictureSenders = 500

// PictureSenders returns whose pictures from the network the person wants to see always, by address. A picture tells its
// sender when and from where it was looked at, so each person chooses for itself.
func (s *Service) PictureSenders(ctx context.Context, by *models.User) ([]models.PictureSender, error) {
	if by == nil || by.ID == 0 {
		return nil, nil
	}
	return s.store.PictureSenders(ctx, by.ID)
}

// ShowPicturesOf remembers that the person wants to see the pictures of a sender. With verified only mail counts whose
// sender is verified, so that nobody else gets in under that address. What is no address is a models.InvalidList.
func (s *Service) ShowPicturesOf(ctx context.Context, by *models.User, sender string, verified bool) (models.PictureSender, error) {
	if by == nil || by.ID == 0 {
		return models.PictureSender{}, models.ErrForbidden
	}
	norm, ok := address(sender)
	if !ok {
		return models.PictureSender{}, invalid("address", "E-USER-03", "address", sender)
	}
	p := models.PictureSender{UserID: by.ID, Address: norm, Verified: verified, CreatedAt: now()}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		have, err := s.store.PictureSenders(ctx, by.ID)
		if err != nil {
			return err
		}
		same := func(one models.PictureSender) bool { return one.Address == norm }
		if len(have) >= maxPictureSenders && !slices.ContainsFunc(have, same) {
			return invalid("address", "E-PICTURE-01", "max", fmt.Sprint(maxPictureSenders))
		}
		if err := s.store.SavePictureSender(ctx, &p); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.pictures", object("user", by.ID), map[string]string{"sender": "added"})
	})
	return p, err
}

// HidePicturesOf forgets a sender that the person had chosen; models.ErrNotFound when it had not.
func (s *Service) HidePicturesOf(ctx context.Context, by *models.User, id int64) error {
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeletePictureSender(ctx, id, by.ID); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.pictures", object("user", by.ID), map[string]string{"sender": "removed"})
	})
}
