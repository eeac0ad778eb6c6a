package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/internal/i18n"
	"letterbox/models"
	"letterbox/tracker"
)

// maxForm bounds the body of a form, maxUpload that of a form with a file.
const (
	maxForm   = 1 << 20
	maxUpload = 32 << 20
)

// bodyLimit is how many octets a request for a page may have. Only a form with a file may be large.
func bodyLimit(c *gin.Context) int64 {
	if c.ContentType() == "multipart/form-data" {
		return maxUpload
	}
	return maxForm
}

// visit is one request for a page: who comes, what it may see, and in which language and theme it reads.
type visit struct {
	*gin.Context
	h       *Handlers
	me      *models.User // Nil without sign-in.
	access  tracker.Access
	session tracker.Session // Zero without sign-in.
	l       *i18n.Locale
	theme   string // "light", "dark" or "" (the system's).

	pictureSenders []models.PictureSender // Whose pictures the person wants to see always, once they are read.
	picturesRead   bool
}

// action answers one request. An error becomes an error page.
type action func(v *visit) error

// page wraps an action: it refuses requests from foreign pages, finds out who is there and turns errors into pages.
func (h *Handlers) page(n need, do action) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit(c))
		v := h.newVisit(c)
		if err := h.csrf.Check(c.Request); err != nil {
			v.fail(errCrossOrigin)
			return
		}
		if err := v.identify(); err != nil {
			v.fail(err)
			return
		}
		if err := v.admit(n); err != nil {
			v.fail(err)
			return
		}
		if err := do(v); err != nil {
			v.fail(err)
		}
	}
}

func (h *Handlers) newVisit(c *gin.Context) *visit {
	v := &visit{Context: c, h: h, theme: oneOf(cookie(c, themeCookie), "light", "dark")}
	lang := oneOf(cookie(c, languageCookie), i18n.Languages()...)
	if lang == "" {
		lang = i18n.Match(c.GetHeader("Accept-Language"))
	}
	v.l = h.cat.Locale(lang)
	return v
}

// identify finds the person of the session cookie. A cookie that is no longer good is as none.
func (v *visit) identify() error {
	secret := cookie(v.Context, v.h.sessionCookie())
	if secret == "" {
		return nil
	}
	s, err := v.h.Tracker.Session(v.ctx(), secret)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	if v.access, err = v.h.Tracker.Access(v.ctx(), &s.User); err != nil {
		return err
	}
	v.me, v.session = &s.User, s
	if s.User.Language != "" {
		v.l = v.h.cat.Locale(s.User.Language)
	}
	v.theme = s.User.Theme
	return nil
}

// admit refuses those who have no business on a route.
func (v *visit) admit(n need) error {
	switch {
	case n == anyone:
		return nil
	case v.me == nil:
		return errSignInFirst
	case n == configurer && !v.access.ConfiguresAny():
		return &missingRight{"right.configure"}
	case n == admin && !v.access.Admin():
		return &missingRight{"right.admin"}
	}
	return nil
}

// id reads a number from the path. What is no number is not there.
func (v *visit) id(name string) (int64, error) {
	n, err := strconv.ParseInt(v.Param(name), 10, 64)
	if err != nil || n <= 0 || v.Param(name)[0] == '0' || v.Param(name)[0] == '+' {
		return 0, models.ErrNotFound
	}
	return n, nil
}

// redirect sends the browser to a page of ours after a POST.
func (v *visit) redirect(to string) error {
	v.Redirect(http.StatusSeeOther, to)
	return nil
}

func oneOf(value string, allowed ...string) string {
	for _, a := range allowed {
		if value == a {
			return value
		}
	}
	return ""
}
