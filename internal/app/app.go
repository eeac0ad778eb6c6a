// Package app puts the parts of Letterbox together: the database, the key ring, the tracker, the gateway and the web
// server. It is what the commands and the end-to-end tests start.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/internal/config"
	"letterbox/internal/i18n"
	"letterbox/internal/identity"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/templates"
	"letterbox/tracker"
)

// App is a Letterbox that is open and does nothing by itself yet.
type App struct {
	Config  config.Config
	Log     *slog.Logger
	Store   *store.Store
	Tracker *tracker.Service
	Gateway *gateway.Gateway

	Webhooks *webhook.Service

	changes *changes
	signOn  *identity.Provider // Nil when none is configured.
}

// scriptsAtOnce is how many scripts run at the same time; each may need a processor for its two seconds.
const scriptsAtOnce = 2

// New opens the database that cfg names, brings its schema up to date and puts the parts together. A database that a
// newer program has changed is refused (store.ErrSchemaNewer). The caller closes the App.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	policy, err := LoadSMIME(cfg.SMIMEKeys, cfg.SMIMERoots)
	if err != nil {
		return nil, err
	}
	roots, err := loadRoots(cfg.OAuthRoots)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	s, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ring, created, err := secret.Load(cfg.SecretKey, cfg.Data)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("secret key: %w", err), s.Close())
	}
	if err := keyFits(ctx, s, ring); err != nil {
		if created { // The one that was made just now opens nothing that is there.
			err = errors.Join(err, os.Remove(filepath.Join(cfg.Data, secret.FileName)))
		}
		return nil, errors.Join(err, s.Close())
	}
	if created {
		log.LogAttrs(ctx, slog.LevelInfo, "secret key created, keep a copy of it apart from the database")
	}
	cat, err := i18n.Load(templates.Catalogue())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load message catalogue: %w", err), s.Close())
	}
	scripts, err := script.New("", scriptsAtOnce)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("scripts: %w", err), s.Close())
	}
	hooks := webhook.New(webhook.Deps{Store: s, Secrets: ring, Log: log, Dial: netguard.WebDialer(cfg.AllowedNetworks)})
	a := &App{Config: cfg, Log: log, Store: s, changes: newChanges(), signOn: signOn(cfg, roots), Webhooks: hooks}
	hooks.Changed = a.changes.publish
	a.Tracker = tracker.New(tracker.Deps{Store: s, Log: log, Changed: a.changes.publish, Told: a.told, Mail: a.mail, Secrets: ring, Publish: hooks.Publish})
	a.Gateway = gateway.New(gateway.Deps{
		Store: s, Tracker: a.Tracker, Secrets: ring, Log: log, Dial: netguard.Dialer(cfg.AllowedNetworks),
		DialWeb: netguard.WebDialer(cfg.AllowedNetworks), ForbidUnverified: !cfg.AllowUnverifiedTLS, SMIME: policy, Scripts: scripts, Changed: a.changes.publish,
		InboxesPerProject: cfg.InboxesPerProject, BaseURL: cfg.BaseURL, LookupTXT: net.DefaultResolver.LookupTXT,
		Texts:      cat.T,
		Publish:    hooks.Publish,
		OAuthHosts: cfg.OAuthAuthorities, OAuthRoots: roots,
	})
	hooks.Off = a.Gateway.TellWebhookOff
	return a, nil
}

// told has the gateway tell people by mail what the tracker has told them.
func (a *App) told(ctx context.Context, i models.Issue, list []models.Notification) error {
	return a.Gateway.QueueNotices(ctx, i, list)
}

// mail has the gateway send a person a link to choose a password.
func (a *App) mail(ctx context.Context, u models.User, l models.PasswordLink) (bool, error) {
	return a.Gateway.QueueLink(ctx, u, l)
}

// OpenStore opens the database alone, for commands that look at its schema.
func OpenStore(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.Store, error) {
	s, err := store.Open(ctx, cfg.DB, log)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}

func migrate(ctx context.Context, s *store.Store) error {
	err := s.CheckSchema(ctx)
	if errors.Is(err, store.ErrSchemaOlder) {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return fmt.Errorf("database schema: %w", err)
	}
	return nil
}

// Close closes the database.
func (a *App) Close() error { return a.Store.Close() }
