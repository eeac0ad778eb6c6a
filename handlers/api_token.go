package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiTokenOut is a token of a person, without the token itself.
type apiTokenOut struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	ReadOnly   bool       `json:"read_only"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"` // Null: never.
	ExpiresAt  *time.Time `json:"expires_at"`   // Null: it does not end by itself.
}

func apiTokenOf(t models.Token) apiTokenOut {
	return apiTokenOut{
		ID: t.ID, Name: t.Name, ReadOnly: t.ReadOnly, CreatedAt: apiTime(t.CreatedAt), LastUsedAt: apiTimeOrNil(t.LastUsedAt), ExpiresAt: apiTimeOrNil(t.ExpiresAt),
	}
}

func apiTokenList(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	list, err := h.Tracker.Tokens(c.Request.Context(), apiUser(c), u.ID)
	if err != nil {
		return err
	}
	return apiPaged(c, list, func(t models.Token) int64 { return t.ID }, apiTokenOf)
}

func apiTokenShow(h *Handlers, c *gin.Context) error {
	user, id, err := apiTokenInPath(h, c)
	if err != nil {
		return err
	}
	list, err := h.Tracker.Tokens(c.Request.Context(), apiUser(c), user)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID == id {
			c.JSON(http.StatusOK, apiTokenOf(t))
			return nil
		}
	}
	return models.ErrNotFound
}

func apiTokenDelete(h *Handlers, c *gin.Context) error {
	user, id, err := apiTokenInPath(h, c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.DeleteToken(c.Request.Context(), apiUser(c), user, id))
}

// apiTokenInPath returns the numbers of the person and of the token in the path.
func apiTokenInPath(h *Handlers, c *gin.Context) (user, id int64, err error) {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return 0, 0, err
	}
	id, err = apiID(c, "token")
	return u.ID, id, err
}

func apiUserAddressRemove(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.RemoveAddress(c.Request.Context(), apiUser(c), u.ID, c.Param("address")))
}
