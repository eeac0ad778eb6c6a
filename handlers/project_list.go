package handlers

import (
	"net/http"

	"letterbox/gateway"
	"letterbox/models"
)

// projectRow is a project in the list.
type projectRow struct {
	models.Project
	Members int
	Inboxes []gateway.InboxView // Those that the person may configure.
}

// projectList shows the projects that a person sees.
func projectList(v *visit) error {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	inboxes, err := v.inboxes()
	if err != nil {
		return err
	}
	rows := make([]projectRow, 0, len(projects))
	for _, p := range projects {
		row := projectRow{Project: p}
		if v.access.WorksOn(p.ID) {
			members, err := v.h.Tracker.Members(v.ctx(), v.me, p.ID)
			if err != nil {
				return err
			}
			row.Members = len(members)
		}
		for _, in := range inboxes {
			if in.ProjectID == p.ID {
				row.Inboxes = append(row.Inboxes, in)
			}
		}
		rows = append(rows, row)
	}
	return v.render(http.StatusOK, "project_list", view{Title: v.l.T("nav.projects"), Section: "projects", Data: rows})
}
