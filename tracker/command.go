package tracker

import (
	"context"
	"errors"
	"slices"
	"strings"

	"letterbox/models"
)

// CheckCommand reports whether a person may have a command of a mail carried out on an issue of a project, and returns
// it as it will be: a person is named by login. It changes nothing.
func (s *Service) CheckCommand(ctx context.Context, by *models.User, projectID int64, c models.Command) (models.Command, bool, error) {
	a, err := s.Access(ctx, by)
	if err != nil || by == nil || !a.WorksOn(projectID) {
		return c, false, err
	}
	switch c.Name {
	case "status", "priority":
		var wrong checks
		issue, p := models.Issue{ProjectID: projectID}, &c.Value
		if c.Name == "priority" {
			err = s.setValues(ctx, &issue, projectID, nil, p, &wrong)
		} else {
			err = s.setValues(ctx, &issue, projectID, p, nil, &wrong)
		}
		return c, err == nil && wrong.err() == nil, err
	case "assignee":
		if slices.Contains([]string{"me", "ich", "mich", "mir"}, strings.ToLower(c.Value)) && by.Login != nil {
			c.Value = *by.Login
		}
		if u, err := s.store.UserByAddress(ctx, c.Value); err == nil && u.Login != nil {
			c.Value = *u.Login
		} else if err != nil && !errors.Is(err, models.ErrNotFound) {
			return c, false, err
		}
		_, err := s.assignee(ctx, c.Value, projectID)
		if _, unknown := errors.AsType[models.InvalidList](err); unknown {
			return c, false, nil
		}
		return c, err == nil, err
	case "label":
		var wrong checks
		splitLabels(strings.Split(c.Value, ","), &wrong)
		return c, wrong.err() == nil, nil
	}
	return c, true, nil
}

// RunCommands carries out commands that were checked, as one change of the issue in the person's name. It joins the
// transaction in ctx.
func (s *Service) RunCommands(ctx context.Context, by *models.User, number int64, list []models.Command) error {
	var p IssuePatch
	for _, c := range list {
		switch c.Name {
		case "status":
			state := models.IssueState(c.Value)
			p.State = &state
		case "priority":
			p.Priority = &c.Value
		case "assignee":
			p.Assignee = &c.Value
		case "due":
			p.Due = &c.Value
		case "label":
			p.AddLabels = append(p.AddLabels, strings.Split(c.Value, ",")...)
		}
	}
	_, err := s.UpdateIssue(ctx, by, number, 0, p)
	return err
}
