package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/config"
	"letterbox/internal/secret"
)

func (p *program) configCommand() *cobra.Command {
	return group("config", "Look at the settings of the program", "  letterbox config example > letterbox.toml",
		p.configCheckCommand(), p.configExampleCommand())
}

func (p *program) configCheckCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "check", Short: "Read flags, environment and file, and print the settings in force or all that is wrong",
		Long: `Read flags, environment and file, and print the settings in force without secrets.
What is wrong is printed all at once; the exit status is then 3. Nothing is opened or created.`,
		Example: "  letterbox config check --config letterbox.toml", Args: cobra.NoArgs,
	}
	load := settings(c, "listen", "db", "data", "base_url", "allowed_networks", "smime_keys", "smime_roots", "role", "log_level", "log_format")
	c.RunE = does(func(*cobra.Command, []string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		if cfg.SecretKey != "" {
			if _, err := secret.Parse(cfg.SecretKey); err != nil {
				return &exitError{exitConfig, fmt.Errorf("LETTERBOX_SECRET_KEY: %w", err)}
			}
		}
		return cfg.WriteEffective(p.stdout)
	})
	return c
}

func (p *program) configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use: "example", Short: "Print a TOML file with every setting, its meaning and its default",
		Example: "  letterbox config example > letterbox.toml", Args: cobra.NoArgs,
		RunE: does(func(*cobra.Command, []string) error { return config.WriteExample(p.stdout) }),
	}
}
