package tracker

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"letterbox/models"
)

const (
	maxTokens    = 100      // Of one person.
	maxTokenDays = 10 * 365 // After which a token ends that ends by itself.
)

// TokenDraft is what a person says of a new token.
type TokenDraft struct {
	Name     string // "API" when empty.
	Days     int    // It ends after so many; 0: never.
	ReadOnly bool
}

// CreateToken makes a token that may do everything its person may and does not end by itself, see [Service.AddToken].
func (s *Service) CreateToken(ctx context.Context, by *models.User, userID int64, name string) (string, models.Token, error) {
	return s.AddToken(ctx, by, userID, TokenDraft{Name: name})
}

// AddToken makes a token with which a program uses the API in the name of a person. The token itself is returned
// once and never again: only its hash is stored. Admins may make one for everybody who may sign in, others for
// themselves; a customer has none. What cannot be taken is a models.InvalidList.
func (s *Service) AddToken(ctx context.Context, by *models.User, userID int64, d TokenDraft) (string, models.Token, error) {
	u, err := s.User(ctx, by, userID)
	if err != nil {
		return "", models.Token{}, err
	}
	if !maySignIn(u) {
		return "", models.Token{}, invalid("user", "E-TOKEN-01")
	}
	if d.Days < 0 || d.Days > maxTokenDays {
		return "", models.Token{}, invalid("days", "E-TOKEN-02", "max", fmt.Sprint(maxTokenDays))
	}
	if d.Name = cut(line(d.Name), maxName); d.Name == "" {
		d.Name = "API"
	}
	token := tokenPrefix + random()
	row := models.Token{UserID: userID, Name: d.Name, Hash: digest(token), CreatedAt: now(), ReadOnly: d.ReadOnly}
	if d.Days > 0 {
		ends := row.CreatedAt.AddDate(0, 0, d.Days)
		row.ExpiresAt = &ends
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		row.ID = 0
		if list, err := s.store.Tokens(ctx, userID); err != nil || len(list) >= maxTokens {
			return cmp.Or(err, invalid("token", "E-TOKEN-03", "max", fmt.Sprint(maxTokens)))
		}
		if err := s.store.CreateToken(ctx, &row); err != nil {
			return err
		}
		return s.audit(ctx, by, "token.create", object("token", row.ID), map[string]int64{"user": userID})
	})
	if err != nil {
		return "", models.Token{}, fmt.Errorf("create token: %w", err)
	}
	return token, row, nil
}

// TokenUser returns the person in whose name a token speaks, and the token. models.ErrNotFound when there is no such
// token, it has ended or its person may no longer sign in.
func (s *Service) TokenUser(ctx context.Context, token string) (models.User, models.Token, error) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 200 {
		return models.User{}, models.Token{}, models.ErrNotFound
	}
	row, err := s.store.TokenByHash(ctx, digest(token))
	if err != nil {
		return models.User{}, models.Token{}, err
	}
	u, err := s.store.UserByID(ctx, row.UserID)
	if err != nil {
		return models.User{}, models.Token{}, err
	}
	if row.Expired(now()) || !maySignIn(u) {
		return models.User{}, models.Token{}, models.ErrNotFound
	}
	if err := s.store.TouchToken(ctx, &row); err != nil {
		return models.User{}, models.Token{}, fmt.Errorf("touch token: %w", err)
	}
	return u, row, nil
}

// Tokens lists the tokens of a person, without the tokens themselves. Admins see everybody's, others their own.
func (s *Service) Tokens(ctx context.Context, by *models.User, userID int64) ([]models.Token, error) {
	if _, err := s.User(ctx, by, userID); err != nil {
		return nil, err
	}
	return s.store.Tokens(ctx, userID)
}

// DeleteToken makes a token of a person worthless at once; models.ErrNotFound when it has no such token.
func (s *Service) DeleteToken(ctx context.Context, by *models.User, userID, tokenID int64) error {
	if _, err := s.User(ctx, by, userID); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteToken(ctx, userID, tokenID); err != nil {
			return err
		}
		return s.audit(ctx, by, "token.delete", object("token", tokenID), map[string]int64{"user": userID})
	})
	if err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}
