package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

// boardColumn is how many issues a column of the board shows; the list has the rest.
const boardColumn = 30

// boardView is the issues of a project, or of all of them, in a column for each state.
type boardView struct {
	Columns  []column
	Projects []choice
	Project  string // Key, "" for all.
	Query    string
	Here     string // Address of this board.
	List     string // Address of the same issues as a list.
	Empty    bool
	Own      bool // The columns are states of the project's own.
}

// column is the issues of one state.
type column struct {
	State models.Word
	Cards []card
	More  string // Address of all of them, "" when all are here.

	filter tracker.IssueFilter
}

// card is an issue on the board; the person may move it or only look at it.
type card struct {
	tracker.IssueRow
	Movable bool
}

// boardShow shows the board. What the box of the list understands narrows it down.
func boardShow(v *visit) error {
	raw, project := strings.TrimSpace(v.Query("q")), strings.ToUpper(v.Query("project"))
	keep := map[string][]string{"q": {raw}, "project": {project}}
	data := boardView{Project: project, Query: raw, Here: v.Request.URL.RequestURI(), List: address("/issues", keep), Empty: true}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	only := project
	if only == "" && len(projects) == 1 {
		only = projects[0].Key
	}
	columns, own, err := v.boardColumns(only)
	if err != nil {
		return err
	}
	data.Own = own
	for _, c := range columns {
		c.filter.ProjectKey, c.filter.Query, c.filter.Sort, c.filter.Limit = only, raw, tracker.SortUpdated, boardColumn
		found, err := v.h.Tracker.Issues(v.ctx(), v.me, c.filter)
		if _, bad := invalid(err); bad {
			return v.redirect(data.List) // The list says what is to be checked.
		}
		if err != nil {
			return err
		}
		for _, row := range found.Items {
			c.Cards = append(c.Cards, card{row, v.access.WorksOn(row.ProjectID)})
			data.Empty = false
		}
		if found.Next != "" {
			c.More = address("/issues", keep, "state", c.State.Base)
			if own {
				c.More = address("/issues", keep, "q", strings.TrimSpace(raw+` state:"`+c.State.Value()+`"`))
			}
		}
		data.Columns = append(data.Columns, c)
	}
	data.Projects = append(data.Projects, choice{v.l.T("board.all"), address("/board", keep, "project", ""), project == ""})
	for _, p := range projects {
		if p.ArchivedAt == nil {
			data.Projects = append(data.Projects, choice{p.Key, address("/board", keep, "project", p.Key), p.Key == project})
		}
	}
	return v.render(http.StatusOK, "board_show", view{Title: v.l.T("nav.board"), Section: "issues", Live: "issue", Find: raw, Data: data})
}

// boardColumns are the columns of the board: the states of the project where it has its own.
func (v *visit) boardColumns(project string) (list []column, own bool, err error) {
	var states models.Values
	if project != "" {
		p, err := v.h.Tracker.ProjectByKey(v.ctx(), v.me, project)
		if err != nil {
			return nil, false, err
		}
		values, err := v.h.Tracker.Values(v.ctx(), v.me, p.ID)
		if err != nil {
			return nil, false, err
		}
		states = values.States
	}
	for _, s := range states {
		list = append(list, column{State: s.Word(), filter: tracker.IssueFilter{ValueID: s.ID}})
	}
	if len(states) > 0 {
		return list, true, nil
	}
	for _, s := range models.IssueStates() {
		list = append(list, column{State: models.Word{Base: string(s)}, filter: tracker.IssueFilter{States: []models.IssueState{s}}})
	}
	return list, false, nil
}

// boardMove gives an issue another state. When somebody else has changed it meanwhile, that is told and it stays.
func boardMove(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("issue", "state", "version", "back")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	state, key := models.IssueState(f.get("state")), fmt.Sprintf("#%d", number)
	moved, err := v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{State: &state})
	switch _, refused := invalid(err); {
	case errors.Is(err, models.ErrConflict):
		v.say("warn", "flash.triage_taken", "key", key)
	case refused:
		return errUnreadable // The page offers the states that there are.
	case err != nil:
		return err
	default:
		v.say("ok", "flash.board_moved", "key", key, "state", v.word(models.ValueState, moved.StateWord()))
	}
	return v.redirect(local(f.get("back")))
}

// word is a state or priority as people read it.
func (v *visit) word(kind models.ValueKind, w models.Word) string {
	if w.Name != "" {
		return w.Name
	}
	return v.l.T(string(kind) + "." + w.Base)
}
