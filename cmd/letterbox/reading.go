package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
)

func (p *program) inboxReadingCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "reading [on|off]", Short: "Have no mail read in any inbox, or read again; without a word, show which",
		Long: `Have no mail read in any inbox, or read again. It is in force within two seconds in every process, without a restart;
mail stays on the servers meanwhile, and the switch of each inbox stays as it is. Without a word it is only shown.`,
		Example: "  letterbox inbox reading off --reason 'the mail server is moved'\n  letterbox inbox reading on", Args: cobra.MaximumNArgs(1),
		ValidArgs: []string{"on", "off"},
	}
	reason := c.Flags().String("reason", "", "why; everybody who signs in reads it")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		if len(args) == 1 {
			if args[0] != "on" && args[0] != "off" {
				return fmt.Errorf("%q is neither on nor off", args[0])
			}
			if err := a.Gateway.SetReading(ctx, nil, args[0] == "off", *reason); err != nil {
				return err
			}
		}
		r, err := a.Gateway.Reading(ctx)
		switch {
		case err != nil:
			return err
		case !r.Off:
			fmt.Fprintln(p.stdout, "on")
		case r.Reason == "":
			fmt.Fprintln(p.stdout, "off since "+r.Since.Format(time.RFC3339))
		default:
			fmt.Fprintln(p.stdout, "off since "+r.Since.Format(time.RFC3339)+": "+printable(r.Reason))
		}
		return nil
	})
	return c
}
