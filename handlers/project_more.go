package handlers

import (
	"fmt"
	"net/http"

	"letterbox/models"
	"letterbox/tracker"
)

// projectChange does something with the project of the path and goes back to a part of its page.
func (v *visit) projectChange(part, said string, do func(p models.Project, f *form) error, fields ...string) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("project", fields...)
	if err != nil {
		return err
	}
	p, err := v.h.Tracker.Project(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	err = do(p, f)
	if list, ok := invalid(err); ok {
		for name, value := range map[string]string{"key": p.Key, "name": p.Name, "description": p.Description} {
			f.values[name] = value
		}
		f.take(list, nil)
		return v.showProject(http.StatusUnprocessableEntity, id, f, nil)
	}
	if err != nil {
		return err
	}
	v.say("ok", said)
	return v.redirect(fmt.Sprintf("/projects/%d#%s", id, part))
}

// projectArchive closes a project for new issues, or opens it again.
func projectArchive(v *visit) error {
	return v.projectChange("archive", "flash.project_archive", func(p models.Project, f *form) error {
		archived := f.yes("archived")
		_, err := v.h.Tracker.UpdateProject(v.ctx(), v.me, p.ID, tracker.ProjectDraft{Key: p.Key, Name: p.Name, Description: p.Description, Archived: &archived})
		return err
	}, "archived")
}

// templateCreate adds a text for answers.
func templateCreate(v *visit) error {
	return v.projectChange("templates", "flash.template_saved", func(p models.Project, f *form) error {
		_, err := v.h.Tracker.AddAnswerTemplate(v.ctx(), v.me, models.AnswerTemplate{ProjectID: p.ID, Name: f.get("template_name"), Body: f.text("template_body")})
		return err
	}, "template_name", "template_body")
}

// templateDelete removes a text for answers, labelDelete a label from the project and all its issues.
func templateDelete(v *visit) error {
	return v.projectChange("templates", "flash.template_deleted", func(p models.Project, _ *form) error {
		id, err := v.id("template")
		if err != nil {
			return err
		}
		return v.h.Tracker.DeleteAnswerTemplate(v.ctx(), v.me, p.ID, id)
	})
}

// templateUpdate changes a text for answers, labelUpdate the name of a label.
func templateUpdate(v *visit) error {
	return v.projectChange("templates", "flash.template_saved", func(p models.Project, f *form) error {
		id, err := v.id("template")
		if err != nil {
			return err
		}
		f.values["edited"] = fmt.Sprint("template-", id)
		name, body := f.get("edit_name"), f.text("edit_body")
		_, err = v.h.Tracker.UpdateAnswerTemplate(v.ctx(), v.me, p.ID, id, &name, &body)
		return err
	}, "edit_name", "edit_body")
}

func labelUpdate(v *visit) error {
	return v.projectChange("labels", "flash.label_saved", func(p models.Project, f *form) error {
		id, err := v.id("label")
		if err != nil {
			return err
		}
		f.values["edited"] = fmt.Sprint("label-", id)
		_, err = v.h.Tracker.RenameLabel(v.ctx(), v.me, p.ID, id, f.get("edit_name"))
		return err
	}, "edit_name")
}

func labelDelete(v *visit) error {
	return v.projectChange("labels", "flash.label_deleted", func(p models.Project, _ *form) error {
		id, err := v.id("label")
		if err != nil {
			return err
		}
		return v.h.Tracker.DeleteLabel(v.ctx(), v.me, p.ID, id)
	})
}

// insertTemplate adds the chosen text of the project to the answer that is being written.
func (v *visit) insertTemplate(number int64, f *form) error {
	issue, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	list, err := v.h.Tracker.AnswerTemplates(v.ctx(), v.me, issue.ProjectID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if fmt.Sprint(t.ID) != v.PostForm("template") {
			continue
		}
		if f.values["body"] != "" {
			f.values["body"] += "\n\n"
		}
		f.values["body"] += t.Body
	}
	return v.showIssue(http.StatusOK, number, f)
}
