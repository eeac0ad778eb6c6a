package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/internal/config"
	"letterbox/internal/secret"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// RotateKey seals every stored secret with another key and returns how many there are. With the key file it makes a new key,
// and removes the old ones from the file once nothing needs them; with LETTERBOX_SECRET_KEY the first key there is the new one.
// No process may run on the database meanwhile. Whatever fails, and whenever it ends, every secret can be opened by the keys
// that are there then.
func RotateKey(ctx context.Context, cfg config.Config, log *slog.Logger) (n int, err error) {
	s, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckSchema(ctx); err != nil {
		return 0, fmt.Errorf("database schema: %w", err)
	}
	ring, created, err := secret.Load(cfg.SecretKey, cfg.Data)
	if err != nil {
		return 0, fmt.Errorf("secret key: %w", err)
	}
	if created { // There is none to rotate, and the one that the secrets need must not seem to be there.
		return 0, errors.Join(ErrKeyMissing, os.Remove(filepath.Join(cfg.Data, secret.FileName)))
	}
	if err := keyFits(ctx, s, ring); err != nil {
		return 0, err
	}
	if cfg.SecretKey == "" {
		if ring, err = secret.Prepend(cfg.Data); err != nil {
			return 0, fmt.Errorf("write the new key: %w", err)
		}
	}
	n, err = s.Reseal(ctx, func(one store.Sealed) (string, error) {
		where, err := placeOf(one)
		if err != nil {
			return "", err
		}
		plain, err := ring.Open(one.Text, where)
		if err != nil {
			return "", err
		}
		return ring.Seal(plain, where)
	})
	if err != nil || cfg.SecretKey != "" {
		return n, err
	}
	if err := secret.KeepFirst(cfg.Data); err != nil {
		return n, fmt.Errorf("remove the old key: %w", err)
	}
	return n, nil
}

// placeOf is where a sealed value belongs: it opens nowhere else.
func placeOf(one store.Sealed) (string, error) {
	id, err := strconv.ParseInt(one.Row, 10, 64)
	switch one.Table {
	case "inboxes":
		return gateway.InboxSecretPlace(id), err
	case "sending_accounts":
		return gateway.SendingSecretPlace(id), err
	case "second_factors":
		return tracker.FactorPlace(id), err
	case "password_links":
		return models.PasswordLinkPlace(id), err
	case "webhooks":
		return webhook.SecretPlace(id), err
	case "oauth_credentials":
		return gateway.OAuthOwner(one.Row).SecretPlace(strings.TrimSuffix(one.Column, "_enc")), nil
	case "oauth_grants":
		return gateway.OAuthOwner(one.Row).SecretPlace("grant"), nil
	case "smime_keys":
		return gateway.SMIMESecretPlace(one.Row), nil
	case "settings":
		return "settings/" + one.Row, nil
	}
	return "", fmt.Errorf("no place for %s of %s", one.Column, one.Table)
}
