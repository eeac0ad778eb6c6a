package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

// issueListView is what the list of issues shows.
type issueListView struct {
	Rows     []tracker.IssueRow
	Filters  []choice // States.
	Text     string
	Project  string // Key, "" for all.
	Filtered bool   // An empty list may be due to the filter.
	First    string // Address of the first page, "" when this is it.
	Next     string // Address of the next page.
}

// choice is one answer of a filter, with its address.
type choice struct {
	Text, Address string
	Chosen        bool
}

var (
	jump      = regexp.MustCompile(`^#?([1-9][0-9]{0,17})$`)
	qualifier = regexp.MustCompile(`(?i)(?:^|\s)(is|ist|state|status|project|projekt):(\S+)`)
)

// issueList shows the issues that a person sees, newest mail first. The box takes words, is:open, project:KEY and #12.
func issueList(v *visit) error {
	raw := strings.TrimSpace(v.Query("q"))
	if m := jump.FindStringSubmatch(raw); m != nil && raw[0] == '#' {
		return v.redirect("/issues/" + m[1])
	}
	text, state, project := qualifiers(raw, v.Query("state"), v.Query("project"))
	filter := tracker.IssueFilter{ProjectKey: project, States: states(state), Text: text, Cursor: v.Query("cursor"), Limit: 50}
	found, err := v.h.Tracker.Issues(v.ctx(), v.me, filter)
	if _, bad := invalid(err); bad {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	data := issueListView{Rows: found.Items, Text: text, Project: project, Filtered: text != "" || state != "active" || project != ""}
	keep := url.Values{"q": {raw}, "project": {project}, "state": {state}}
	for _, s := range []string{"active", "new", "open", "waiting", "resolved", "closed", "all"} {
		data.Filters = append(data.Filters, choice{v.l.T("filter." + s), address("/issues", keep, "state", s), s == state})
	}
	if v.Query("cursor") != "" {
		data.First = address("/issues", keep)
	}
	if found.Next != "" {
		data.Next = address("/issues", keep, "cursor", found.Next)
	}
	section, title := "issues", v.l.T("nav.issues")
	if project != "" {
		section, title = "project:"+project, project+" · "+title
	}
	return v.render(http.StatusOK, "issue_list", view{Title: title, Section: section, Live: "issue", Find: raw, Data: data})
}

// qualifiers takes is:STATE and project:KEY out of what was typed; they win over the rest of the address.
func qualifiers(typed, state, project string) (text, chosen, key string) {
	chosen, key = state, project
	text = qualifier.ReplaceAllStringFunc(typed, func(found string) string {
		m := qualifier.FindStringSubmatch(found)
		switch strings.ToLower(m[1]) {
		case "project", "projekt":
			key = m[2]
		default:
			chosen = stateNamed(strings.ToLower(m[2]))
		}
		return " "
	})
	if chosen == "" {
		chosen = "active"
	}
	return strings.Join(strings.Fields(text), " "), chosen, strings.ToUpper(key)
}

// stateNamed knows the states in both languages; what it does not know it returns as it is.
func stateNamed(word string) string {
	german := map[string]string{
		"neu": "new", "offen": "open", "wartet": "waiting", "erledigt": "resolved", "geschlossen": "closed", "alle": "all", "aktiv": "active",
	}
	if s, ok := german[word]; ok {
		return s
	}
	return word
}

// states are the states that a filter stands for; an unknown one is passed on and refused by the tracker.
func states(filter string) []models.IssueState {
	switch filter {
	case "all":
		return nil
	case "active":
		return slices.DeleteFunc(models.IssueStates(), models.IssueState.Done)
	}
	return []models.IssueState{models.IssueState(filter)}
}

// address builds the address of a list from what is kept, with one value changed; empty values are left out.
func address(path string, keep url.Values, change ...string) string {
	q := url.Values{}
	for name, values := range keep {
		if len(values) > 0 && values[0] != "" {
			q.Set(name, values[0])
		}
	}
	for i := 0; i+1 < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
