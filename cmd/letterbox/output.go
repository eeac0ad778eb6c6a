package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"letterbox/gateway/mailbox"
	"letterbox/internal/i18n"
	"letterbox/models"
	"letterbox/templates"
)

// list prints rows as a table, or with --json one object a line. Its fields are those of the API.
type list[T any] struct {
	asJSON *bool
	head   []string
	cells  func(T) []string
}

func newList[T any](c *cobra.Command, head []string, cells func(T) []string) *list[T] {
	return &list[T]{c.Flags().Bool("json", false, "print one JSON object a line"), head, cells}
}

func (l *list[T]) print(w io.Writer, rows []T) error {
	if *l.asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, row := range rows {
			if err := enc.Encode(row); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(l.head, "\t"))
	for _, row := range rows {
		cells := l.cells(row)
		for i := range cells {
			cells[i] = printable(cells[i])
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t"))
	}
	return tw.Flush()
}

// printable makes text that came with a mail harmless to a terminal, and one line of it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// shorten cuts text for a table; JSON has it whole.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func clock(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// sentence is the English text of a code; the code itself stands before it.
func sentence(code string, args map[string]string) string {
	catalogue, err := i18n.Load(templates.Catalogue())
	if err != nil || !catalogue.Has("en", code) {
		return code
	}
	return code + " " + catalogue.T("en", code, args)
}

// values writes what was found, each with a blank before it.
func values(args map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(args)) {
		fmt.Fprintf(&b, " %s=%s", name, args[name])
	}
	return b.String()
}

// explain turns an error into what a person reads: each line one thing.
func (p *program) explain(err error) string {
	if invalid, ok := errors.AsType[models.InvalidList](err); ok {
		lines := make([]string, len(invalid))
		for i, e := range invalid {
			lines[i] = printable(e.Field + ": " + sentence(e.Code, e.Args))
			if e.Line > 0 {
				lines[i] = fmt.Sprintf("line %d: %s", e.Line, lines[i])
			}
		}
		return strings.Join(lines, "\n")
	}
	if problem, ok := errors.AsType[*mailbox.Problem](err); ok {
		return printable(sentence(problem.Code, problem.Args))
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error())
}
