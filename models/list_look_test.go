package models

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookOfAListIsReadAsItWasWritten(t *testing.T) {
	for _, c := range []struct {
		look ListLook
		text string
	}{
		{ListLook{}, ""},
		{ListLook{Columns: usualColumns()}, ""},
		{ListLook{Columns: []ListColumn{}}, "columns=none"},
		{ListLook{Columns: []ListColumn{ColumnState, ColumnDue}, Compact: true, Group: GroupAssignee}, "columns=state%2Cdue&density=compact&group=assignee"},
		{ListLook{Columns: ListColumns(), Group: GroupPriority}, "columns=state%2Cpriority%2Cproject%2Creporter%2Cassignee%2Cmail%2Cdue%2Clabels%2Cexternal%2Ccreated%2Cupdated&group=priority"},
	} {
		if got := c.look.String(); got != c.text || len(got) > 200 {
			t.Errorf("%v is written %q, want %q", c.look, got, c.text)
		}
		got := ParseListLook(c.text)
		if diff := cmp.Diff(c.look.Shown(), got.Shown()); diff != "" || got.Compact != c.look.Compact || got.Group != c.look.Group {
			t.Errorf("%q is read %v, want %v", c.text, got, c.look)
		}
	}
}

// An address can take back what somebody has chosen for all lists, and what it says of nothing there is changes nothing.
func TestAddressSaysHowAListLooks(t *testing.T) {
	mine := ListLook{Columns: []ListColumn{ColumnState}, Compact: true, Group: GroupProject}
	for text, want := range map[string]string{
		"":                              mine.String(),
		"columns=x&density=&group=moon": "columns=none&density=compact&group=project",
		"columns=due,state,x":           "columns=state%2Cdue&density=compact&group=project",
		"density=roomy&group=none":      "columns=state",
	} {
		q, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := mine.With(q).String(); got != want {
			t.Errorf("%q makes %q, want %q", text, got, want)
		}
	}
	if got := (ListLook{}).Values(mine).Encode(); got != "columns=state%2Cpriority%2Cproject%2Creporter%2Cassignee%2Cmail%2Cdue%2Clabels%2Cupdated&density=roomy&group=none" {
		t.Errorf("the usual look beside another one is %q", got)
	}
}
