package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"letterbox/gateway/message"
	"letterbox/internal/app"
	"letterbox/models"
	"letterbox/tracker"
	"letterbox/tracker/past"
)

func (p *program) importIssuesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "issues FILE", Short: "Take over issues of an older system from JSON or CSV",
		Long: `Take over issues of an older system from a file of JSON Lines, one JSON array, or CSV; - is stdin. docs/import.md
describes the form and how Redmine and RT are exported to it.

Each record comes to one result: created, known (imported before, by system and number: nothing is done) or refused, with
line and field. A refused record keeps no other from being taken over, so mend the file and import it again. An import that
broke off is simply run again. Nobody is notified, and nobody gets a role.
The exit status is 1 when a record was refused or the file could not be read to its end.`,
		Example: `  letterbox import issues --dry-run redmine.jsonl
  letterbox import issues --project SUP --system Redmine --files export/ redmine.jsonl
  letterbox import issues --format csv --project SUP --system Helpdesk issues.csv`,
		Args: cobra.ExactArgs(1),
	}
	var o tracker.ImportOptions
	f := c.Flags()
	f.StringVar(&o.Project, "project", "", "key of the project of issues that name none")
	f.StringVar(&o.System, "system", "", "name of the older system, for issues that name none")
	f.BoolVar(&o.DryRun, "dry-run", false, "say what would happen and change nothing")
	format := f.String("format", "", "json or csv; without it the name of the file decides, and json where it does not")
	files := f.String("files", "", "folder that the paths of attachments begin in (default: the folder of FILE)")
	asJSON := f.Bool("json", false, "print the result of each record as one JSON object a line")
	c.RunE = p.inApp(c, func(ctx context.Context, a *app.App, args []string) (err error) {
		if args[0] != "-" || *files != "" {
			root, rerr := os.OpenRoot(cmp.Or(*files, filepath.Dir(args[0])))
			if rerr != nil {
				return rerr
			}
			defer func() { err = errors.Join(err, root.Close()) }()
			o.Files = root.FS()
		}
		in := p.stdin
		if args[0] != "-" {
			file, ferr := os.Open(args[0])
			if ferr != nil {
				return ferr
			}
			defer file.Close()
			in = file
		}
		r, err := pastReader(in, cmp.Or(*format, strings.TrimPrefix(strings.ToLower(filepath.Ext(args[0])), ".")), *format != "")
		if err != nil {
			return err
		}
		o.Name = message.CleanName
		return p.importIssues(ctx, a, r, o, *asJSON)
	})
	return c
}

func pastReader(in io.Reader, format string, asked bool) (past.Reader, error) {
	switch {
	case format == "csv":
		return past.NewCSV(in)
	case format == "json" || !asked:
		return past.NewJSON(in)
	}
	return nil, fmt.Errorf("--format %q: it is json or csv", format)
}

// importResult is what became of a record, as --json prints it.
type importResult struct {
	Line   int           `json:"line"`
	System string        `json:"system"`
	Number string        `json:"number"`
	Result string        `json:"result"`
	Issue  *int64        `json:"issue"` // Null where there is none.
	Faults []importFault `json:"faults"`
	Notes  []importFault `json:"notes"`
}

type importFault struct {
	Field string `json:"field"`
	Code  string `json:"code"`
	Text  string `json:"text"`
}

func faultsOf(list models.InvalidList) []importFault {
	out := []importFault{}
	for _, f := range list {
		out = append(out, importFault{f.Field, f.Code, sentence(f.Code, f.Args)})
	}
	return out
}

func (p *program) importIssues(ctx context.Context, a *app.App, r past.Reader, o tracker.ImportOptions, asJSON bool) error {
	counts := map[tracker.ImportState]int{}
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	err := a.Tracker.ImportIssues(ctx, tracker.CommandLine(), r, o, func(one tracker.ImportResult) error {
		counts[one.State]++
		if asJSON {
			out := importResult{Line: one.Line, System: one.External.SystemName, Number: one.External.NumberText, Result: string(one.State), Faults: faultsOf(one.Faults), Notes: faultsOf(one.Notes)}
			if n := one.External.IssueNumber; n != 0 {
				out.Issue = &n
			}
			return enc.Encode(out)
		}
		for _, list := range []models.InvalidList{one.Faults, one.Notes} {
			for _, f := range faultsOf(list) {
				if _, err := fmt.Fprintln(p.stdout, printable(fmt.Sprintf("line %d (%s): %s: %s", one.Line, one.External, f.Field, f.Text))); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out := p.stdout
	if asJSON {
		out = p.stderr // The lines of results stay what they are.
	}
	total := counts[tracker.ImportCreated] + counts[tracker.ImportKnown] + counts[tracker.ImportRefused]
	fmt.Fprintf(out, "%d issues\n", total)
	for _, state := range []tracker.ImportState{tracker.ImportCreated, tracker.ImportKnown, tracker.ImportRefused} {
		word := string(state)
		if o.DryRun && state == tracker.ImportCreated {
			word = "new"
		}
		fmt.Fprintf(out, "  %-12s %d\n", word, counts[state])
	}
	if err != nil {
		return err
	}
	if n := counts[tracker.ImportRefused]; n > 0 {
		return fmt.Errorf("%d issues were refused; mend the file and import it again", n)
	}
	return nil
}
