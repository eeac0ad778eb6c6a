package handlers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/gateway/mailbox"
	"letterbox/internal/i18n"
	"letterbox/models"
)

// apiProblem is an error of the API (RFC 9457).
type apiProblem struct {
	Type   string          `json:"type"`
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Code   string          `json:"code"`             // Ours, of the message catalogue.
	Detail string          `json:"detail,omitempty"` // What to do about this one.
	ID     string          `json:"id,omitempty"`     // Names the line in the log of the server.
	Errors []apiFieldError `json:"errors,omitempty"` // What is wrong with the fields of the request.
	// What is there now, when it is not what If-Match names.
	Current json.RawMessage `json:"current,omitempty"`
}

// apiFieldError is what is wrong with one field of a request.
type apiFieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Line   int    `json:"line,omitempty"` // Of the file that was sent.
}

// apiBadRequest is a request that cannot be read at all. code and args are the sentence that says why; "" when the
// status says it all.
type apiBadRequest struct {
	status int
	code   string
	args   map[string]string

	current []byte // JSON of what is there, nil for none.
	tag     string // Its entity tag.
}

func (e *apiBadRequest) Error() string { return "bad request: " + e.code }

// apiFail writes err as a problem document, in the language that the client asks for, and ends the request.
func (h *Handlers) apiFail(c *gin.Context, err error) {
	c.Abort()
	if c.Writer.Written() {
		// The answer is under way: a short one must not look whole.
		h.Log.WarnContext(c.Request.Context(), "api answer broken off", slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	lang := i18n.Match(c.GetHeader("Accept-Language"))
	p := h.apiExplain(c, lang, err)
	p.Type = apiPrefix + "/openapi.json#/components/x-problems/" + p.Code
	if p.Title == "" {
		p.Title = h.cat.T(lang, "api."+p.Code, nil)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		h.Log.ErrorContext(c.Request.Context(), "problem not written", slog.Any("err", err))
		raw = []byte("{}")
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Disposition"} {
		c.Writer.Header().Del(name) // Of the download that failed.
	}
	c.Header("Content-Language", lang)
	c.Header("Vary", "Accept-Language")
	c.Data(p.Status, "application/problem+json", raw)
}

// apiExplain finds status, code and sentence of an error.
func (h *Handlers) apiExplain(c *gin.Context, lang string, err error) apiProblem {
	var (
		noToken  *apiNoToken
		bad      *apiBadRequest
		list     models.InvalidList
		one      *models.Invalid
		server   *mailbox.Problem
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &noToken):
		noToken.challenge(c.Writer.Header())
		return apiProblem{Status: http.StatusUnauthorized, Code: "E-401"}
	case errors.As(err, &tooLarge):
		args := map[string]string{"max": h.cat.Locale(lang).Size(tooLarge.Limit)}
		return apiProblem{Status: http.StatusRequestEntityTooLarge, Code: "E-413", Detail: h.cat.T(lang, "E-API-10", args)}
	case errors.As(err, &bad):
		p := apiProblem{Status: bad.status, Code: apiStatusCode(bad.status), Current: bad.current}
		if bad.code != "" {
			p.Detail = h.cat.T(lang, bad.code, bad.args)
		}
		return p
	case errors.As(err, &list) && len(list) > 0 && list[0].Code == "E-INBOX-06": // There is no room, whatever is entered.
		return apiProblem{Status: http.StatusConflict, Code: "E-409", Errors: h.apiFieldErrors(lang, list)}
	case errors.As(err, &list):
		return apiProblem{Status: http.StatusUnprocessableEntity, Code: "E-422", Errors: h.apiFieldErrors(lang, list)}
	case errors.As(err, &one):
		return apiProblem{Status: http.StatusUnprocessableEntity, Code: "E-422", Errors: h.apiFieldErrors(lang, models.InvalidList{one})}
	case errors.As(err, &server):
		return apiProblem{Status: http.StatusBadGateway, Code: "E-502", Errors: []apiFieldError{{
			Field: string(server.Phase), Code: server.Code, Detail: h.cat.T(lang, server.Code, server.Args),
		}}}
	case errors.Is(err, models.ErrNotFound):
		return apiProblem{Status: http.StatusNotFound, Code: "E-404"}
	case errors.Is(err, models.ErrForbidden):
		return apiProblem{Status: http.StatusForbidden, Code: "E-403"}
	case errors.Is(err, errExports):
		return apiProblem{Status: http.StatusTooManyRequests, Code: "E-429", Detail: h.cat.T(lang, "E-429-EXPORT", nil)}
	case errors.Is(err, models.ErrConflict):
		return apiProblem{Status: http.StatusConflict, Code: "E-409"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return apiProblem{Status: http.StatusServiceUnavailable, Code: "E-503"}
	}
	id := rand.Text()[:10]
	h.Log.ErrorContext(c.Request.Context(), "api request failed", slog.String("error_id", id),
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Any("err", err))
	return apiProblem{Status: http.StatusInternalServerError, Code: "E-500", ID: id}
}

func (h *Handlers) apiFieldErrors(lang string, list models.InvalidList) []apiFieldError {
	out := make([]apiFieldError, 0, len(list))
	l := h.cat.Locale(lang)
	for _, e := range list {
		out = append(out, apiFieldError{Field: e.Field, Code: e.Code, Detail: l.T(e.Code, inWords(l, e.Args)), Line: e.Line})
	}
	return out
}

// apiStatusCode returns our code for a status that says all by itself.
func apiStatusCode(status int) string {
	switch status {
	case http.StatusForbidden:
		return "E-403"
	case http.StatusMethodNotAllowed:
		return "E-405"
	case http.StatusUnsupportedMediaType:
		return "E-415"
	case http.StatusConflict:
		return "E-409"
	case http.StatusPreconditionFailed:
		return "E-412"
	case http.StatusUnprocessableEntity:
		return "E-422"
	case http.StatusServiceUnavailable:
		return "E-503"
	default:
		return "E-400"
	}
}
