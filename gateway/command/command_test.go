package command_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/command"
)

func TestCommandsStandAtTheBeginningOrTheEnd(t *testing.T) {
	all := command.Names()
	type c = command.Command
	tests := []struct {
		name, text string
		allowed    []string
		want       []c
		rest       string
	}{
		{"first lines", "Status: closed\nPriorität: hoch\n\nDanke.", all,
			[]c{{"status", "closed", "Status: closed", ""}, {"priority", "high", "Priorität: hoch", ""}}, "Danke."},
		{"last lines", "Danke.\n\nAssignee: anna\nLabel: Drucker, eilig\n", all,
			[]c{{"assignee", "anna", "Assignee: anna", ""}, {"label", "Drucker, eilig", "Label: Drucker, eilig", ""}}, "Danke."},
		{"both ends", "Frist: 24.12.2026\nDanke.\nStatus: erledigt", all,
			[]c{{"due", "2026-12-24", "Frist: 24.12.2026", ""}, {"status", "resolved", "Status: erledigt", ""}}, "Danke."},
		{"in the middle it is text", "Hallo,\nStatus: closed\nist falsch.", all, nil, "Hallo,\nStatus: closed\nist falsch."},
		{"quoted it is text", "> Status: closed\nDanke.", all, nil, "> Status: closed\nDanke."},
		{"nothing allowed", "Status: closed\nDanke.", nil, []c{{"status", "closed", "Status: closed", "not_allowed"}}, "Danke."},
		{"only some allowed", "Status: closed\nPriority: low\nDanke.", []string{"priority"},
			[]c{{"status", "closed", "Status: closed", "not_allowed"}, {"priority", "low", "Priority: low", ""}}, "Danke."},
		{"value that only its project may know", "Status: Bestellt\nDanke.", all, []c{{"status", "Bestellt", "Status: Bestellt", ""}}, "Danke."},
		{"value that nobody knows", "Due: sometime\nDanke.", all, []c{{"due", "sometime", "Due: sometime", "value"}}, "Danke."},
		{"other headers are text", "Project: secret\nOwner: boss\nHallo", all, nil, "Project: secret\nOwner: boss\nHallo"},
		{"without a value", "Status:\nHallo", all, nil, "Status:\nHallo"},
		{"only commands stay to be read", "Status: closed", all, []c{{"status", "closed", "Status: closed", ""}}, "Status: closed"},
		{"no text", "", all, nil, ""},
	}
	for _, test := range tests {
		got := command.Find(test.text, test.allowed)
		if d := cmp.Diff(got, test.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", test.name, d)
		}
		if rest := command.Remove(test.text, got); rest != test.rest {
			t.Errorf("%s: rest %q, want %q", test.name, rest, test.rest)
		}
	}
}
