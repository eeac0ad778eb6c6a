package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/secret"
)

func (p *program) keyCommand() *cobra.Command {
	return group("key", "Keys that encrypt stored credentials", "  letterbox key new", p.keyNewCommand())
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
