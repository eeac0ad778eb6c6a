package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/internal/secret"
)

func (p *program) keyCommand() *cobra.Command {
	return group("key", "Keys that encrypt stored credentials", "  letterbox key new\n  letterbox key rotate",
		p.keyNewCommand(), p.keyRotateCommand(), p.keyForgetCommand())
}

func (p *program) keyNewCommand() *cobra.Command {
	return &cobra.Command{
		Use: "new", Short: "Print a new key for LETTERBOX_SECRET_KEY", Example: "  LETTERBOX_SECRET_KEY=$(letterbox key new)", Args: cobra.NoArgs,
		RunE: does(func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, secret.Generate())
			return err
		}),
	}
}

func (p *program) keyRotateCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "rotate", Short: "Seal the stored credentials with another key",
		Long: `Seal all stored credentials with another key, so that the old one opens nothing any more. Stop every process that
uses the database first. The key file gets a new key, and loses the old one at the end. With LETTERBOX_SECRET_KEY put
the new key in front of the old one, separated by a comma, rotate, and remove the old one then. Keep the old key with
backups that were made before: it opens what is in them.`,
		Example: "  letterbox key rotate --data data", Args: cobra.NoArgs,
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, _ []string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		n, err := app.RotateKey(c.Context(), cfg, p.logger(cfg))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%d sealed anew\n", n)
		return err
	})
	return c
}

func (p *program) keyForgetCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "forget", Short: "Clear the mail passwords that no key opens any more",
		Long: `Clear the stored mail passwords that were encrypted with a key that is lost, so that the server starts again. It
prints the inboxes whose password is to be entered again. Passwords that the key opens stay.`,
		Example: "  letterbox key forget --data data", Args: cobra.NoArgs,
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, _ []string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		names, err := app.ForgetPasswords(c.Context(), cfg, p.logger(cfg))
		for _, name := range names {
			_, werr := fmt.Fprintln(p.stdout, name)
			err = errors.Join(err, werr)
		}
		return err
	})
	return c
}
