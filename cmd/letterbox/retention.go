package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) retentionCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "retention", Short: "Remove raw mails, traces and log lines that are past their days, or show them",
		Long: `Remove raw mails, traces and lines of the inbound log that are past their days. The server does so by itself every
hour once retention is switched on (page "Retention"); until then everything is kept for good.
With --dry-run nothing is removed. The exit status is 1 when the clock cannot be trusted; look at it, then --confirm.`,
		Example: "  letterbox retention --dry-run\n  letterbox retention --confirm", Args: cobra.NoArgs,
	}
	dry := c.Flags().Bool("dry-run", false, "show what would be removed and remove nothing")
	asJSON := c.Flags().Bool("json", false, "print JSON")
	confirm := c.Flags().Bool("confirm", false, "say that the clock is right, after nothing was removed because of it")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, _ []string) error {
		if *dry {
			settings, err := a.Gateway.Retention(ctx)
			if err != nil {
				return err
			}
			report, err := a.Gateway.RetentionPreview(ctx, settings)
			return errors.Join(err, p.printRetention(report, *asJSON))
		}
		if *confirm {
			if err := a.Gateway.ConfirmRetention(ctx, nil); err != nil {
				return err
			}
		}
		report, err := a.Gateway.Retain(ctx, nil)
		if stopped, wrong := errors.AsType[*gateway.RetentionStopped](err); wrong {
			return errors.New(sentence(stopped.Code, nil))
		}
		if err != nil {
			return err
		}
		return p.printRetention(report, *asJSON)
	})
	return c
}

// printRetention prints a report: a line for each inbox, then the rest.
func (p *program) printRetention(r models.RetentionReport, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(p.stdout).Encode(r)
	}
	for _, part := range r.Inboxes {
		name := part.Name
		if name == "" {
			name = fmt.Sprintf("deleted inbox %d", part.InboxID)
		}
		fmt.Fprintf(p.stdout, "%s: %d messages, %d octets older than %d days; %d held, %d waiting\n",
			printable(name), part.Messages, part.Octets, part.Days, part.Held, part.Waiting)
	}
	_, err := fmt.Fprintf(p.stdout, "raw mails %d, octets %d, traces %d, log lines %d, events %d\n", r.Messages(), r.Octets(), r.Traces, r.Lines, r.Events)
	return err
}
