package handlers

import (
	"errors"
	"fmt"
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
	Groups   []rowGroup // The same rows; one without a title when there are no groups.
	Look     models.ListLook
	Looks    lookView
	Filters  []choice // States.
	Chips    []choice // Filters that were typed; the address is the list without it.
	Sorts    []choice
	Sorted   string // Name of the order in the catalogue.
	Views    []savedView
	Unknown  []string // What looks like a filter and is none.
	Refused  *form    // What is to be checked in the box; nil for nothing.
	Text     string
	Project  string // Key, "" for all.
	Filtered bool   // An empty list may be due to the filter.
	Wider    string // Address of the same search in all states, "" when it is this one.
	First    string // Address of the first page, "" when this is it.
	Next     string // Address of the next page.
	Total    int    // How many there are, 0 when the page is not all of them.
	Early    bool   // The search has ended before the page was full: it goes on with the next one.
	Query    string // As typed, with what the chosen state adds: what a view keeps.
	Sort     string
	Here     string // Address of this list.
	Export   string
	Board    string // Address of the same issues as a board.
	Bulk     *form
	Assign   []option
	States   []models.Word // That the issues of the page can get.
	Levels   []models.Word
}

// choice is one answer of a filter, with its address.
type choice struct {
	Text, Address string
	Chosen        bool
}

// savedView is a saved filter with its address.
type savedView struct {
	models.View
	Address string
	Mine    bool
}

var (
	jump  = regexp.MustCompile(`^#?([1-9][0-9]{0,17})$`)
	keyed = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9]{0,9})-([1-9][0-9]{0,17})$`)
)

// listed is what a request asks of the list of issues.
type listed struct {
	raw, state, project, sort string
	query                     tracker.Query
	look, usual               models.ListLook // As the address wants it, and as the person has it.
	filter                    tracker.IssueFilter
}

// readList reads the box, the chosen state, the project and the order from the address.
func (v *visit) readList() listed {
	l := listed{
		raw: strings.TrimSpace(v.Query("q")), state: v.Query("state"), project: strings.ToUpper(v.Query("project")),
		sort: oneOf(v.Query("sort"), tracker.Sorts()...),
	}
	l.query = tracker.ParseQuery(l.raw)
	switch {
	case l.query.Has("is", "state"):
		l.state = ""
	case l.state == "":
		l.state = "active"
	}
	l.filter = tracker.IssueFilter{
		ProjectKey: l.project, States: states(l.state), Query: l.raw, Sort: l.sort, Cursor: v.Query("cursor"), Limit: 50,
	}
	if l.sort == "" {
		l.filter.Sort = tracker.SortUpdated
	}
	l.usual = models.ParseListLook(v.me.ListLook)
	l.look = l.usual.With(v.Request.URL.Query())
	if l.filter.Cursor != "" && v.Query("group") == "" {
		l.look.Group = "" // The page before had none: it would be named.
	}
	return l
}

// keep is what the addresses of the list have in common.
func (l listed) keep() url.Values {
	keep := l.look.Values(l.usual)
	for name, value := range map[string]string{"q": l.raw, "project": l.project, "state": l.state, "sort": l.sort} {
		keep.Set(name, value)
	}
	return keep
}

// issueList shows the issues that a person sees, what changed last first. The box takes words and filters, and #12 goes
// to an issue.
func issueList(v *visit) error {
	l := v.readList()
	if m := jump.FindStringSubmatch(l.raw); m != nil && l.raw[0] == '#' {
		return v.redirect("/issues/" + m[1])
	}
	if number, ok, err := v.keyed(l.raw); err != nil {
		return err
	} else if ok {
		return v.redirect("/issues/" + number)
	}
	return v.showList(http.StatusOK, l)
}

// keyed reads the key of a project with a number, as other trackers write it: SUP-12 is #12 when there are both, also after the issue
// has moved on to another project. Everything else is text to search for.
func (v *visit) keyed(typed string) (number string, ok bool, err error) {
	m := keyed.FindStringSubmatch(typed)
	if m == nil {
		return "", false, nil
	}
	_, err = v.h.Tracker.ProjectByKey(v.ctx(), v.me, strings.ToUpper(m[1]))
	if err == nil {
		_, err = v.h.Tracker.Issue(v.ctx(), v.me, issueNumber(m[2]))
	}
	if errors.Is(err, models.ErrNotFound) {
		return "", false, nil
	}
	return m[2], err == nil, err
}

func (v *visit) showList(status int, l listed) error {
	l.filter.Group = l.look.Group
	found, err := v.h.Tracker.Issues(v.ctx(), v.me, l.filter)
	data := issueListView{
		Text: l.query.Text, Project: l.project, Unknown: l.query.Unknown, Sort: l.sort, Here: v.Request.URL.RequestURI(),
		Filtered: l.raw != "" || l.state != "active" || l.project != "",
	}
	if list, bad := invalid(err); bad {
		if slices.ContainsFunc(list, func(e *models.Invalid) bool { return e.Field != "q" }) {
			return models.ErrNotFound
		}
		data.Refused = v.newForm("issue", map[string]string{"q": l.raw})
		data.Refused.take(list, nil)
		status, err = http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	data.Rows, data.Look = found.Items, l.look
	data.Groups, data.Looks = v.rowGroups(found.Items, l.look.Group), v.looks(l)
	data.Early = found.Next != "" && len(found.Items) < l.filter.Limit
	if found.Next == "" && l.filter.Cursor == "" {
		data.Total = len(found.Items)
	}
	v.fillListView(&data, l, found.Next)
	data.States, data.Levels = models.Values(nil).Words(models.ValueState), models.Values(nil).Words(models.ValuePriority)
	if oneProject(found.Items) {
		data.States, data.Levels = found.Items[0].StateWords(), found.Items[0].PriorityWords()
	}
	if data.Assign, err = v.bulkAssignees(found.Items); err != nil {
		return err
	}
	if data.Views, err = v.views(); err != nil {
		return err
	}
	section, title := "issues", v.l.T("nav.issues")
	if l.project != "" {
		section, title = "project:"+l.project, l.project+" · "+title
	}
	return v.render(status, "issue_list", view{Title: title, Section: section, Live: "issue", Find: l.raw, Data: data})
}

// fillListView adds the filters, orders and addresses.
func (v *visit) fillListView(data *issueListView, l listed, next string) {
	keep := l.keep()
	for _, s := range []string{"active", "new", "open", "waiting", "resolved", "closed", "all"} {
		data.Filters = append(data.Filters, choice{v.l.T("filter." + s), address("/issues", keep, "state", s), s == l.state})
	}
	for i, t := range l.query.Terms {
		data.Chips = append(data.Chips, choice{Text: t.Raw, Address: address("/issues", keep, "q", l.query.Without(i))})
	}
	chosen := l.sort
	if chosen == "" {
		chosen = tracker.SortUpdated
	}
	for _, s := range tracker.Sorts() {
		data.Sorts = append(data.Sorts, choice{v.l.T("sort." + s), address("/issues", keep, "sort", s), s == chosen})
	}
	data.Sorted = "sort." + chosen
	if l.query.Text != "" && l.state != "" && l.state != "all" {
		data.Wider = address("/issues", keep, "state", "all")
	}
	if v.Query("cursor") != "" {
		data.First = address("/issues", keep)
	}
	if next != "" {
		group := string(l.look.Group)
		if group == "" && l.usual.Group != "" {
			group = "none"
		}
		data.Next = address("/issues", keep, "cursor", next, "group", group)
	}
	data.Export = address("/issues.csv", keep, "columns", "", "density", "", "group", "")
	data.Board = address("/board", keep, "state", "", "sort", "", "columns", "", "density", "", "group", "")
	data.Query = l.raw
	if l.state != "" && l.state != "active" {
		data.Query = strings.TrimSpace("is:" + l.state + " " + data.Query)
	}
	if l.project != "" && !l.query.Has("project") {
		data.Query = strings.TrimSpace("project:" + l.project + " " + data.Query)
	}
}

// bulkAssignees are those who can have all issues of a page: nobody, the person itself and the members of their
// project when it is one.
func (v *visit) bulkAssignees(rows []tracker.IssueRow) ([]option, error) {
	out := []option{{"-", v.l.T("issue.nobody")}}
	if v.me.Login != nil {
		out = append(out, option{*v.me.Login, v.me.Name})
	}
	if !oneProject(rows) || !v.access.WorksOn(rows[0].ProjectID) {
		return out, nil
	}
	members, err := v.h.Tracker.Members(v.ctx(), v.me, rows[0].ProjectID)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	for _, m := range members {
		if m.User.Login != nil && m.User.DisabledAt == nil && m.User.ID != v.me.ID && m.Role != models.ProjectReporter {
			out = append(out, option{*m.User.Login, m.User.Name})
		}
	}
	return out, nil
}

// oneProject reports whether all issues of a page belong to the same project.
func oneProject(rows []tracker.IssueRow) bool {
	return len(rows) > 0 && !slices.ContainsFunc(rows, func(r tracker.IssueRow) bool { return r.ProjectID != rows[0].ProjectID })
}

// states are the states that a filter stands for; an unknown one is passed on and refused by the tracker.
func states(filter string) []models.IssueState {
	switch filter {
	case "all", "":
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
		if q.Set(change[i], change[i+1]); change[i+1] == "" {
			q.Del(change[i])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
