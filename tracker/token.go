package tracker

import (
	"context"
	"fmt"
	"strings"

	"letterbox/models"
)

// CreateToken makes a token with which a program uses the API in the name of a person. The token itself is returned
// once and never again: only its hash is stored. Admins may make one for everybody who may sign in, others for
// themselves; a customer has none.
func (s *Service) CreateToken(ctx context.Context, by *models.User, userID int64, name string) (string, models.Token, error) {
	u, err := s.User(ctx, by, userID)
	if err != nil {
		return "", models.Token{}, err
	}
	if !maySignIn(u) {
		return "", models.Token{}, invalid("user", "E-TOKEN-01")
	}
	if name = cut(line(name), maxName); name == "" {
		name = "API"
	}
	token := tokenPrefix + random()
	row := models.Token{UserID: userID, Name: name, Hash: digest(token), CreatedAt: now()}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		row.ID = 0
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

// TokenUser returns the person in whose name a token speaks. models.ErrNotFound when there is no such token or its
// person may no longer sign in.
func (s *Service) TokenUser(ctx context.Context, token string) (models.User, error) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 200 {
		return models.User{}, models.ErrNotFound
	}
	row, err := s.store.TokenByHash(ctx, digest(token))
	if err != nil {
		return models.User{}, err
	}
	u, err := s.store.UserByID(ctx, row.UserID)
	if err != nil {
		return models.User{}, err
	}
	if !maySignIn(u) {
		return models.User{}, models.ErrNotFound
	}
	if err := s.store.TouchToken(ctx, &row); err != nil {
		return models.User{}, fmt.Errorf("touch token: %w", err)
	}
	return u, nil
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
