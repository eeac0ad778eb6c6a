package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/internal/config"
	"letterbox/models/store"
)

// databaseSettings are the settings of every command that opens the database.
var databaseSettings = []string{"db", "data", "allowed_networks", "log_level", "log_format"}

// inApp gives a command the flags that open the database, and f the open program. Only what somebody must see is
// logged, unless the command line says otherwise.
func (p *program) inApp(c *cobra.Command, f func(ctx context.Context, a *app.App, args []string) error) func(*cobra.Command, []string) error {
	load := settings(c, databaseSettings...)
	return does(func(c *cobra.Command, args []string) (err error) {
		cfg, err := load()
		if err != nil {
			return err
		}
		a, err := app.New(c.Context(), cfg, p.quietLogger(c, cfg))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		return f(c.Context(), a, args)
	})
}

// openStore opens the database without looking at its schema. create makes the data folder and the embedded database when
// they are not there; otherwise that is an error.
func (p *program) openStore(c *cobra.Command, load func() (config.Config, error), create bool) (*store.Store, error) {
	cfg, err := load()
	if err != nil {
		return nil, err
	}
	if create {
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	} else if path, embedded := strings.CutPrefix(cfg.DB, "sqlite:"); embedded {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
	}
	return app.OpenStore(c.Context(), cfg, p.quietLogger(c, cfg))
}

// quietLogger logs warnings and errors only, unless the level was set.
func (p *program) quietLogger(c *cobra.Command, cfg config.Config) *slog.Logger {
	if cfg.LogLevel == slog.LevelInfo && !c.Flags().Changed("log-level") {
		cfg.LogLevel = slog.LevelWarn
	}
	return p.logger(cfg)
}
