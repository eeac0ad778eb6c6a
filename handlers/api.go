package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// Bounds of the API: octets of a JSON body, and how long a search may take (SEC-76).
const (
	apiBody   = 1 << 20
	apiSearch = 3 * time.Second
)

// apiPrefix stands before every path of the REST API.
const apiPrefix = "/api/v1"

// apiFunc answers one request of the API. An error it returns is written as a problem (RFC 9457); it has then written
// nothing itself.
type apiFunc func(h *Handlers, c *gin.Context) error

// registerAPI adds the REST API and the routes for probes and metrics to r. The API accepts bearer tokens only: a
// browser never sends one by itself, so no other site can act in somebody's name.
func (h *Handlers) registerAPI(r gin.IRouter) {
	m := newMetrics(h.Version)
	h.registerStats(m.registry)
	h.registerProbes(r, m)
	doc := apiOpenAPI(h.Version)
	api := r.Group(apiPrefix, apiHeaders, m.observe)
	api.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", doc) })
	for _, route := range apiPreconditions(apiRoutes()) {
		if route.once() {
			route.handle = apiOnce(route.handle)
		}
		api.Handle(route.method, route.path, h.apiAuth, h.apiRun(route.handle))
	}
}

// apiNoRoute answers a path or a method below /api that there is not; the router calls it.
func (h *Handlers) apiNoRoute(c *gin.Context) {
	apiHeaders(c)
	if c.Writer.Status() == http.StatusMethodNotAllowed {
		h.apiFail(c, &apiBadRequest{status: http.StatusMethodNotAllowed})
		return
	}
	h.apiFail(c, models.ErrNotFound)
}

// apiRun calls the handler and writes its error.
func (h *Handlers) apiRun(handle apiFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := handle(h, c); err != nil {
			h.apiFail(c, err)
		}
	}
}

// apiHeaders sets what stands on every answer of the API: it is data for one caller, never a page.
func apiHeaders(c *gin.Context) {
	head := c.Writer.Header()
	head.Set("Cache-Control", "private, no-store")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
}

// apiList is a page of anything.
type apiList[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"` // "" at the end.
}

// apiItems returns a page of items, each made of one of from.
func apiItems[F, T any](from []F, next string, each func(F) T) apiList[T] {
	list := apiList[T]{Items: make([]T, 0, len(from)), NextCursor: next}
	for _, f := range from {
		list.Items = append(list.Items, each(f))
	}
	return list
}

// apiCreated answers with what was made and where it is.
func apiCreated(c *gin.Context, location string, v any) {
	c.Header("Location", apiPrefix+location)
	c.JSON(http.StatusCreated, v)
}

// apiEmpty answers with nothing when err is nil.
func apiEmpty(c *gin.Context, err error) error {
	if err == nil {
		c.Status(http.StatusNoContent)
	}
	return err
}

// apiTime returns t in UTC, so that every time of the API ends in Z.
func apiTime(t time.Time) time.Time { return t.UTC() }

func apiTimeOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
