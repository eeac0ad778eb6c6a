package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"letterbox/gateway/mailbox/archive"
	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import --inbox NAME FILE.mbox|DIR|FILE.eml...", Short: "Take mails from files: mbox, Maildir, folders of .eml; or issues of an older system",
		Long: `Take mails from files through all steps, as if they had arrived in the inbox. Mails that were imported before are
recognised by their content and do nothing, so an import that broke off is simply run again.
The exit status is 1 when a mail could not be handled; the inbound log says why.`,
		Example: "  letterbox import --inbox support old.mbox\n  letterbox import --inbox support mails/ one.eml", Args: cobra.MinimumNArgs(1),
	}
	inbox := inboxFlag(c)
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		ib, err := a.Gateway.InboxByName(ctx, *inbox)
		if err != nil {
			return inboxError(*inbox, err)
		}
		box, err := archive.Open(args...)
		if err != nil {
			return err
		}
		messages, err := a.Gateway.Import(ctx, ib.ID, box)
		open := p.tally(messages)
		if err != nil {
			return err
		}
		if open > 0 {
			return fmt.Errorf("%d messages are not finished; run the import again", open)
		}
		return nil
	})
	c.AddCommand(p.importIssuesCommand())
	return c
}

// tally prints how many messages came to which result and returns how many came to none.
func (p *program) tally(messages []models.Message) (open int) {
	counts := map[string]int{}
	for _, m := range messages {
		counts[string(m.State)]++
		if !m.State.Final() {
			open++
		}
	}
	states := make([]string, 0, len(counts))
	for state := range counts {
		states = append(states, state)
	}
	slices.Sort(states)
	fmt.Fprintf(p.stdout, "%d messages\n", len(messages))
	for _, state := range states {
		fmt.Fprintf(p.stdout, "  %-12s %d\n", state, counts[state])
	}
	return open
}
