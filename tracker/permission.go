package tracker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"letterbox/models"
	"letterbox/models/store"
)

// Access is what one person may see and do at one moment. Every decision about rights is one of its methods:
//
//   - admins see and do everything;
//   - members see the projects they are members of and work on their issues;
//   - members with the role admin in a project also configure it: its members, its inboxes and their inbound log;
//   - reporters of a project open issues there and see those that they have to do with: what they reported, wrote in or
//     watch, without internal notes; they comment on these and change nothing else;
//   - global inboxes, users and new projects are for admins only;
//   - customers and disabled people see and do nothing.
//
// The zero Access may do nothing.
type Access struct {
	admin    bool
	user     int64
	projects map[int64]models.ProjectRole
}

// Access returns what u may do now. u may be nil: nobody, who may do nothing.
func (s *Service) Access(ctx context.Context, u *models.User) (Access, error) {
	if u == nil || u.DisabledAt != nil {
		return Access{}, nil
	}
	switch u.Role {
	case models.RoleAdmin:
		return Access{admin: true, user: u.ID}, nil
	case models.RoleMember:
	default:
		return Access{}, nil
	}
	members, err := s.store.MembershipsOf(ctx, u.ID)
	if err != nil {
		return Access{}, fmt.Errorf("load memberships: %w", err)
	}
	a := Access{user: u.ID, projects: make(map[int64]models.ProjectRole, len(members))}
	for _, m := range members {
		a.projects[m.ProjectID] = m.Role
	}
	return a, nil
}

// Admin reports whether the person is an admin of the installation: users, new projects and global inboxes.
func (a Access) Admin() bool { return a.admin }

// SeesProject reports whether the person sees that there is the project. Of its issues a reporter sees only some, see
// Service.sees.
func (a Access) SeesProject(id int64) bool {
	_, ok := a.projects[id]
	return a.admin || ok
}

// WorksOn reports whether the person sees all issues of the project with internal notes, and may change them.
func (a Access) WorksOn(id int64) bool {
	return a.admin || a.projects[id] == models.ProjectAdmin || a.projects[id] == models.ProjectMember
}

// WorksAnywhere reports whether there is a project that the person works on.
func (a Access) WorksAnywhere() bool {
	return a.admin || slices.ContainsFunc(slices.Collect(maps.Keys(a.projects)), a.WorksOn)
}

// watching is the person itself where it is a reporter only: it goes on seeing what it has to do with.
func (a Access) watching(projectID int64) []int64 {
	if a.user == 0 || a.WorksOn(projectID) {
		return nil
	}
	return []int64{a.user}
}

// restrict narrows a list of issues to those that the person sees. What waits to be sorted is not for reporters at all.
func (a Access) restrict(q *store.IssueQuery, triage bool) {
	reports := slices.DeleteFunc(a.reports(), func(id int64) bool { return !slices.Contains(q.ProjectIDs, id) })
	if len(reports) == 0 {
		return
	}
	if triage {
		q.ProjectIDs = slices.DeleteFunc(slices.Clone(q.ProjectIDs), func(id int64) bool { return slices.Contains(reports, id) })
		return
	}
	q.Internal = false
	q.Involved = &store.Involvement{UserID: a.user, ProjectIDs: reports}
}

// reports returns the projects in which the person is a reporter only.
func (a Access) reports() []int64 {
	var ids []int64
	for id, role := range a.projects {
		if role == models.ProjectReporter {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Configures reports whether the person may change the project, its members and its inboxes.
func (a Access) Configures(id int64) bool { return a.admin || a.projects[id] == models.ProjectAdmin }

// ConfiguresAny reports whether there is a project that the person may configure.
func (a Access) ConfiguresAny() bool {
	return a.admin || slices.Contains(slices.Collect(maps.Values(a.projects)), models.ProjectAdmin)
}

// SeesInbox reports whether the person sees the inbox and may change, check and poll it. The same right covers its
// inbound log: messages with their trace, raw octets, reprocessing and dry runs.
func (a Access) SeesInbox(in models.Inbox) bool {
	return a.admin || !in.Global && a.Configures(in.ProjectID)
}

// Projects returns the projects that the person sees; all is true for an admin, who sees every one.
func (a Access) Projects() (ids []int64, all bool) {
	if a.admin {
		return nil, true
	}
	ids = make([]int64, 0, len(a.projects))
	for id := range a.projects {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, false
}

// visible returns ErrNotFound when the person does not see the project.
func (a Access) visible(projectID int64) error {
	if !a.SeesProject(projectID) {
		return models.ErrNotFound
	}
	return nil
}

// sees reports whether the person sees an issue: those who work on its project do, reporters when they have to do with
// it.
func (s *Service) sees(ctx context.Context, a Access, i models.Issue) (bool, error) {
	switch {
	case a.WorksOn(i.ProjectID):
		return true, nil
	case !a.SeesProject(i.ProjectID):
		return false, nil
	}
	yes, err := s.store.Involved(ctx, i.Number, a.user)
	if err != nil {
		return false, fmt.Errorf("find out whose issue it is: %w", err)
	}
	return yes, nil
}

// mayWork returns ErrNotFound when the person does not see the project and ErrForbidden when it may not work there.
func (a Access) mayWork(projectID int64) error {
	if err := a.visible(projectID); err != nil {
		return err
	}
	if !a.WorksOn(projectID) {
		return models.ErrForbidden
	}
	return nil
}

// mayConfigure returns ErrNotFound when the person does not see the project and ErrForbidden when it sees it but may
// not configure it.
func (a Access) mayConfigure(projectID int64) error {
	if err := a.visible(projectID); err != nil {
		return err
	}
	if !a.Configures(projectID) {
		return models.ErrForbidden
	}
	return nil
}

// mayAdminister returns ErrForbidden for everybody but admins: that there are users and projects is no secret.
func (a Access) mayAdminister() error {
	if !a.admin {
		return models.ErrForbidden
	}
	return nil
}
