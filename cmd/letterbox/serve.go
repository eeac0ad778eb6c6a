package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
)

func (p *program) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Serve pages and API, and read the inboxes",
		Long: `Serve pages and API, and read the inboxes, until SIGINT or SIGTERM.

It prints the address and, as long as nobody can sign in, a one-time link that makes the first admin. Any number of
processes may share one MySQL or MariaDB database; --role splits pages from mail.`,
		Example: `  letterbox serve
  letterbox serve --listen 0.0.0.0:8080 --data /var/lib/letterbox
  letterbox serve --role gateway --db 'mysql:letterbox:PASSWORD@tcp(127.0.0.1:3306)/letterbox'`,
		Args: cobra.NoArgs,
	}
	load := settings(c, "listen", "db", "data", "base_url", "allowed_networks", "smime_keys", "smime_roots", "role", "log_level", "log_format")
	c.RunE = does(func(c *cobra.Command, _ []string) (err error) {
		cfg, err := load()
		if err != nil {
			return err
		}
		a, err := app.New(c.Context(), cfg, p.logger(cfg))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		return a.Serve(c.Context(), p.ready)
	})
	return c
}

func (p *program) ready(r app.Ready) {
	if r.URL != "" {
		fmt.Fprintf(p.stdout, "Letterbox answers at %s\n", r.URL)
	} else {
		fmt.Fprintln(p.stdout, "Letterbox reads the inboxes")
	}
	if r.Setup != "" {
		fmt.Fprintf(p.stdout, "Make the first admin, once, at %s\n", r.Setup)
	}
}
