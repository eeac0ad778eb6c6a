package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiUserOut is a person in the API.
type apiUserOut struct {
	ID          int64     `json:"id"`
	Login       *string   `json:"login"` // Null for a customer.
	Name        string    `json:"name"`
	Addresses   []string  `json:"addresses"`
	Role        string    `json:"role"`
	PasswordSet bool      `json:"password_set"`
	Disabled    bool      `json:"disabled"`
	CreatedAt   time.Time `json:"created_at"`
}

// apiUserIn is what can be set of a new person.
type apiUserIn struct {
	Login     *string   `json:"login"`
	Name      *string   `json:"name"`
	Addresses *[]string `json:"addresses"`
	Role      *string   `json:"role"`
	Password  *string   `json:"password"` // Write-only.
}

// apiPersonOut is a person as it stands at an issue or a comment.
type apiPersonOut struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"` // "" when the person has none.
}

func apiUserOf(u models.User) apiUserOut {
	out := apiUserOut{
		ID: u.ID, Login: u.Login, Name: u.Name, Addresses: u.Addresses, Role: string(u.Role),
		PasswordSet: u.PasswordHash != "", Disabled: u.DisabledAt != nil, CreatedAt: apiTime(u.CreatedAt),
	}
	if out.Addresses == nil {
		out.Addresses = []string{}
	}
	return out
}

func apiPersonOf(u models.User) apiPersonOut {
	out := apiPersonOut{ID: u.ID, Name: u.Name}
	if len(u.Addresses) > 0 {
		out.Address = u.Addresses[0]
	}
	return out
}

func apiUserList(h *Handlers, c *gin.Context) error {
	limit, after, err := apiPage(c, 50)
	if err != nil {
		return err
	}
	page, err := h.Tracker.Users(c.Request.Context(), apiUser(c), limit, after)
	if err != nil {
		return err
	}
	next := ""
	if page.Next != 0 {
		next = strconv.FormatInt(page.Next, 10)
	}
	c.JSON(http.StatusOK, apiItems(page.Items, next, apiUserOf))
	return nil
}

func apiUserCreate(h *Handlers, c *gin.Context) error {
	var in apiUserIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	var d tracker.UserDraft
	apiSet(&d.Login, in.Login)
	apiSet(&d.Name, in.Name)
	apiSet(&d.Addresses, in.Addresses)
	apiSet(&d.Password, in.Password)
	if in.Role != nil {
		d.Role = models.Role(*in.Role)
	}
	u, err := h.Tracker.CreateUser(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	apiCreated(c, "/users/"+strconv.FormatInt(u.ID, 10), apiUserOf(u))
	return nil
}

func apiUserShow(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	u, err := h.Tracker.User(c.Request.Context(), apiUser(c), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiUserOf(u))
	return nil
}
