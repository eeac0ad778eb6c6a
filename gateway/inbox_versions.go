package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// ConfigVersion is what was set of an inbox from one moment on. Of secrets it says only whether there was one.
type ConfigVersion struct {
	models.InboxVersion
	Who    string // Name of the person; "" for a command, or when the person is gone.
	Config inboxfile.Inbox
}

type versionless struct{}

// versioned runs fn in a transaction, and keeps what it has made of the inbox as a version: a change and its version take
// effect together. What the inbox was before is kept first when no version of it is there yet.
func (g *Gateway) versioned(ctx context.Context, by *models.User, id int64, action string, fn func(ctx context.Context) error) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if ctx.Value(versionless{}) != nil { // Part of a larger change.
			return fn(ctx)
		}
		_, err := g.Store.LatestInboxVersion(ctx, id)
		if errors.Is(err, models.ErrNotFound) {
			err = g.keepVersion(ctx, nil, id, "")
		}
		if err != nil && !errors.Is(err, models.ErrNotFound) { // No such inbox: fn says so.
			return err
		}
		if err := fn(ctx); err != nil {
			return err
		}
		return g.keepVersion(ctx, by, id, action)
	})
}

// keepVersion keeps an inbox as it is now, unless it is as in its latest version. It is called in the transaction of what
// has changed it.
func (g *Gateway) keepVersion(ctx context.Context, by *models.User, id int64, action string) error {
	if ctx.Value(versionless{}) != nil {
		return nil
	}
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return err
	}
	config, err := g.configOf(ctx, ib)
	if err != nil {
		return err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("describe inbox %d: %w", id, err)
	}
	last, err := g.Store.LatestInboxVersion(ctx, id)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if last.Config == string(text) {
		return nil
	}
	return g.Store.AddInboxVersion(ctx, &models.InboxVersion{
		InboxID: id, Kept: models.Kept{Version: last.Version + 1, Action: action, Config: string(text), CreatedBy: idOf(by), CreatedAt: now()},
	})
}

// ConfigVersions returns the versions of an inbox, newest first; at most 200.
func (g *Gateway) ConfigVersions(ctx context.Context, inboxID int64) ([]ConfigVersion, error) {
	list, err := g.Store.VersionsOfInbox(ctx, inboxID)
	if err != nil {
		return nil, err
	}
	return g.configVersions(ctx, list...)
}

// ConfigVersion returns one version of an inbox; models.ErrNotFound when there is none.
func (g *Gateway) ConfigVersion(ctx context.Context, inboxID, version int64) (ConfigVersion, error) {
	v, err := g.Store.InboxVersion(ctx, inboxID, version)
	if err != nil {
		return ConfigVersion{}, err
	}
	all, err := g.configVersions(ctx, v)
	if err != nil {
		return ConfigVersion{}, err
	}
	return all[0], nil
}

func (g *Gateway) configVersions(ctx context.Context, list ...models.InboxVersion) ([]ConfigVersion, error) {
	var ids []int64
	for _, v := range list {
		if v.CreatedBy != nil {
			ids = append(ids, *v.CreatedBy)
		}
	}
	names, err := g.People(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]ConfigVersion, len(list))
	for i, v := range list {
		out[i] = ConfigVersion{InboxVersion: v}
		if v.CreatedBy != nil {
			out[i].Who = names[*v.CreatedBy]
		}
		if err := json.Unmarshal([]byte(v.Config), &out[i].Config); err != nil {
			return nil, fmt.Errorf("read version %d of inbox %d: %w", v.Version, v.InboxID, err)
		}
		if s := out[i].Config.Sending; s != nil && s.ClientSecret == "" { // Older versions do not say so.
			s.ClientSecret, s.Certificate = inboxfile.None, inboxfile.None
		}
	}
	return out, nil
}

// Config returns what is set of an inbox now. Of secrets only whether there is one.
func (g *Gateway) Config(ctx context.Context, inboxID int64) (inboxfile.Inbox, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return inboxfile.Inbox{}, err
	}
	return g.configOf(ctx, ib)
}

// Restoring returns the import that makes an inbox what it was in one of its versions, as a new one. Secrets stay as they
// are stored.
func (g *Gateway) Restoring(ctx context.Context, inboxID, version int64) (ConfigImport, error) {
	v, err := g.ConfigVersion(ctx, inboxID, version)
	if err != nil {
		return ConfigImport{}, err
	}
	c := v.Config
	c.Password, c.ClientSecret, c.Certificate = inboxfile.Keep, inboxfile.Keep, inboxfile.Keep
	if c.Sending, err = g.sendingToRestore(ctx, v); err != nil {
		return ConfigImport{}, err
	}
	raw, err := inboxfile.Write(c)
	if err != nil {
		return ConfigImport{}, err
	}
	entries, err := inboxfile.Read(raw)
	if err != nil {
		return ConfigImport{}, fmt.Errorf("read version %d of inbox %d: %w", version, inboxID, err)
	}
	return ConfigImport{Entries: entries, Inbox: inboxID, Restores: version}, nil
}
