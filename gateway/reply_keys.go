package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// ReplyKeysSetting names the setting in which the keys of signed references are kept, sealed.
const ReplyKeysSetting = "reply_keys"

// How long the keys are kept in memory, and how long it is that there are none.
const (
	keysFor   = time.Minute
	noKeysFor = 2 * time.Second
)

// replyKeys are the keys of signed references, once there are any.
type replyKeys struct {
	keys outbound.Keys
	good bool
}

// signing returns the keys that sign references, and makes them when there are none.
func (g *Gateway) signing(ctx context.Context) (outbound.Keys, error) {
	if k, ok, err := g.trusted(ctx); ok || err != nil {
		return k, err
	}
	g.keys.empty()
	text, err := outbound.NewKeys().Encode()
	if err != nil {
		return outbound.Keys{}, err
	}
	sealed, err := g.Secrets.Seal(text, "settings/"+ReplyKeysSetting)
	if err != nil {
		return outbound.Keys{}, fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	if sealed, err = g.Store.FirstSetting(ctx, ReplyKeysSetting, sealed); err != nil {
		return outbound.Keys{}, err
	}
	k, err := g.openKeys(sealed) // Not cached: the transaction in ctx may come to nothing.
	if err == nil {
		return k, nil
	}
	if sealed, err = g.Secrets.Seal(text, "settings/"+ReplyKeysSetting); err != nil { // The old key of stored secrets is lost.
		return outbound.Keys{}, fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	if err := g.Store.SetSetting(ctx, ReplyKeysSetting, sealed); err != nil {
		return outbound.Keys{}, err
	}
	return g.openKeys(sealed)
}

// trusted returns the keys that verify references; false when there are none yet.
func (g *Gateway) trusted(ctx context.Context) (outbound.Keys, bool, error) {
	if k, age := g.keys.get(); k.good && age < keysFor || !k.good && age < noKeysFor {
		return k.keys, k.good, nil
	}
	read := time.Now()
	sealed, err := g.Store.Setting(ctx, ReplyKeysSetting)
	if errors.Is(err, models.ErrNotFound) {
		g.keys.keep(replyKeys{}, read)
		return outbound.Keys{}, false, nil
	}
	if err != nil {
		return outbound.Keys{}, false, err
	}
	k, err := g.openKeys(sealed)
	if err != nil { // Mail must come in all the same: signed references are as none.
		g.Log.LogAttrs(ctx, slog.LevelWarn, "keys of reply addresses not usable", slog.Any("err", err))
		return outbound.Keys{}, false, nil
	}
	if !g.Store.InTx(ctx) {
		g.keys.keep(replyKeys{k, true}, read)
	}
	return k, true, nil
}

func (g *Gateway) openKeys(sealed string) (outbound.Keys, error) {
	text, err := g.Secrets.Open(sealed, "settings/"+ReplyKeysSetting)
	if err != nil {
		return outbound.Keys{}, fmt.Errorf("open the keys of reply addresses: %w", err)
	}
	return outbound.DecodeKeys(text)
}

// RotateReplyKeys has references signed with a new key from now on; those of the last seven keys still verify.
func (g *Gateway) RotateReplyKeys(ctx context.Context, by *models.User) error {
	k, err := g.signing(ctx)
	if err != nil {
		return err
	}
	text, err := k.Rotate().Encode()
	if err != nil {
		return err
	}
	sealed, err := g.Secrets.Seal(text, "settings/"+ReplyKeysSetting)
	if err != nil {
		return fmt.Errorf("seal the keys of reply addresses: %w", err)
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.SetSetting(ctx, ReplyKeysSetting, sealed); err != nil {
			return err
		}
		return g.audit(ctx, by, "reply_keys.rotate", "settings", nil)
	})
	g.keys.empty()
	return err
}
