package main

import (
	"context"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/internal/app"
	"letterbox/models"
)

func (p *program) scriptCommand() *cobra.Command {
	return group("script", "Keep the shared scripts as a file", "  letterbox script export Alarm\n  letterbox script import scripts.yaml --dry-run",
		p.scriptExportCommand(), p.scriptImportCommand())
}

func (p *program) scriptExportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "export NAME...", Short: "Write shared scripts as YAML",
		Long:    "Write shared scripts as YAML, as they are in force. The same scripts are always the same octets.",
		Example: "  letterbox script export Alarm\n  letterbox script export --all -o scripts.yaml",
	}
	all, file := exportFlags(c, "all shared scripts", "name the scripts, or --all")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		var list []models.SharedScript
		if *all {
			var err error
			if list, err = a.Gateway.SharedScripts(ctx); err != nil {
				return err
			}
		}
		for _, name := range args {
			one, err := a.Gateway.SharedScriptByName(ctx, name)
			if err != nil {
				return noSuch(err, "shared script", name)
			}
			list = append(list, one)
		}
		raw, err := gateway.ScriptFile(list)
		if err != nil {
			return err
		}
		return p.writeTo(*file, raw)
	})
	return c
}

func (p *program) scriptImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import FILE", Short: "Add and change shared scripts as a file of \"script export\" says",
		Long: `Add and change shared scripts as a file says, found by their names; - is the standard input. The difference is printed
first. All is changed in one transaction, or nothing. What the file leaves out of a script stays as it is. No script is
removed: those that the file does not name stay, whether rules name them or not. Scripts come before the inboxes whose rules
name them.`,
		Example: "  letterbox script import scripts.yaml --dry-run\n  letterbox script import scripts.yaml", Args: cobra.ExactArgs(1),
	}
	dry := c.Flags().Bool("dry-run", false, "print the difference and change nothing")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		raw, err := p.readUpTo(args[0], inboxfile.MaxOctets+1)
		if err != nil {
			return err
		}
		entries, err := inboxfile.ReadScripts(raw)
		if err != nil {
			return err
		}
		return p.importFile("script", !*dry, func(dry bool, shown string) ([]gateway.ConfigChange, error) {
			return a.Gateway.ImportScripts(ctx, nil, gateway.ScriptImport{Entries: entries, Dry: dry, Shown: shown})
		})
	})
	return c
}
