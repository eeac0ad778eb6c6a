package handlers

import (
	"fmt"
	"net/http"

	"letterbox/models"
	"letterbox/tracker"
)

func projectFields() []string { return []string{"key", "name", "description", "default_assignee"} }

// projectView is what the page of a project shows.
type projectView struct {
	models.Project
	Members    []tracker.MemberView
	Candidates []option // Who may become a member: only admins see everybody.
	Configures bool
	Works      bool  // A reporter does not see who else is there.
	Member     *form // The form for one more member.
	Labels     []models.Label
	Templates  []models.AnswerTemplate
	States     []models.Word
	Priorities []models.Word
	Assignable []option // Who may have new issues that name nobody.
}

// Roles are those that a member can have, the usual one first.
func (projectView) Roles() []models.ProjectRole {
	return []models.ProjectRole{models.ProjectMember, models.ProjectReporter, models.ProjectAdmin}
}

// projectNew shows the form for a new project.
func projectNew(v *visit) error {
	return v.showProjectNew(http.StatusOK, v.newForm("project", map[string]string{"key": "", "name": "", "description": ""}))
}

func (v *visit) showProjectNew(status int, f *form) error {
	return v.render(status, "project_new", view{Title: v.l.T("project.create"), Section: "projects", Form: f})
}

// projectCreate adds a project.
func projectCreate(v *visit) error {
	f, err := v.readForm("project", projectFields()...)
	if err != nil {
		return err
	}
	p, err := v.h.Tracker.CreateProject(v.ctx(), v.me, projectDraft(f))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showProjectNew(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.project_created", "key", p.Key)
	return v.redirect(fmt.Sprintf("/projects/%d", p.ID))
}

func projectDraft(f *form) tracker.ProjectDraft {
	d := tracker.ProjectDraft{Key: f.get("key"), Name: f.get("name"), Description: f.text("description")}
	if login, ok := f.values["default_assignee"]; ok {
		d.Assignee = &login
	}
	return d
}

// projectShow shows a project with its members, to be changed by those who may.
func projectShow(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.showProject(http.StatusOK, id, nil, nil)
}

// showProject shows a project; f and member are forms that were sent and are to be checked, nil otherwise.
func (v *visit) showProject(status int, id int64, f, member *form) error {
	p, err := v.h.Tracker.Project(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	data := projectView{Project: p, Configures: v.access.Configures(id), Works: v.access.WorksOn(id), Member: member}
	values, err := v.h.Tracker.Values(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	data.States, data.Priorities = values.States.Words(models.ValueState), values.Priorities.Words(models.ValuePriority)
	if data.Works {
		if data.Members, err = v.h.Tracker.Members(v.ctx(), v.me, id); err != nil {
			return err
		}
		if data.Labels, err = v.h.Tracker.Labels(v.ctx(), v.me, id); err != nil {
			return err
		}
		if data.Templates, err = v.h.Tracker.AnswerTemplates(v.ctx(), v.me, id); err != nil {
			return err
		}
	}
	if f == nil {
		f = v.newForm("project", map[string]string{"key": p.Key, "name": p.Name, "description": p.Description, "default_assignee": "", "template_name": "", "template_body": ""})
		for _, m := range data.Members {
			if p.DefaultAssigneeID != nil && m.User.ID == *p.DefaultAssigneeID && m.User.Login != nil {
				f.values["default_assignee"] = *m.User.Login
			}
		}
	}
	data.Assignable = []option{{"", v.l.T("issue.nobody")}}
	for _, m := range data.Members {
		if m.Role != models.ProjectReporter && m.User.Login != nil && m.User.DisabledAt == nil {
			data.Assignable = append(data.Assignable, option{*m.User.Login, m.User.Name})
		}
	}
	if member == nil {
		data.Member = v.newForm("member", map[string]string{"login": "", "role": "member"})
	} else {
		f.errs = append(f.errs, member.errs...)
		f.values["login"] = member.values["login"]
	}
	if v.access.Admin() {
		if data.Candidates, err = v.candidates(data.Members); err != nil {
			return err
		}
	}
	return v.render(status, "project_show", view{Title: p.Key + " · " + p.Name, Section: "projects", Form: f, Data: data})
}

// candidates are the people who sign in and are no members yet.
func (v *visit) candidates(members []tracker.MemberView) ([]option, error) {
	page, err := v.h.Tracker.Users(v.ctx(), v.me, 200, 0)
	if err != nil {
		return nil, err
	}
	in := map[int64]bool{}
	for _, m := range members {
		in[m.User.ID] = true
	}
	var out []option
	for _, u := range page.Items {
		if u.Login != nil && u.DisabledAt == nil && !in[u.ID] && u.Role != models.RoleCustomer {
			out = append(out, option{*u.Login, u.Name + " (" + *u.Login + ")"})
		}
	}
	return out, nil
}

// projectUpdate changes a project.
func projectUpdate(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("project", projectFields()...)
	if err != nil {
		return err
	}
	p, err := v.h.Tracker.UpdateProject(v.ctx(), v.me, id, projectDraft(f))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showProject(http.StatusUnprocessableEntity, id, f, nil)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.project_saved", "key", p.Key)
	return v.redirect(fmt.Sprintf("/projects/%d", id))
}
