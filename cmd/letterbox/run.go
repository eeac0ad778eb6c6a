package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/internal/config"
)

// The exit statuses.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitConfig      = 3
	exitUnreachable = 4
	exitNotMessage  = 65 // EX_DATAERR of sysexits.h: do not hand it in again.
	exitTryLater    = 75 // EX_TEMPFAIL: the mail server keeps the message and tries again.
)

// exitError is an error that says with which status the program ends. Err may be nil when all has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run runs the program and returns its exit status. It ends soon after ctx.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin, stdout, stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := exitUsage // Cobra's own errors are all about flags, arguments and names of commands.
	if exit, ok := errors.AsType[*exitError](err); ok {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	for line := range strings.SplitSeq(p.explain(err), "\n") {
		fmt.Fprintf(stderr, "letterbox: %s\n", line)
	}
	if code == exitUsage {
		fmt.Fprintln(stderr, `Use "letterbox --help", or --help behind a command.`)
	}
	return code
}

func (p *program) root() *cobra.Command {
	root := p.serveCommand()
	root.Use = "letterbox"
	root.Short = "An issue tracker that is fed by e-mail"
	root.Long = `Letterbox reads mailboxes over IMAP and POP3 and turns what arrives into issues and comments.

Without a command it serves like "letterbox serve": pages and API on http://127.0.0.1:8080, everything in the
folder "data".`
	root.Example = `  letterbox
  letterbox demo
  letterbox inbox check support`
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.receiveCommand(), p.importCommand(), p.inspectCommand(), p.migrateCommand(),
		p.userCommand(), p.tokenCommand(), p.inboxCommand(), p.templateCommand(), p.scriptCommand(), p.messageCommand(), p.retentionCommand(), p.keyCommand(), p.configCommand(),
		p.backupCommand(), p.verifyCommand(), p.restoreCommand(), p.healthcheckCommand(), p.versionCommand())
	return root
}

// group is a command that only holds others.
func group(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath())
			}
			return fmt.Errorf("%q needs a command: %s", c.CommandPath(), strings.Join(names(c), ", "))
		},
	}
	c.AddCommand(commands...)
	return c
}

func names(c *cobra.Command) (list []string) {
	for _, sub := range c.Commands() {
		list = append(list, sub.Name())
	}
	return list
}

// does makes an action of a command out of f: its errors end the program with status 1 unless they say otherwise.
func does(f func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		err := f(c, args)
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[*exitError](err); ok {
			return err
		}
		if problems, ok := errors.AsType[config.Problems](err); ok {
			return &exitError{exitConfig, problems}
		}
		return &exitError{exitFailed, err}
	}
}
