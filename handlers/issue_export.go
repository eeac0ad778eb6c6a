package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// maxExport is how many issues one file holds.
const maxExport = 10_000

// issueExport answers with the issues of a list as CSV (RFC 4180), at most 10,000. A value that a spreadsheet would
// take for a formula begins with an apostrophe (SEC-73 of the security requirements).
func issueExport(v *visit) error { return v.h.export(v.Context, v.exportIssues) }

func (v *visit) exportIssues() error {
	l := v.readList()
	l.filter.Cursor, l.filter.Limit = "", 200
	page, err := v.h.Tracker.Issues(v.ctx(), v.me, l.filter)
	if _, bad := invalid(err); bad {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	v.Header("Content-Type", "text/csv; charset=utf-8; header=present")
	v.Header("Content-Disposition", `attachment; filename="issues.csv"`)
	v.Header("Cache-Control", "private, no-store")
	v.Status(http.StatusOK)
	out := csv.NewWriter(v.Writer)
	out.UseCRLF = true
	_ = out.Write([]string{"number", "project", "title", "state", "priority", "assignee", "reporter", "labels", "due", "created_at", "updated_at"})
	for n := 0; ; {
		for _, row := range page.Items {
			_ = out.Write(csvRow(row))
		}
		keepReading(v.Writer)
		if out.Flush(); out.Error() != nil {
			return nil // Nobody is there to read on.
		}
		if n += len(page.Items); page.Next == "" || n >= maxExport {
			return nil
		}
		l.filter.Cursor = page.Next
		if page, err = v.h.Tracker.Issues(v.ctx(), v.me, l.filter); err != nil {
			return fmt.Errorf("export issues: %w", err)
		}
	}
}

func csvRow(i tracker.IssueRow) []string {
	labels := make([]string, 0, len(i.Labels))
	for _, l := range i.Labels {
		labels = append(labels, l.Name)
	}
	row := []string{
		strconv.FormatInt(i.Number, 10), i.Project.Key, i.Title, i.StateWord().Value(), i.PriorityWord().Value(), "", personText(i.Reporter),
		strings.Join(labels, ", "), "", i.CreatedAt.UTC().Format(time.RFC3339), i.UpdatedAt.UTC().Format(time.RFC3339),
	}
	if i.Assignee != nil {
		row[5] = i.Assignee.Name
	}
	if i.DueOn != nil {
		row[8] = i.DueOn.UTC().Format(time.DateOnly)
	}
	for k := range row {
		row[k] = harmless(row[k])
	}
	return row
}

// personText is a person with the first address.
func personText(u models.User) string {
	if len(u.Addresses) == 0 {
		return u.Name
	}
	return u.Name + " <" + u.Addresses[0] + ">"
}

// harmless puts an apostrophe before what a spreadsheet would calculate.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
