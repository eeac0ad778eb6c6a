package main

import (
	"log/slog"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"letterbox/internal/config"
)

// settings gives a command the flags of these settings and --config. The result reads the configuration when the
// command runs.
func settings(c *cobra.Command, keys ...string) func() (config.Config, error) {
	file := c.Flags().String("config", "", "TOML file with settings (or LETTERBOX_CONFIG)")
	values := map[string]*string{}
	for _, f := range config.Fields() {
		if f.Flag != "" && slices.Contains(keys, f.Key) {
			values[f.Flag] = c.Flags().String(f.Flag, "", f.Doc+" (or "+f.Env+")"+byDefault(f))
		}
	}
	return func() (config.Config, error) {
		src := config.Source{Env: os.Environ(), File: *file, Flags: map[string]string{}}
		for name, value := range values {
			if c.Flags().Changed(name) {
				src.Flags[name] = *value
			}
		}
		return config.Load(src)
	}
}

func byDefault(f config.Field) string {
	if f.Default == "" {
		return ""
	}
	return " (default " + f.Default + ")"
}

// logger writes the program log to the error output.
func (p *program) logger(cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.stderr, options))
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}
