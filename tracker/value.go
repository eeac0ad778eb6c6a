package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/models/store"
)

const (
	maxValues    = 30
	maxValueName = 50
)

// ProjectValues are the states and the priorities that a project names itself; empty where it has the usual ones.
type ProjectValues struct{ States, Priorities models.Values }

// Of returns the values of one kind.
func (v *ProjectValues) Of(kind models.ValueKind) models.Values {
	switch {
	case v == nil:
		return nil
	case kind == models.ValuePriority:
		return v.Priorities
	}
	return v.States
}

// StateWord is the state of an issue as its project calls it, PriorityWord its priority.
func (r IssueRow) StateWord() models.Word {
	return r.Values.Of(models.ValueState).Word(string(r.State), r.StateID)
}

// PriorityWord is the priority of an issue as its project calls it.
func (r IssueRow) PriorityWord() models.Word {
	return r.Values.Of(models.ValuePriority).Word(r.Priority.String(), r.PriorityID)
}

// StateWords lists the states that an issue can have, PriorityWords the priorities.
func (r IssueRow) StateWords() []models.Word {
	return r.Values.Of(models.ValueState).Words(models.ValueState)
}

// PriorityWords lists the priorities that an issue can have.
func (r IssueRow) PriorityWords() []models.Word {
	return r.Values.Of(models.ValuePriority).Words(models.ValuePriority)
}

// valuesOf returns the values of the projects of issues, by project.
func (s *Service) valuesOf(ctx context.Context, issues []models.Issue) (map[int64]*ProjectValues, error) {
	ids := map[int64]bool{}
	for _, i := range issues {
		ids[i.ProjectID] = true
	}
	list := make([]int64, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return s.values(ctx, list...)
}

func (s *Service) values(ctx context.Context, projects ...int64) (map[int64]*ProjectValues, error) {
	all, err := s.store.ProjectValues(ctx, projects)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*ProjectValues, len(projects))
	for _, id := range projects {
		out[id] = &ProjectValues{}
	}
	for _, v := range all {
		if p := out[v.ProjectID]; v.Kind == models.ValueState {
			p.States = append(p.States, v)
		} else {
			p.Priorities = append(p.Priorities, v)
		}
	}
	return out, nil
}

// Values returns the states and priorities that a project names itself. Those who see the project may ask.
func (s *Service) Values(ctx context.Context, by *models.User, project int64) (ProjectValues, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return ProjectValues{}, err
	}
	if err := a.visible(project); err != nil {
		return ProjectValues{}, err
	}
	of, err := s.values(ctx, project)
	if err != nil {
		return ProjectValues{}, err
	}
	return *of[project], nil
}

// ValueDraft is what can be said of a state or priority of a project.
type ValueDraft struct {
	ID     int64 // 0: a new one.
	Name   string
	Base   string // What it counts as.
	Colour string
}

// SetValues gives a project exactly these states or priorities; none: the usual ones. Those who configure it may. The
// issues of one that goes get the one named moveTo, or when that is "" the first that counts as the same.
func (s *Service) SetValues(ctx context.Context, by *models.User, project int64, kind models.ValueKind, drafts []ValueDraft, moveTo string) error {
	a, err := s.Access(ctx, by)
	if err != nil {
		return err
	}
	if err := a.mayConfigure(project); err != nil {
		return err
	}
	list, err := checkValues(kind, drafts)
	if err != nil {
		return err
	}
	target := foldLabel(moveTo)
	if usual, known := usualValue(kind, target); known {
		target = usual
	}
	moved := slices.IndexFunc(list, func(v models.ProjectValue) bool { return v.Folded == target })
	if moved < 0 && line(moveTo) != "" {
		return invalid("move_to", "E-VALUE-05", "name", cut(line(moveTo), 60))
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.HoldProject(ctx, project); err != nil {
			return err
		}
		of, err := s.values(ctx, project)
		if err != nil {
			return err
		}
		was := of[project].Of(kind)
		now := slices.Clone(list)
		for _, v := range now {
			if v.ID != 0 && !slices.ContainsFunc(was, func(h models.ProjectValue) bool { return h.ID == v.ID }) {
				return models.ErrConflict // Somebody else has removed it.
			}
		}
		var to *models.ProjectValue
		if moved >= 0 {
			to = &now[moved]
		}
		if err := s.store.SetProjectValues(ctx, project, kind, now, to); err != nil {
			return err
		}
		return s.audit(ctx, by, "project."+string(kind)+"s", object("project", project), map[string][]string{"was": valueNames(was), "became": valueNames(now)})
	})
	if err != nil {
		return fmt.Errorf("set values of project: %w", err)
	}
	s.tell(ctx, object("project", project))
	return nil
}

func checkValues(kind models.ValueKind, drafts []ValueDraft) (models.Values, error) {
	var c checks
	var list models.Values
	if len(drafts) > maxValues {
		c.add("name", "E-VALUE-06", "max", fmt.Sprint(maxValues))
	}
	for _, d := range drafts[:min(len(drafts), maxValues)] {
		v := models.ProjectValue{ID: d.ID, Kind: kind, Name: line(d.Name), Base: d.Base, Colour: d.Colour}
		v.Folded = foldLabel(v.Name)
		usual, known := usualValue(kind, v.Folded)
		if known && usual == v.Base { // Everybody reads it in their language.
			v.Name, v.Folded = usual, usual
		}
		_, twice := list.Named(v.Folded)
		switch {
		case v.Name == "" || len([]rune(v.Name)) > maxValueName || strings.ContainsAny(v.Name, `",`):
			c.add("name", "E-VALUE-01", "name", cut(v.Name, 60), "max", fmt.Sprint(maxValueName))
		case !slices.Contains(kind.Bases(), v.Base):
			c.add("base", "E-VALUE-02", "name", v.Name)
		case known && usual != v.Base:
			c.add("name", "E-VALUE-03", "name", v.Name)
		case twice:
			c.add("name", "E-VALUE-04", "name", v.Name)
		case !slices.Contains(models.ValueColours(), v.Colour):
			c.add("colour", "E-VALUE-07", "name", v.Name)
		}
		list = append(list, v)
	}
	done := func(v models.ProjectValue) bool { return models.IssueState(v.Base).Done() }
	if kind == models.ValueState && len(list) > 0 && len(c.list) == 0 {
		if n := len(slices.DeleteFunc(slices.Clone(list), done)); n == 0 || n == len(list) {
			c.add("base", "E-VALUE-08")
		}
	}
	return list, c.err()
}

// usualValue returns what a word that everybody knows counts as: "geschlossen" is closed.
func usualValue(kind models.ValueKind, folded string) (base string, known bool) {
	word := folded
	if english, ok := queryWords[word]; ok {
		word = english
	}
	return word, slices.Contains(kind.Bases(), word)
}

func valueNames(list models.Values) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, v.Name+" = "+v.Base)
	}
	return out
}

// setValues sets the state and the priority of an issue by their names: those of its project, or the usual ones. nil
// leaves one as it is. An issue that comes from another project keeps what it counts as, and a value of the same name.
func (s *Service) setValues(ctx context.Context, issue *models.Issue, from int64, state, priority *string, c *checks) error {
	if state == nil && priority == nil && from == issue.ProjectID {
		return nil
	}
	of, err := s.values(ctx, issue.ProjectID, from)
	if err != nil {
		return err
	}
	now, was := of[issue.ProjectID], of[from]
	if from != issue.ProjectID {
		issue.StateID = sameValue(now.States, was.States, issue.StateID)
		issue.PriorityID = sameValue(now.Priorities, was.Priorities, issue.PriorityID)
	}
	if state != nil {
		if v, ok := now.States.Named(foldLabel(*state)); ok {
			setState(issue, models.IssueState(v.Base))
			issue.StateID = &v.ID
		} else {
			c.state(models.IssueState(*state))
			setState(issue, models.IssueState(*state))
		}
	}
	if priority != nil {
		if v, ok := now.Priorities.Named(foldLabel(*priority)); ok {
			issue.Priority, _ = models.ParsePriority(v.Base)
			issue.PriorityID = &v.ID
		} else {
			issue.Priority, issue.PriorityID = c.priority(*priority), nil
		}
	}
	return nil
}

// sameValue returns the value of another project that has the same name and counts as the same, nil when there is none.
func sameValue(now, was models.Values, id *int64) *int64 {
	i := slices.IndexFunc(was, func(v models.ProjectValue) bool { return id != nil && v.ID == *id })
	if i < 0 {
		return nil
	}
	if v, ok := now.Named(was[i].Folded); ok && v.Base == was[i].Base {
		return &v.ID
	}
	return nil
}

// byValue narrows a list down to a state or priority that projects name themselves. found is false when none of those
// that the person sees does.
func (s *Service) byValue(ctx context.Context, n *narrowing, kind models.ValueKind, t Term) (found bool, err error) {
	name, known := usualValue(kind, foldLabel(t.Value))
	if !known {
		name = foldLabel(t.Value)
	}
	named, err := s.store.NamedValues(ctx, kind, name)
	if err != nil || len(named) == 0 {
		return false, err
	}
	a, err := s.Access(ctx, n.by)
	if err != nil {
		return false, err
	}
	var ids []int64
	for _, v := range named {
		if a.SeesProject(v.ProjectID) {
			ids = append(ids, v.ProjectID)
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	of, err := s.values(ctx, ids...)
	if err != nil {
		return false, err
	}
	// "open" is what counts as open, unless one project is asked that has a state of just this name.
	if known && (len(n.q.ProjectIDs) != 1 || !slices.Contains(ids, n.q.ProjectIDs[0])) {
		return false, nil
	}
	var list store.ValueCondition
	for _, v := range named {
		if p := of[v.ProjectID]; p != nil {
			list = append(list, store.ValueStands{ProjectValue: v, Stands: p.Of(kind).Stands(v)})
		}
	}
	n.add(t, true, store.Condition{Field: store.ByValue, Value: list})
	n.all = n.all || kind == models.ValueState
	return true, nil
}

// byValueID narrows the list of a project down to one of its own states; 0 does not.
func (s *Service) byValueID(ctx context.Context, n *narrowing, project, id int64) error {
	if id == 0 {
		return nil
	}
	of, err := s.values(ctx, project)
	if err != nil {
		return err
	}
	states := of[project].States
	i := slices.IndexFunc(states, func(v models.ProjectValue) bool { return v.ID == id })
	if i < 0 {
		n.nothing = true
		return nil
	}
	stands := states.Stands(states[i])
	for _, base := range append([]string{states[i].Base}, stands...) {
		if st := models.IssueState(base); !slices.Contains(n.q.States, st) {
			n.q.States = append(n.q.States, st)
		}
	}
	n.q.Where = append(n.q.Where, store.Condition{Field: store.ByValue, Value: store.ValueCondition{{ProjectValue: states[i], Stands: stands}}})
	return nil
}
