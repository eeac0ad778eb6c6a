package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) inboxCommand() *cobra.Command {
	return group("inbox", "List, check and visit inboxes, keep them as a file", "  letterbox inbox list\n  letterbox inbox check support",
		p.inboxListCommand(), p.inboxCheckCommand(), p.inboxPollCommand(), p.inboxReconcileCommand(), p.inboxExportCommand(), p.inboxImportCommand(), p.inboxReadingCommand())
}

// inboxRow is a row of "inbox list".
type inboxRow struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	Enabled  bool   `json:"enabled"`
	Receive  string `json:"receive"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	State    string `json:"state"`
	Code     string `json:"code"` // Why it fails; "" when it does not.
	Accepted int    `json:"accepted_today"`
	Refused  int    `json:"refused_today"`
	Other    int    `json:"other_today"`
}

func (p *program) inboxListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the inboxes and how they are doing", Example: "  letterbox inbox list --json", Args: cobra.NoArgs}
	rows := newList(c, []string{"ID", "NAME", "ADDRESS", "SERVER", "STATE", "TODAY"}, func(r inboxRow) []string {
		server := r.Receive
		if r.Host != "" {
			server = fmt.Sprintf("%s %s:%d", r.Receive, r.Host, r.Port)
		}
		return []string{
			fmt.Sprint(r.ID), r.Name, r.Address, server, strings.TrimSpace(r.State + " " + r.Code),
			fmt.Sprintf("%d accepted, %d refused, %d other", r.Accepted, r.Refused, r.Other),
		}
	})
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, _ []string) error {
		views, err := a.Gateway.Inboxes(ctx)
		if err != nil {
			return err
		}
		list := make([]inboxRow, len(views))
		for i, v := range views {
			list[i] = inboxRow{
				ID: v.ID, Name: v.Name, Address: v.Address, Enabled: v.Enabled, Receive: v.Settings.Receive, Host: v.Settings.Host, Port: v.Settings.Port,
				State: string(v.Status.State), Code: v.Status.Code, Accepted: v.Today.Accepted, Refused: v.Today.Refused, Other: v.Today.Other,
			}
		}
		return rows.print(p.stdout, list)
	})
	return c
}

func (p *program) inboxCheckCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "check NAME", Short: "Try the connection of an inbox, phase by phase; changes nothing",
		Long: `Try the connection of an inbox, phase by phase. Nothing changes in the mailbox.
The exit status is 0 when all went well, 4 when the server cannot be reached, 1 when something else failed.`,
		Example: "  letterbox inbox check support", Args: cobra.ExactArgs(1),
	}
	c.RunE = p.inInbox(c, func(ctx context.Context, a *app.App, ib gateway.InboxView) error {
		report, err := a.Gateway.CheckInbox(ctx, ib.ID, p.phase)
		if err != nil || report.OK {
			return err
		}
		for _, ph := range report.Phases {
			if ph.State == "failed" && (ph.Phase == mailbox.PhaseDNS || ph.Phase == mailbox.PhaseConnect || ph.Phase == mailbox.PhaseTLS) {
				return &exitError{exitUnreachable, nil}
			}
		}
		return &exitError{exitFailed, nil}
	})
	return c
}

// phase prints one phase of a check as it ends.
func (p *program) phase(ph gateway.CheckPhase) {
	text := ""
	switch ph.State {
	case "failed":
		text = sentence(ph.Code, ph.Args)
	case "ok":
		text = values(ph.Args)
		if ph.Code != "" { // It works, and there is something to think of.
			text = sentence(ph.Code, ph.Args)
		}
	}
	line := fmt.Sprintf("%-8s %-8s %6s ms  %s", ph.Phase, ph.State, fmt.Sprint(ph.Duration.Round(time.Millisecond).Milliseconds()), strings.TrimSpace(text))
	fmt.Fprintln(p.stdout, strings.TrimRight(printable(line), " "))
}

func (p *program) inboxPollCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "poll NAME", Short: "Have the running server visit an inbox now",
		Long: `Have the running server visit an inbox now: within two seconds it looks and takes in what is there.
The command does not wait for that.`,
		Example: "  letterbox inbox poll support", Args: cobra.ExactArgs(1),
	}
	c.RunE = p.inInbox(c, func(ctx context.Context, a *app.App, ib gateway.InboxView) error {
		if ib.Status.State == models.InboxPaused {
			return fmt.Errorf("the inbox %q is paused", ib.Name)
		}
		return a.Gateway.Poll(ctx, ib.ID)
	})
	return c
}

func (p *program) inboxReconcileCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "reconcile NAME", Short: "Compare what the server lists with what is known here",
		Long: `Compare what the server lists with what is known here. The exit status is 1 when a message is unaccounted for; the next
visit of the server fetches it.`,
		Example: "  letterbox inbox reconcile support", Args: cobra.ExactArgs(1),
	}
	c.RunE = p.inInbox(c, func(ctx context.Context, a *app.App, ib gateway.InboxView) error {
		r, err := a.Gateway.Reconcile(ctx, ib.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "on the server %d, known here %d, unaccounted for %d, left alone %d\n", r.Server, r.Ledger, r.Unaccounted, r.Before)
		if r.Unaccounted > 0 {
			return &exitError{exitFailed, nil}
		}
		return nil
	})
	return c
}

// inInbox is inApp for commands with the name of an inbox as their argument.
func (p *program) inInbox(c *cobra.Command, f func(context.Context, *app.App, gateway.InboxView) error) func(*cobra.Command, []string) error {
	return p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		ib, err := a.Gateway.InboxByName(ctx, args[0])
		if err != nil {
			return inboxError(args[0], err)
		}
		return f(ctx, a, ib)
	})
}

func inboxError(name string, err error) error { return noSuch(err, "inbox", name) }
