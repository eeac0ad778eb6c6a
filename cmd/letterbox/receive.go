package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) receiveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "receive --inbox NAME [FILE]", Short: "Take one message from stdin or a file, as a mail server's pipe does",
		Long: `Take one message from stdin or a file through all steps now, as a mail server hands it to a pipe.

Exit status: 0 the message is handled (whatever became of it: the inbound log says), 65 the input is not a message,
75 it could not be handled now and is to be handed in again. The same octets handed in twice have their effect once.`,
		Example: `  letterbox receive --inbox support < mail.eml
  # Postfix, master.cf:
  #   letterbox unix - n n - - pipe user=letterbox argv=/usr/local/bin/letterbox receive --inbox support`,
		Args: cobra.MaximumNArgs(1),
	}
	inbox := inboxFlag(c)
	inner := p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		in := p.stdin
		if len(args) == 1 && args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return &exitError{exitNotMessage, err}
			}
			defer f.Close()
			in = f
		}
		return p.receive(ctx, a, *inbox, in)
	})
	c.RunE = func(c *cobra.Command, args []string) error { return tryLater(inner(c, args)) }
	return c
}

func inboxFlag(c *cobra.Command) *string {
	name := c.Flags().String("inbox", "", "name of the inbox, or its number")
	if err := c.MarkFlagRequired("inbox"); err != nil {
		panic(err) // The flag was made in the line before.
	}
	return name
}

// tryLater makes every failure one after which the mail server keeps the message, except that it is none.
func tryLater(err error) error {
	if err == nil {
		return nil
	}
	if exit, ok := errors.AsType[*exitError](err); ok && exit.code == exitNotMessage {
		return err
	}
	return &exitError{exitTryLater, err}
}

func (p *program) receive(ctx context.Context, a *app.App, inbox string, in io.Reader) error {
	buffered := bufio.NewReaderSize(in, message.Sniffed)
	head, err := buffered.Peek(message.Sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the message: %w", err)
	}
	if !message.Recognise(head) {
		return &exitError{exitNotMessage, errors.New("the input is not a message: it has no header field of one")}
	}
	ib, err := a.Gateway.InboxByName(ctx, inbox)
	if err != nil {
		return inboxError(inbox, err)
	}
	m, err := a.Gateway.Receive(ctx, ib.ID, "receive", buffered)
	if errors.Is(err, gateway.ErrTryLater) && m.ErrorCode != "" {
		return fmt.Errorf("message %d: %s: %w", m.ID, m.ErrorCode, err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, outcome(m))
	return nil
}

// outcome says in one line what became of a message.
func outcome(m models.Message) string {
	s := fmt.Sprintf("message %d: %s", m.ID, m.State)
	if m.Reason != "" {
		s += " (" + m.Reason + ")"
	}
	if m.IssueNumber != nil {
		s += fmt.Sprintf(", issue #%d", *m.IssueNumber)
	}
	return s
}
