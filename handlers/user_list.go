package handlers

import (
	"net/http"
	"net/url"
	"strconv"

	"letterbox/models"
)

// userListView is what the list of people shows.
type userListView struct {
	Users       []models.User
	First, Next string
}

// userList shows all people.
func userList(v *visit) error {
	after, err := strconv.ParseInt(v.DefaultQuery("after", "0"), 10, 64)
	if err != nil || after < 0 {
		return models.ErrNotFound
	}
	page, err := v.h.Tracker.Users(v.ctx(), v.me, 100, after)
	if err != nil {
		return err
	}
	data := userListView{Users: page.Items}
	if after > 0 {
		data.First = "/users"
	}
	if page.Next != 0 {
		data.Next = address("/users", url.Values{}, "after", strconv.FormatInt(page.Next, 10))
	}
	return v.render(http.StatusOK, "user_list", view{Title: v.l.T("nav.users"), Section: "users", Data: data})
}
