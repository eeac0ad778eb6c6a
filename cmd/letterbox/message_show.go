package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) messageShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "Show what became of a message, step by step", Example: "  letterbox message show 17\n  letterbox message show 17 --json", Args: cobra.ExactArgs(1),
	}
	asJSON := c.Flags().Bool("json", false, "print one JSON object")
	c.RunE = p.inMessage(c, func(ctx context.Context, a *app.App, id int64) error {
		m, traces, err := a.Gateway.Message(ctx, id)
		if err != nil {
			return err
		}
		inboxes, err := inboxNames(ctx, a)
		if err != nil {
			return err
		}
		row := newMessageRow(m, inboxes[m.InboxID])
		if *asJSON {
			entries := []models.TraceEntry{}
			for _, t := range traces {
				entries = append(entries, t.Entries...)
			}
			return json.NewEncoder(p.stdout).Encode(struct {
				messageRow
				Trace []models.TraceEntry `json:"trace"`
			}{row, entries})
		}
		return p.showMessage(row, traces)
	})
	return c
}

func (p *program) showMessage(r messageRow, traces []models.Trace) error {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-11s %s\n", name, printable(value))
		}
	}
	line("Message", strconv.FormatInt(r.ID, 10))
	line("Inbox", r.InboxName)
	line("Received", clock(&r.ReceivedAt))
	line("From", r.From)
	line("Subject", r.Subject)
	line("Message-ID", r.MessageID)
	line("State", string(r.State))
	if r.Reason != "" {
		line("Reason", reason(r, traces))
	}
	if r.Issue != nil {
		line("Issue", fmt.Sprintf("#%d", *r.Issue))
	}
	line("Server", string(r.SettleState))
	for _, t := range traces {
		fmt.Fprintf(&b, "\nRun %d, %s\n", t.Run+1, clock(&t.CreatedAt))
		for _, e := range t.Entries {
			fmt.Fprintf(&b, "  %-7s %s\n", e.Step, printable(story(e)))
		}
	}
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

// reason is the verdict in words, with what the last run looked at.
func reason(r messageRow, traces []models.Trace) string {
	verdict := models.TraceEntry{Code: "verdict." + r.Reason, Args: map[string]string{"address": r.From}}
	if r.Issue != nil {
		verdict.Args["key"] = fmt.Sprintf("#%d", *r.Issue)
	}
	for _, t := range traces {
		for _, e := range t.Entries {
			if e.Code == verdict.Code {
				maps.Copy(verdict.Args, e.Args)
			}
		}
	}
	return story(verdict) + " (" + r.Reason + ")"
}

// story is a line of the trace in words, or its code and values where the catalogue has no sentence.
func story(e models.TraceEntry) string {
	for _, key := range []string{e.Code, "trace." + e.Code, "check." + e.Code} {
		if text := sentence(key, e.Args); text != key {
			return strings.TrimPrefix(text, key+" ")
		}
	}
	return e.Code + values(e.Args)
}
