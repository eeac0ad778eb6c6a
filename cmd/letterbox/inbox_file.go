package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/internal/app"
	"letterbox/models"
)

// largestSecret is how many octets of a file are read as a secret.
const largestSecret = 64 << 10

func (p *program) inboxExportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "export NAME...", Short: "Write inboxes with everything that is set of them as YAML",
		Long: `Write inboxes with everything that is set of them as YAML: connection, rules, text recognition, flow rules, script,
acknowledgement. The same inboxes are always the same octets. Passwords are never written: "keep" says that there is one.`,
		Example: "  letterbox inbox export support\n  letterbox inbox export --all -o inboxes.yaml",
	}
	_, file := exportFlags(c, "all inboxes", "name the inboxes, or --all")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		var ids []int64
		for _, name := range args {
			ib, err := a.Gateway.InboxByName(ctx, name)
			if err != nil {
				return inboxError(name, err)
			}
			ids = append(ids, ib.ID)
		}
		raw, err := a.Gateway.ExportInboxes(ctx, ids...)
		if err != nil {
			return err
		}
		return p.writeTo(*file, raw)
	})
	return c
}

// exportFlags gives a command that writes things as a file its flags: those that are named, or all.
func exportFlags(c *cobra.Command, everything, neither string) (all *bool, file *string) {
	all = c.Flags().Bool("all", false, everything)
	file = c.Flags().StringP("output", "o", "", "write to this file instead of the standard output")
	c.Args = func(_ *cobra.Command, args []string) error {
		if (len(args) == 0) != *all {
			return errors.New(neither)
		}
		return nil
	}
	return all, file
}

// writeTo writes to a file that only its owner reads, or to the standard output when it has no name.
func (p *program) writeTo(name string, raw []byte) (err error) {
	if name == "" {
		_, err = p.stdout.Write(raw)
	} else {
		err = os.WriteFile(name, raw, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	return nil
}

func (p *program) inboxImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import FILE", Short: "Add and change inboxes as a file of \"inbox export\" says",
		Long: `Add and change inboxes as a file says, found by their names; - is the standard input. The difference is printed first.
All is changed in one transaction, or nothing. What the file leaves out stays as it is, and inboxes that it does not name
stay, too. A secret is "keep" (as it is stored), "none", ${env:NAME} or ${file:/path}.`,
		Example: "  letterbox inbox import inboxes.yaml --dry-run\n  letterbox inbox import inboxes.yaml", Args: cobra.ExactArgs(1),
	}
	dry := c.Flags().Bool("dry-run", false, "print the difference and change nothing")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		raw, err := p.readUpTo(args[0], inboxfile.MaxOctets+1)
		if err != nil {
			return err
		}
		entries, err := inboxfile.Read(raw)
		if err != nil {
			return err
		}
		return p.importFile("inbox", !*dry, func(dry bool, shown string) ([]gateway.ConfigChange, error) {
			return a.Gateway.ImportInboxes(ctx, nil, gateway.ConfigImport{Entries: entries, Dry: dry, Shown: shown, Secret: secretAt})
		})
	})
	return c
}

// importFile prints the difference that a file makes to what kinds of things, and then, when it is to be applied, applies
// just that.
func (p *program) importFile(kind string, apply bool, take func(dry bool, shown string) ([]gateway.ConfigChange, error)) error {
	found, err := take(true, "")
	if err != nil {
		return err
	}
	added, changed := 0, 0
	for _, c := range found {
		if !c.Differs() {
			continue
		}
		if c.New {
			added++
			fmt.Fprintf(p.stdout, "%s %s (new)\n", kind, printable(c.Name))
		} else {
			changed++
			fmt.Fprintf(p.stdout, "%s %s\n", kind, printable(c.Name))
		}
		for _, line := range changeLines(c.Changes) {
			fmt.Fprintf(p.stdout, "  %s\n", printable(line))
		}
	}
	switch {
	case added+changed == 0:
		fmt.Fprintln(p.stdout, "nothing to do")
		return nil
	case !apply:
		fmt.Fprintf(p.stdout, "%d to add, %d to change; nothing was changed\n", added, changed)
		return nil
	}
	if _, err := take(false, gateway.Digest(found)); errors.Is(err, models.ErrConflict) {
		return errors.New("somebody has changed it meanwhile: nothing was changed, run it again")
	} else if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d added, %d changed\n", added, changed)
	return nil
}

// changeLines are differences, a line each.
func changeLines(changes []gateway.RuleChange) (lines []string) {
	for _, c := range changes {
		if len(c.Added)+len(c.Gone) == 0 {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", c.Field, orNothing(c.Before), orNothing(c.After)))
			continue
		}
		for _, line := range c.Gone {
			lines = append(lines, "- "+c.Field+": "+line)
		}
		for _, line := range c.Added {
			lines = append(lines, "+ "+c.Field+": "+line)
		}
	}
	return lines
}

func orNothing(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}

// readUpTo reads a file, or the standard input for "-".
func (p *program) readUpTo(name string, octets int64) ([]byte, error) {
	from := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, octets))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return raw, nil
}

// secretAt returns a secret of the environment or of a file of whoever runs the command. A line end behind it is not part
// of it.
func secretAt(kind, name string) (string, error) {
	if kind == "env" {
		return os.Getenv(name), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, largestSecret))
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}
