package past

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"letterbox/models"
)

// columns are the names that the first line of a CSV file may have.
var columns = map[string]func(i *Issue, value string){
	"system":           func(i *Issue, v string) { i.System = Text(v) },
	"number":           func(i *Issue, v string) { i.Number = Text(v) },
	"project":          func(i *Issue, v string) { i.Project = v },
	"title":            func(i *Issue, v string) { i.Title = v },
	"description":      func(i *Issue, v string) { i.Description = v },
	"state":            func(i *Issue, v string) { i.State = v },
	"priority":         func(i *Issue, v string) { i.Priority = v },
	"due":              func(i *Issue, v string) { i.Due = v },
	"labels":           func(i *Issue, v string) { i.Labels = split(v, ",;") },
	"reporter_name":    func(i *Issue, v string) { i.Reporter.Name = v },
	"reporter_address": func(i *Issue, v string) { i.Reporter.Address = v },
	"assignee":         func(i *Issue, v string) { i.Assignee = v },
	"created":          func(i *Issue, v string) { i.Created = v },
	"updated":          func(i *Issue, v string) { i.Updated = v },
	"closed":           func(i *Issue, v string) { i.Closed = v },
	"participants":     func(i *Issue, v string) { i.Participants = split(v, ",; ") },
	"message_ids":      func(i *Issue, v string) { i.MessageIDs = strings.Fields(v) },
}

// Columns are the names that the first line of a CSV file may have, in alphabetical order.
func Columns() []string {
	var names []string
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// table reads the rows of a CSV file.
type table struct {
	r   *csv.Reader
	set []func(i *Issue, value string)
	at  int64 // Octets read.
}

// NewCSV returns a reader of a CSV file in UTF-8 whose first line names the columns. They are separated by commas, or by
// semicolons when the first line has those. A column that is not known is an error: nothing of it would be kept.
func NewCSV(r io.Reader) (Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = b.Discard(3) // They are in the buffer.
	}
	start, err := b.Peek(b.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read issues: %w", err)
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	t := &table{r: csv.NewReader(b)}
	t.r.ReuseRecord = true
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		t.r.Comma = ';'
	}
	head, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file is empty: %w", ErrBroken)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrBroken)
	}
	seen := map[string]bool{}
	for _, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		set, ok := columns[name]
		if !ok || seen[name] {
			return nil, fmt.Errorf("line 1: column %q is not known or stands twice; there are %s: %w", name, strings.Join(Columns(), ", "), ErrBroken)
		}
		seen[name] = true
		t.set = append(t.set, set)
	}
	return t, nil
}

func (t *table) Next() (Record, error) {
	row, err := t.r.Read()
	at := t.r.InputOffset()
	size := at - t.at
	t.at = at
	if errors.Is(err, io.EOF) {
		return Record{}, io.EOF
	}
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		if !errors.Is(err, csv.ErrFieldCount) { // Where a quotation mark is wrong nobody knows where the next row begins.
			return Record{}, fmt.Errorf("%w: %w", err, ErrBroken)
		}
		return Record{Line: wrong.StartLine, Size: size, Faults: models.InvalidList{{Field: "record", Code: "E-PAST-01", Args: map[string]string{"detail": wrong.Err.Error()}}}}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("read issues: %w", err)
	}
	line, _ := t.r.FieldPos(0)
	r := Record{Line: line, Size: size}
	for i, value := range row {
		if !utf8.ValidString(value) {
			r.Faults = append(r.Faults, &models.Invalid{Field: "record", Code: "E-PAST-01", Args: map[string]string{"detail": "not UTF-8"}})
			break
		}
		t.set[i](&r.Issue, strings.TrimSpace(value))
	}
	return r, nil
}

func split(s, marks string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(marks, r) }) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
