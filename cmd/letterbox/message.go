package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/internal/app"
	"letterbox/models"
	"letterbox/tracker"
)

func (p *program) messageCommand() *cobra.Command {
	return group("message", "The inbound log: what became of each message, and why", "  letterbox message list --inbox support --state rejected\n  letterbox message show 17",
		p.messageListCommand(), p.messageShowCommand(), p.messageRawCommand(), p.messageReprocessCommand())
}

// messageRow is a message as the lists show it, with the names of the API.
type messageRow struct {
	ID          int64               `json:"id"`
	Inbox       int64               `json:"inbox"`
	InboxName   string              `json:"inbox_name"`
	State       models.MessageState `json:"state"`
	Reason      string              `json:"reason"`
	Subject     string              `json:"subject"`
	From        string              `json:"from"`
	MessageID   string              `json:"message_id"`
	Issue       *int64              `json:"issue"`
	Comment     *int64              `json:"comment"`
	ReceivedAt  time.Time           `json:"received_at"`
	SettleState models.SettleState  `json:"settle_state"`
	Attempts    int                 `json:"attempts"`
}

func newMessageRow(m models.Message, inbox string) messageRow {
	return messageRow{
		ID: m.ID, Inbox: m.InboxID, InboxName: inbox, State: m.State, Reason: m.Reason, Subject: m.Subject, From: m.FromAddress, MessageID: m.RFCMessageID,
		Issue: m.IssueNumber, Comment: m.CommentID, ReceivedAt: m.ReceivedAt, SettleState: m.SettleState, Attempts: m.Attempts,
	}
}

func (p *program) messageListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List messages, newest first",
		Example: "  letterbox message list\n  letterbox message list --inbox support --state rejected --limit 200 --json", Args: cobra.NoArgs,
	}
	inbox := c.Flags().String("inbox", "", "only of this inbox")
	var q gateway.MessageQuery
	state := c.Flags().String("state", "", "only in this state: created, commented, rejected, ignored, ...")
	c.Flags().StringVar(&q.Reason, "reason", "", "only with this reason")
	c.Flags().StringVar(&q.Text, "search", "", "only with this in sender, subject or Message-ID")
	limit := c.Flags().Int("limit", 50, "at most so many")
	rows := newList(c, []string{"ID", "RECEIVED", "INBOX", "STATE", "REASON", "ISSUE", "FROM", "SUBJECT"}, func(r messageRow) []string {
		issue := "-"
		if r.Issue != nil {
			issue = fmt.Sprintf("#%d", *r.Issue)
		}
		return []string{
			fmt.Sprint(r.ID), clock(&r.ReceivedAt), r.InboxName, string(r.State), r.Reason, issue, shorten(r.From, 40), shorten(r.Subject, 60),
		}
	})
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, _ []string) error {
		if *limit < 1 {
			return &exitError{exitUsage, errors.New("--limit takes a number from 1")}
		}
		inboxes, err := inboxNames(ctx, a)
		if err != nil {
			return err
		}
		if *inbox != "" {
			ib, err := a.Gateway.InboxByName(ctx, *inbox)
			if err != nil {
				return inboxError(*inbox, err)
			}
			q.InboxIDs = []int64{ib.ID}
		}
		q.State = models.MessageState(*state)
		list, err := collect(ctx, a, q, *limit, inboxes)
		if err != nil {
			return err
		}
		return rows.print(p.stdout, list)
	})
	return c
}

// collect reads pages of the log until there are limit rows.
func collect(ctx context.Context, a *app.App, q gateway.MessageQuery, limit int, inboxes map[int64]string) ([]messageRow, error) {
	var list []messageRow
	for len(list) < limit {
		q.Limit = min(limit-len(list), 200)
		page, err := a.Gateway.Messages(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range page.Items {
			list = append(list, newMessageRow(m, inboxes[m.InboxID]))
		}
		if page.Next == "" {
			break
		}
		q.Cursor = page.Next
	}
	return list, nil
}

func inboxNames(ctx context.Context, a *app.App) (map[int64]string, error) {
	views, err := a.Gateway.Inboxes(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[int64]string{}
	for _, v := range views {
		byID[v.ID] = v.Name
	}
	return byID, nil
}

func (p *program) messageRawCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "raw ID", Short: "Write the octets of a message as they were received",
		Long:    "Write the octets of a message as they were received to stdout. The audit log notes it.",
		Example: "  letterbox message raw 17 > mail.eml", Args: cobra.ExactArgs(1),
	}
	c.RunE = p.inMessage(c, func(ctx context.Context, a *app.App, id int64) error {
		r, _, err := a.Gateway.RawMessage(ctx, tracker.CommandLine(), id)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(p.stdout, r)
		return err
	})
	return c
}

func (p *program) messageReprocessCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "reprocess ID", Short: "Decide a message again with the rules in force",
		Long:    "Decide a message again with the rules in force. What it made before stays, and the mail server is not told again.",
		Example: "  letterbox message reprocess 17", Args: cobra.ExactArgs(1),
	}
	c.RunE = p.inMessage(c, func(ctx context.Context, a *app.App, id int64) error {
		m, err := a.Gateway.Reprocess(ctx, tracker.CommandLine(), id)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, outcome(m))
		return nil
	})
	return c
}

// inMessage is inApp for commands with the number of a message as their argument.
func (p *program) inMessage(c *cobra.Command, f func(ctx context.Context, a *app.App, id int64) error) func(*cobra.Command, []string) error {
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("one number of a message is needed")
		}
		if id, err := strconv.ParseInt(args[0], 10, 64); err != nil || id < 1 {
			return fmt.Errorf("%q is not the number of a message", args[0])
		}
		return nil
	}
	return p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return err
		}
		err = f(ctx, a, id)
		if errors.Is(err, models.ErrNotFound) {
			return fmt.Errorf("message %d, or what was asked of it, is not there (any more)", id)
		}
		return err
	})
}
