package handlers

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiMemberOut is a member of a project in the API.
type apiMemberOut struct {
	User  int64  `json:"user"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Role  string `json:"role"` // In the project: "admin" or "member".
}

// apiMemberIn is what can be set of a membership.
type apiMemberIn struct {
	Role *string `json:"role"`
}

func apiMemberOf(m tracker.MemberView) apiMemberOut {
	out := apiMemberOut{User: m.User.ID, Name: m.User.Name, Role: string(m.Role)}
	if m.User.Login != nil {
		out.Login = *m.User.Login
	}
	return out
}

func apiMemberList(h *Handlers, c *gin.Context) error {
	_, members, err := apiOfProject(h, c, h.Tracker.Members)
	if err != nil {
		return err
	}
	return apiPaged(c, members, func(m tracker.MemberView) int64 { return m.User.ID }, apiMemberOf)
}

// apiMember returns the member that the path names, with the project.
func apiMember(h *Handlers, c *gin.Context) (models.Project, tracker.MemberView, error) {
	p, members, err := apiOfProject(h, c, h.Tracker.Members)
	if err != nil {
		return p, tracker.MemberView{}, err
	}
	at := slices.IndexFunc(members, func(m tracker.MemberView) bool { return m.User.Login != nil && *m.User.Login == c.Param("login") })
	if at < 0 {
		return p, tracker.MemberView{}, models.ErrNotFound
	}
	return p, members[at], nil
}

func apiMemberShow(h *Handlers, c *gin.Context) error {
	_, m, err := apiMember(h, c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiMemberOf(m))
	return nil
}

func apiMemberSet(h *Handlers, c *gin.Context) error {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	in := apiMemberIn{}
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	role := string(models.ProjectMember)
	apiSet(&role, in.Role)
	return apiEmpty(c, h.Tracker.SetMember(c.Request.Context(), apiUser(c), p.ID, c.Param("login"), models.ProjectRole(role)))
}

func apiMemberRemove(h *Handlers, c *gin.Context) error {
	p, m, err := apiMember(h, c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.RemoveMember(c.Request.Context(), apiUser(c), p.ID, m.User.ID))
}
