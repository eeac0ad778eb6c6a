package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/internal/app"
	"letterbox/models"
	"letterbox/tracker"
)

func (p *program) templateCommand() *cobra.Command {
	return group("template", "Keep the answer templates of projects as a file", "  letterbox template export NET\n  letterbox template import templates.yaml --dry-run",
		p.templateExportCommand(), p.templateImportCommand())
}

func (p *program) templateExportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "export KEY...", Short: "Write the answer templates of projects as YAML",
		Long:    "Write the answer templates of projects as YAML, projects named by their keys. The same templates are always the same octets.",
		Example: "  letterbox template export NET\n  letterbox template export --all -o templates.yaml",
	}
	all, file := exportFlags(c, "all projects", "name the projects by their keys, or --all")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		by := tracker.CommandLine()
		var list []models.Project
		if *all {
			var err error
			if list, err = a.Tracker.Projects(ctx, by); err != nil {
				return err
			}
		}
		for _, key := range args {
			one, err := a.Tracker.ProjectByKey(ctx, by, key)
			if err != nil {
				return noSuch(err, "project", key)
			}
			list = append(list, one)
		}
		var sets []inboxfile.Templates
		for _, one := range list {
			texts, err := a.Tracker.AnswerTemplates(ctx, by, one.ID)
			if err != nil {
				return err
			}
			sets = append(sets, inboxfile.Templates{Project: one.Key, Templates: gateway.TemplateTexts(texts)})
		}
		raw, err := inboxfile.WriteTemplates(sets...)
		if err != nil {
			return err
		}
		return p.writeTo(*file, raw)
	})
	return c
}

func (p *program) templateImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import FILE", Short: "Change the answer templates of projects as a file of \"template export\" says",
		Long: `Change the answer templates of projects as a file says; - is the standard input. The difference is printed first. All is
changed in one transaction, or nothing. The list of a project is replaced as a whole: a template that it lacks is removed.
Projects that the file does not name keep theirs.`,
		Example: "  letterbox template import templates.yaml --dry-run\n  letterbox template import templates.yaml", Args: cobra.ExactArgs(1),
	}
	dry := c.Flags().Bool("dry-run", false, "print the difference and change nothing")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) error {
		raw, err := p.readUpTo(args[0], inboxfile.MaxOctets+1)
		if err != nil {
			return err
		}
		q := gateway.TemplateImport{
			Project: func(ctx context.Context, key string) (models.Project, error) {
				return a.Tracker.ProjectByKey(ctx, tracker.CommandLine(), key)
			},
			Set: func(ctx context.Context, sets []models.TemplateSet, look func(was, now [][]models.AnswerTemplate) error) error {
				return a.Tracker.SetAnswerTemplates(ctx, tracker.CommandLine(), sets, look)
			},
		}
		if q.Entries, err = inboxfile.ReadTemplates(raw); err != nil {
			return err
		}
		return p.importFile("project", !*dry, func(dry bool, shown string) ([]gateway.ConfigChange, error) {
			q.Dry, q.Shown = dry, shown
			return gateway.ImportTemplates(ctx, q)
		})
	})
	return c
}

// noSuch says that there is no thing of that name, when that is what an error says.
func noSuch(err error, what, name string) error {
	if errors.Is(err, models.ErrNotFound) {
		return fmt.Errorf("there is no %s %q", what, name)
	}
	return err
}
