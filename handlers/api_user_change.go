package handlers

import (
	"context"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiUserPatch is what can be changed of a person.
type apiUserPatch struct {
	Name     *string `json:"name"`
	Language *string `json:"language"` // "de", "en" or "".
	Role     *string `json:"role"`
	Disabled *bool   `json:"disabled"`
	Password *string `json:"password"` // Write-only.
}

// apiAddressIn is one more address of a person.
type apiAddressIn struct {
	Address *string `json:"address"`
}

// apiUserInPath returns the person that the path names, when the caller may see it.
func (h *Handlers) apiUserInPath(c *gin.Context) (models.User, error) {
	id, err := apiID(c, "id")
	if err != nil {
		return models.User{}, err
	}
	return h.Tracker.User(c.Request.Context(), apiUser(c), id)
}

func apiUserUpdate(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	var in apiUserPatch
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	if in.Password != nil {
		if err := apiAdmin(h, c); err != nil { // The page asks people for the old one.
			return err
		}
	}
	p := tracker.UserPatch{Name: in.Name, Language: in.Language, Disabled: in.Disabled, Password: in.Password}
	if in.Role != nil {
		role := models.Role(*in.Role)
		p.Role = &role
	}
	if _, err := h.Tracker.PatchUser(c.Request.Context(), apiUser(c), u.ID, p); err != nil {
		return err
	}
	return apiUserShow(h, c)
}

func apiUserAddress(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	var in apiAddressIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "address"); faults != nil {
		return faults
	}
	if err := h.Tracker.AddAddress(c.Request.Context(), apiUser(c), u.ID, *in.Address); err != nil {
		return err
	}
	return apiUserShow(h, c)
}

// apiDone does something with the person in the path and answers with nothing.
func (h *Handlers) apiDone(c *gin.Context, do func(ctx context.Context, by *models.User, id int64) error) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	return apiEmpty(c, do(c.Request.Context(), apiUser(c), u.ID))
}

func apiUserSessionsEnd(h *Handlers, c *gin.Context) error {
	return h.apiDone(c, h.Tracker.EndSessions)
}

func apiUserFactorRemove(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil { // The person itself gives a code on its page.
		return err
	}
	return h.apiDone(c, func(ctx context.Context, by *models.User, id int64) error {
		if by.ID == id {
			return models.ErrForbidden
		}
		return h.Tracker.RemoveSecondFactor(ctx, by, id, "")
	})
}

func apiUserIdentitiesRemove(h *Handlers, c *gin.Context) error {
	return h.apiDone(c, h.Tracker.ForgetIdentities)
}
