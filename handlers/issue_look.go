package handlers

import (
	"net/url"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

// rowGroup is one group of a list.
type rowGroup struct {
	Title string
	Rows  []tracker.IssueRow
}

// lookView is what can be chosen of the look of a list.
type lookView struct {
	Columns []columnChoice
	Groups  []option
	Back    string // The list as the person has it.
	Text    string // As a saved view keeps it.
	Width   int    // Of the table.
}

type columnChoice struct {
	Name  models.ListColumn
	Shown bool
}

// looks are the choices with what is chosen.
func (v *visit) looks(l listed) lookView {
	out := lookView{Text: l.look.String(), Width: 2 + len(l.look.Shown()), Groups: []option{{"", v.l.T("look.group.none")}}}
	out.Back = address("/issues", l.keep(), "columns", "", "density", "", "group", "")
	for _, c := range models.ListColumns() {
		out.Columns = append(out.Columns, columnChoice{c, l.look.Shows(c)})
	}
	for _, g := range models.ListGroups() {
		out.Groups = append(out.Groups, option{string(g), v.l.T("look.group." + string(g))})
	}
	return out
}

// rowGroups cuts a page into its groups.
func (v *visit) rowGroups(rows []tracker.IssueRow, by models.ListGroup) []rowGroup {
	if by == "" || len(rows) == 0 {
		return []rowGroup{{Rows: rows}}
	}
	var out []rowGroup
	last := ""
	for _, r := range rows {
		key, title := v.groupOf(r, by)
		if len(out) == 0 || key != last {
			out, last = append(out, rowGroup{Title: title}), key
		}
		g := &out[len(out)-1]
		g.Rows = append(g.Rows, r)
	}
	return out
}

// groupOf is the group of an issue, and how it is called.
func (v *visit) groupOf(r tracker.IssueRow, by models.ListGroup) (key, title string) {
	switch by {
	case models.GroupState:
		return string(r.State), v.l.T("state." + string(r.State))
	case models.GroupPriority:
		return r.Priority.String(), v.l.T("priority." + r.Priority.String())
	case models.GroupProject:
		return r.Project.Key, r.Project.Key + " · " + r.Project.Name
	}
	switch {
	case r.AssigneeID == nil:
		return "", v.l.T("issue.nobody")
	case r.Assignee == nil || r.Assignee.Name == "":
		return v.l.Number(*r.AssigneeID), v.l.T("person.gone")
	}
	return v.l.Number(*r.AssigneeID), r.Assignee.Name
}

// listGroups are the names of what a list can be grouped by.
func listGroups() []string {
	var out []string
	for _, g := range models.ListGroups() {
		out = append(out, string(g))
	}
	return out
}

// issueLook shows a list as it was chosen, or has all lists of the person look like that.
func issueLook(v *visit) error {
	f, err := v.readForm("look", "density", "group", "back", "do")
	if err != nil {
		return err
	}
	back, err := url.Parse(local(f.get("back")))
	if err != nil || back.Path != "/issues" {
		back = &url.URL{Path: "/issues"}
	}
	names := v.Request.PostForm["column"]
	if len(names) == 0 {
		names = []string{"none"}
	}
	chosen := models.ListLook{}.With(url.Values{"columns": {strings.Join(names, ",")}, "density": {f.get("density")}, "group": {f.get("group")}})
	keep := back.Query()
	for _, name := range []string{"columns", "density", "group", "cursor"} {
		keep.Del(name)
	}
	if f.get("do") == "keep" {
		if err := v.h.Tracker.SetListLook(v.ctx(), v.me, chosen); err != nil {
			return err
		}
		v.say("ok", "flash.look_kept")
		return v.redirect(address("/issues", keep))
	}
	for name, value := range chosen.Values(models.ParseListLook(v.me.ListLook)) {
		keep[name] = value
	}
	return v.redirect(address("/issues", keep))
}
