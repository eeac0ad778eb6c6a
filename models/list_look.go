package models

import (
	"net/url"
	"slices"
	"strings"
)

// ListLook is how somebody wants to see a list of issues. The zero value is the usual look.
type ListLook struct {
	Columns []ListColumn // In the order of [ListColumns]; nil: all but those that are shown only when asked for.
	Compact bool         // One line an issue, as a table.
	Group   ListGroup
}

// ListColumn is what a list shows of an issue beside its number and title.
type ListColumn string

// The columns.
const (
	ColumnState    ListColumn = "state"
	ColumnPriority ListColumn = "priority"
	ColumnProject  ListColumn = "project"
	ColumnReporter ListColumn = "reporter"
	ColumnAssignee ListColumn = "assignee"
	ColumnMail     ListColumn = "mail" // Whether it came by mail.
	ColumnDue      ListColumn = "due"
	ColumnLabels   ListColumn = "labels"
	ColumnExternal ListColumn = "external" // Its numbers in older systems.
	ColumnCreated  ListColumn = "created"
	ColumnUpdated  ListColumn = "updated"
)

// ListColumns lists the columns in the order in which they stand.
func ListColumns() []ListColumn {
	return []ListColumn{ColumnState, ColumnPriority, ColumnProject, ColumnReporter, ColumnAssignee, ColumnMail, ColumnDue, ColumnLabels, ColumnExternal, ColumnCreated, ColumnUpdated}
}

// usualColumns are those of a list that nobody has changed.
func usualColumns() []ListColumn {
	return slices.DeleteFunc(ListColumns(), func(c ListColumn) bool { return c == ColumnExternal || c == ColumnCreated })
}

// ListGroup is what the issues of a list are grouped by; "" for no groups.
type ListGroup string

// The groups.
const (
	GroupState    ListGroup = "state"
	GroupPriority ListGroup = "priority"
	GroupAssignee ListGroup = "assignee"
	GroupProject  ListGroup = "project"
)

// ListGroups lists what a list can be grouped by.
func ListGroups() []ListGroup {
	return []ListGroup{GroupState, GroupPriority, GroupAssignee, GroupProject}
}

// Shown returns the columns to show.
func (l ListLook) Shown() []ListColumn {
	if l.Columns == nil {
		return usualColumns()
	}
	return l.Columns
}

// Shows reports whether a column is to be shown.
func (l ListLook) Shows(c ListColumn) bool { return slices.Contains(l.Shown(), c) }

// Values is the look as it stands in the address of a list, with all that differs from the usual one and all that is
// named by other: what was chosen elsewhere is taken back by it.
func (l ListLook) Values(other ListLook) url.Values {
	q := url.Values{}
	if !slices.Equal(l.Shown(), other.Shown()) {
		var names []string
		for _, c := range l.Shown() {
			names = append(names, string(c))
		}
		if len(names) == 0 {
			names = []string{"none"}
		}
		q.Set("columns", strings.Join(names, ","))
	}
	if l.Compact != other.Compact {
		q.Set("density", map[bool]string{true: "compact", false: "roomy"}[l.Compact])
	}
	if l.Group != other.Group {
		q.Set("group", string(l.Group))
		if l.Group == "" {
			q.Set("group", "none")
		}
	}
	return q
}

// String is the look as one text, "" for the usual one.
func (l ListLook) String() string { return l.Values(ListLook{}).Encode() }

// With is the look with what an address says of it. What is no column and no group is left out.
func (l ListLook) With(q url.Values) ListLook {
	if names := q.Get("columns"); names != "" {
		l.Columns = slices.DeleteFunc(ListColumns(), func(c ListColumn) bool { return !slices.Contains(strings.Split(names, ","), string(c)) })
	}
	switch q.Get("density") {
	case "compact":
		l.Compact = true
	case "roomy":
		l.Compact = false
	}
	if g := ListGroup(q.Get("group")); g == "none" || slices.Contains(ListGroups(), g) {
		l.Group = ListGroup(strings.TrimPrefix(string(g), "none"))
	}
	return l
}

// ParseListLook reads what String has made; what it cannot read is as usual.
func ParseListLook(text string) ListLook {
	q, _ := url.ParseQuery(text) // What could be read stands in q.
	return ListLook{}.With(q)
}
