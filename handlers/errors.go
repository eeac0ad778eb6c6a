package handlers

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

var (
	errNoRoute     = errors.New("no such page")
	errNoMethod    = errors.New("method not allowed")
	errCrossOrigin = errors.New("request from another site")
	errSignInFirst = errors.New("sign in first")
	errUnreadable  = errors.New("form not readable")
)

// missingRight says which right a person lacks; name is a key of the catalogue.
type missingRight struct{ name string }

func (e *missingRight) Error() string { return "missing " + e.name }

func (e *missingRight) Unwrap() error { return models.ErrForbidden }

// fail answers with the error page that belongs to err. What is not expected is logged with a reference; the page
// shows the reference and nothing else of it.
func (v *visit) fail(err error) {
	var right *missingRight
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errSignInFirst):
		v.askSignIn()
	case errors.As(err, &right):
		v.failed(http.StatusForbidden, "E-403", map[string]string{"right": v.l.T(right.name), "admins": v.admins()})
	case errors.Is(err, models.ErrForbidden):
		v.failed(http.StatusForbidden, "E-403", map[string]string{"right": v.l.T("right.change"), "admins": v.admins()})
	case errors.Is(err, errCrossOrigin):
		v.failed(http.StatusForbidden, "E-403-ORIGIN", nil)
	case errors.Is(err, models.ErrNotFound), errors.Is(err, errNoRoute):
		v.failed(http.StatusNotFound, "E-404", nil)
	case errors.Is(err, errNoMethod):
		v.failed(http.StatusMethodNotAllowed, "E-405", nil)
	case errors.Is(err, models.ErrConflict):
		v.failed(http.StatusConflict, "E-409-PAGE", nil)
	case errors.Is(err, errExports):
		v.failed(http.StatusTooManyRequests, "E-429-EXPORT", nil)
	case errors.As(err, &large):
		v.failed(http.StatusRequestEntityTooLarge, "E-413-FORM", map[string]string{"max": v.l.Size(large.Limit)})
	case errors.Is(err, errUnreadable):
		v.failed(http.StatusBadRequest, "E-400", nil)
	case errors.Is(err, context.Canceled) && v.ctx().Err() != nil:
		v.Abort() // Nobody is there to read an answer.
	default:
		id := reference()
		v.h.Log.ErrorContext(v.ctx(), "request failed", slog.String("reference", id), slog.String("method", v.Request.Method),
			slog.String("route", v.FullPath()), slog.Any("err", err))
		v.broken(id)
	}
}

// askSignIn sends to the sign-in page and remembers where to go from there. A form is not sent again by itself.
func (v *visit) askSignIn() {
	to := "/signin"
	if v.signInAnew() {
		return
	}
	if v.Request.Method == http.MethodGet && v.Request.URL.Path != "/" && v.FullPath() != "/changes" {
		to += "?to=" + url.QueryEscape(v.Request.URL.RequestURI())
	}
	if v.FullPath() == "/changes" {
		v.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	v.Redirect(http.StatusSeeOther, to)
	v.Abort()
}

// failure is what an error page shows.
type failure struct {
	Status int
	Code   string
	Text   string
	ID     string
	Kept   []option // Names and values of a form that can be sent again to the address Again.
	Again  string
	SignIn bool // Somebody has to sign in before.
}

func (v *visit) failed(status int, code string, args map[string]string) {
	v.answer(failure{Status: status, Code: code, Text: v.l.T(code, args), ID: args["id"]})
}

func (v *visit) answer(f failure) {
	v.Abort()
	name := "error"
	if v.me == nil {
		name = "error_alone"
	}
	if err := v.render(f.Status, name, view{Title: v.l.T(f.Code + ".title"), Data: f}); err != nil {
		v.h.Log.ErrorContext(v.ctx(), "error page failed", slog.Any("err", err))
		v.Data(f.Status, "text/plain; charset=utf-8", []byte(f.Text+"\n"))
	}
}

// broken answers that something went wrong for which nobody but us is to blame. A form that was sent comes back with
// the answer and can be sent again, so what was entered is not lost; passwords are never among it, so a form with one
// has to be filled anew.
func (v *visit) broken(id string) {
	args := map[string]string{"id": id}
	code, kept := "E-500-PAGE", v.kept()
	if len(kept) > 0 {
		code = "E-500"
	}
	v.answer(failure{
		Status: http.StatusInternalServerError, Code: code, Text: v.l.T(code, args), ID: id, Kept: kept, Again: v.Request.URL.RequestURI(),
	})
}

// kept are the fields of the form that was sent, in order; none when there was none or it held a secret.
func (v *visit) kept() []option {
	if v.Request.Method != http.MethodPost || v.parseForm() != nil {
		return nil
	}
	var out []option
	for _, name := range slices.Sorted(maps.Keys(v.Request.PostForm)) {
		for _, value := range v.Request.PostForm[name] {
			switch {
			case (name == "password" || name == "current" || name == "token") && value != "":
				return nil
			case value != "":
				out = append(out, option{name, value})
			}
		}
	}
	return out
}

// admins names those who can grant a right.
func (v *visit) admins() string {
	page, err := v.h.Tracker.Users(v.ctx(), tracker.CommandLine(), 200, 0)
	if err != nil {
		v.h.Log.WarnContext(v.ctx(), "admins not listed", slog.Any("err", err))
	}
	var names []string
	for _, u := range page.Items {
		if u.Role == models.RoleAdmin && u.DisabledAt == nil {
			names = append(names, u.Name)
		}
	}
	if len(names) == 0 {
		return v.l.T("role.admin")
	}
	return strings.Join(names, ", ")
}

// invalid returns the list of what is to be checked in a form, when err is about that.
func invalid(err error) (models.InvalidList, bool) {
	var list models.InvalidList
	if errors.As(err, &list) {
		return list, true
	}
	var one *models.Invalid
	if errors.As(err, &one) {
		return models.InvalidList{one}, true
	}
	return nil, false
}
