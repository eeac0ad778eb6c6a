package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

const apiUserKey = "api_user"

// apiNoToken says that the request carries no token that is good. given tells a bad one from none.
type apiNoToken struct{ given bool }

func (e *apiNoToken) Error() string { return "no valid token" }

// apiAuth lets a request with a valid bearer token pass (RFC 6750, 2.1). Cookies, query parameters and form fields are
// never looked at.
func (h *Handlers) apiAuth(c *gin.Context) {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		h.apiFail(c, &apiNoToken{})
		return
	}
	u, held, err := h.Tracker.TokenUser(c.Request.Context(), strings.TrimSpace(token))
	switch {
	case errors.Is(err, models.ErrNotFound):
		h.apiFail(c, &apiNoToken{given: true})
	case err != nil:
		h.apiFail(c, err)
	case held.ReadOnly && c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
		h.apiFail(c, &apiBadRequest{status: http.StatusForbidden, code: "E-TOKEN-04", args: map[string]string{"name": held.Name}})
	default:
		c.Set(apiUserKey, &u)
	}
}

// challenge tells the client how to sign in (RFC 6750, 3).
func (e *apiNoToken) challenge(head http.Header) {
	value := `Bearer realm="Letterbox"`
	if e.given {
		value += `, error="invalid_token"`
	}
	head.Set("WWW-Authenticate", value)
}

// apiUser returns the person in whose name the request speaks. Behind apiAuth it is never nil.
func apiUser(c *gin.Context) *models.User {
	u, _ := c.Value(apiUserKey).(*models.User)
	return u
}

// apiAdmin refuses who is no admin of the installation.
func apiAdmin(h *Handlers, c *gin.Context) error {
	a, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err == nil && !a.Admin() {
		err = models.ErrForbidden
	}
	return err
}
