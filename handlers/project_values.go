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

// freshRows is how many empty rows the form of states and priorities has for new ones.
const freshRows = 2

// valuesView is what the page of the states or priorities of a project shows.
type valuesView struct {
	models.Project
	Kind    models.ValueKind
	Rows    []valueRow
	Own     bool // The project has its own; else the usual ones are proposed.
	Bases   []option
	Colours []option
	Names   []string // Where issues of a removed one can go.
	MoveTo  string
}

// valueRow is one row of the form.
type valueRow struct {
	tracker.ValueDraft
	Place   int
	Removed bool
}

func projectStates(v *visit) error     { return v.showValues(models.ValueState) }
func projectPriorities(v *visit) error { return v.showValues(models.ValuePriority) }

func projectStatesUpdate(v *visit) error     { return v.updateValues(models.ValueState) }
func projectPrioritiesUpdate(v *visit) error { return v.updateValues(models.ValuePriority) }

// showValues shows the states or priorities of a project, to be changed.
func (v *visit) showValues(kind models.ValueKind) error {
	p, err := v.configured()
	if err != nil {
		return err
	}
	values, err := v.h.Tracker.Values(v.ctx(), v.me, p.ID)
	if err != nil {
		return err
	}
	data := valuesView{Project: p, Kind: kind}
	for _, own := range values.Of(kind) {
		data.Own = true
		data.Rows = append(data.Rows, valueRow{ValueDraft: tracker.ValueDraft{ID: own.ID, Name: v.word(kind, own.Word()), Base: own.Base, Colour: own.Colour}})
	}
	if !data.Own {
		for _, base := range kind.Bases() {
			data.Rows = append(data.Rows, valueRow{ValueDraft: tracker.ValueDraft{Name: v.l.T(string(kind) + "." + base), Base: base}})
		}
	}
	for range freshRows {
		data.Rows = append(data.Rows, valueRow{ValueDraft: tracker.ValueDraft{Base: kind.Bases()[1]}})
	}
	for i := range data.Rows {
		data.Rows[i].Place = i + 1
	}
	return v.renderValues(http.StatusOK, data, v.newForm("value", nil))
}

// configured is the project of the path when the person may configure it.
func (v *visit) configured() (models.Project, error) {
	id, err := v.id("id")
	if err != nil {
		return models.Project{}, err
	}
	p, err := v.h.Tracker.Project(v.ctx(), v.me, id)
	if err == nil && !v.access.Configures(id) {
		err = models.ErrForbidden
	}
	return p, err
}

func (v *visit) renderValues(status int, data valuesView, f *form) error {
	for _, base := range data.Kind.Bases() {
		data.Bases = append(data.Bases, option{base, v.l.T(string(data.Kind) + "." + base)})
	}
	for _, colour := range models.ValueColours() {
		data.Colours = append(data.Colours, option{colour, v.l.T("value.colour." + colour)})
	}
	for _, row := range data.Rows {
		if row.Name != "" {
			data.Names = append(data.Names, row.Name)
		}
	}
	title := v.l.T("value.title." + string(data.Kind))
	return v.render(status, "project_values", view{Title: data.Key + " · " + title, Section: "projects", Form: f, Data: data})
}

// updateValues takes the form over: rows in the order of their places, those that are marked go.
func (v *visit) updateValues(kind models.ValueKind) error {
	p, err := v.configured()
	if err != nil {
		return err
	}
	f, err := v.readForm("value", "move_to", "do")
	if err != nil {
		return err
	}
	data := valuesView{Project: p, Kind: kind, Own: true, MoveTo: f.get("move_to")}
	if f.get("do") != "usual" {
		if data.Rows, err = v.readValues(); err != nil {
			return err
		}
	}
	var drafts []tracker.ValueDraft
	for _, row := range data.Rows {
		if !row.Removed && (row.Name != "" || row.ID != 0) {
			drafts = append(drafts, row.ValueDraft)
		}
	}
	err = v.h.Tracker.SetValues(v.ctx(), v.me, p.ID, kind, drafts, data.MoveTo)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.renderValues(http.StatusUnprocessableEntity, data, f)
	}
	if errors.Is(err, models.ErrConflict) {
		v.say("warn", "flash.values_changed")
		return v.redirect(v.Request.URL.Path)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.values_saved", "key", p.Key)
	return v.redirect(fmt.Sprintf("/projects/%d#values", p.ID))
}

// readValues reads the rows of the form.
func (v *visit) readValues() ([]valueRow, error) {
	in := v.Request.PostForm
	names := in["name"]
	if len(names) > 100 || len(in["id"]) != len(names) || len(in["base"]) != len(names) || len(in["colour"]) != len(names) || len(in["place"]) != len(names) {
		return nil, errUnreadable
	}
	removed := map[string]bool{}
	for _, id := range in["remove"] {
		removed[id] = true
	}
	var rows []valueRow
	for i := range names {
		id, err := strconv.ParseInt(in["id"][i], 10, 64)
		place, perr := strconv.Atoi(strings.TrimSpace(in["place"][i]))
		if err != nil || perr != nil || id < 0 {
			return nil, errUnreadable
		}
		row := valueRow{Place: place, Removed: id == 0 && removed["row"+strconv.Itoa(i)] || id != 0 && removed[strconv.FormatInt(id, 10)]}
		row.ValueDraft = tracker.ValueDraft{ID: id, Name: strings.TrimSpace(strings.ToValidUTF8(names[i], "\ufffd")), Base: in["base"][i], Colour: in["colour"][i]}
		at := len(rows)
		for at > 0 && rows[at-1].Place > place {
			at--
		}
		rows = append(rows[:at], append([]valueRow{row}, rows[at:]...)...)
	}
	return rows, nil
}
