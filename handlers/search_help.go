package handlers

import "net/http"

// searchHelp explains the filters of the box, each with an example that can be followed.
func searchHelp(v *visit) error {
	var lines []option
	for _, name := range []string{
		"is", "unassigned", "state", "assignee", "from", "domain", "inbox", "label", "nolabel", "project", "priority", "updated", "created", "due",
		"overdue", "watcher", "mentions", "has", "external", "not", "phrase", "sort",
	} {
		lines = append(lines, option{v.l.T("help.search." + name + ".example"), v.l.T("help.search." + name)})
	}
	return v.render(http.StatusOK, "search_help", view{Title: v.l.T("query.help"), Section: "issues", Data: lines})
}
