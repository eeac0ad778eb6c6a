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
}

// column is the issues of one state.
type column struct {
	State models.IssueState
	Cards []card
	More  string // Address of all of them, "" when all are here.
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
	for _, state := range models.IssueStates() {
		found, err := v.h.Tracker.Issues(v.ctx(), v.me, tracker.IssueFilter{
			ProjectKey: project, States: []models.IssueState{state}, Query: raw, Sort: tracker.SortUpdated, Limit: boardColumn,
		})
		if _, bad := invalid(err); bad {
			return v.redirect(data.List) // The list says what is to be checked.
		}
		if err != nil {
			return err
		}
		c := column{State: state}
		for _, row := range found.Items {
			c.Cards = append(c.Cards, card{row, v.access.WorksOn(row.ProjectID)})
			data.Empty = false
		}
		if found.Next != "" {
			c.More = address("/issues", keep, "state", string(state))
		}
		data.Columns = append(data.Columns, c)
	}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	data.Projects = append(data.Projects, choice{v.l.T("board.all"), address("/board", keep, "project", ""), project == ""})
	for _, p := range projects {
		if p.ArchivedAt == nil {
			data.Projects = append(data.Projects, choice{p.Key, address("/board", keep, "project", p.Key), p.Key == project})
		}
	}
	return v.render(http.StatusOK, "board_show", view{Title: v.l.T("nav.board"), Section: "issues", Live: "issue", Find: raw, Data: data})
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
	_, err = v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{State: &state})
	switch _, refused := invalid(err); {
	case errors.Is(err, models.ErrConflict):
		v.say("warn", "flash.triage_taken", "key", key)
	case refused:
		return errUnreadable // The page offers the states that there are.
	case err != nil:
		return err
	default:
		v.say("ok", "flash.board_moved", "key", key, "state", v.l.T("state."+string(state)))
	}
	return v.redirect(local(f.get("back")))
}
