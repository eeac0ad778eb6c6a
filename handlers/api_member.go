package handlers

import (
	"net/http"

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

func apiMemberList(h *Handlers, c *gin.Context) error {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	members, err := h.Tracker.Members(c.Request.Context(), apiUser(c), p.ID)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(members, "", func(m tracker.MemberView) apiMemberOut {
		out := apiMemberOut{User: m.User.ID, Name: m.User.Name, Role: string(m.Role)}
		if m.User.Login != nil {
			out.Login = *m.User.Login
		}
		return out
	}))
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
	err = h.Tracker.SetMember(c.Request.Context(), apiUser(c), p.ID, c.Param("login"), models.ProjectRole(role))
	if err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

func apiMemberRemove(h *Handlers, c *gin.Context) error {
	ctx := c.Request.Context()
	p, err := h.Tracker.ProjectByKey(ctx, apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	members, err := h.Tracker.Members(ctx, apiUser(c), p.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.User.Login != nil && *m.User.Login == c.Param("login") {
			if err := h.Tracker.RemoveMember(ctx, apiUser(c), p.ID, m.User.ID); err != nil {
				return err
			}
			c.Status(http.StatusNoContent)
			return nil
		}
	}
	return models.ErrNotFound
}
