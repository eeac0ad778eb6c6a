package handlers

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiID returns the number in the path. What is no number names nothing: models.ErrNotFound.
func apiID(c *gin.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || id <= 0 || c.Param(name) != strconv.FormatInt(id, 10) {
		return 0, models.ErrNotFound
	}
	return id, nil
}

// apiQuery returns the query parameters, each at most once and none but those that are allowed.
func apiQuery(c *gin.Context, allowed ...string) (map[string]string, error) {
	values := map[string]string{}
	given, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, &apiBadRequest{status: http.StatusBadRequest, code: "E-API-15"}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(allowed, name) || len(given[name]) != 1 {
			return nil, apiBadQuery("E-API-05", name, strings.Join(allowed, ", "))
		}
		if len(given[name][0]) > 1000 {
			return nil, apiBadQuery("E-API-06", name, "1000")
		}
		values[name] = given[name][0]
	}
	return values, nil
}

func apiBadQuery(code, name, want string) error {
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return &apiBadRequest{status: http.StatusBadRequest, code: code, args: map[string]string{"name": name, "expected": want}}
}

// apiPage reads which page of a list that is ordered by number is asked for: its size, fallback when there is none, and
// the number after which it begins.
func apiPage(c *gin.Context, fallback int) (limit int, after int64, err error) {
	q, err := apiQuery(c, "limit", "cursor")
	if err != nil {
		return 0, 0, err
	}
	if limit, err = apiLimit(q, fallback); err != nil {
		return 0, 0, err
	}
	after, err = apiCursor(q)
	return limit, after, err
}

// apiLimit returns the page size that is asked for: 1 to 200, fallback when there is none.
func apiLimit(values map[string]string, fallback int) (int, error) {
	text, ok := values["limit"]
	if !ok {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 200 {
		return 0, apiBadQuery("E-API-07", "limit", "1-200")
	}
	return n, nil
}

// apiCursor returns the cursor of a list that is ordered by number; 0 for the first page.
func apiCursor(values map[string]string) (int64, error) {
	text, ok := values["cursor"]
	if !ok || text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, apiBadQuery("E-API-07", "cursor", "next_cursor")
	}
	return n, nil
}

// apiAfter cuts one page out of a list that is ordered by number.
func apiAfter[T any](all []T, id func(T) int64, after int64, limit int) (page []T, next string) {
	start := 0
	for start < len(all) && id(all[start]) <= after {
		start++
	}
	page = all[start:]
	if len(page) > limit {
		page = page[:limit]
		next = strconv.FormatInt(id(page[limit-1]), 10)
	}
	return page, next
}

// apiByID puts a list in the order of numbers, as pages are cut.
func apiByID[T any](all []T, id func(T) int64) []T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	return all
}

// apiOfIssue answers with a page of what belongs to the issue in the path: read lists all of it for a person, id orders
// it, out is its JSON.
func apiOfIssue[T, R any](
	c *gin.Context, read func(context.Context, *models.User, int64) ([]T, error), id func(T) int64, out func(T) R,
) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	all, err := read(c.Request.Context(), apiUser(c), number)
	if err != nil {
		return err
	}
	return apiPaged(c, all, id, out)
}

// apiPaged answers with the page that is asked for of a list that is at hand as a whole; id orders it, out is its JSON.
func apiPaged[T, R any](c *gin.Context, all []T, id func(T) int64, out func(T) R) error {
	limit, after, err := apiPage(c, 200)
	if err != nil {
		return err
	}
	page, next := apiAfter(apiByID(all, id), id, after, limit)
	c.JSON(http.StatusOK, apiItems(page, next, out))
	return nil
}

// apiOfProject returns the project in the path with what read lists of it for the person.
func apiOfProject[T any](h *Handlers, c *gin.Context, read func(context.Context, *models.User, int64) ([]T, error)) (models.Project, []T, error) {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return p, nil, err
	}
	list, err := read(c.Request.Context(), apiUser(c), p.ID)
	return p, list, err
}

// apiOne answers with the one of a list that the parameter :id of the path names.
func apiOne[T, R any](c *gin.Context, all []T, id func(T) int64, out func(T) R) error {
	want, err := apiID(c, "id")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(t T) bool { return id(t) == want })
	if at < 0 {
		return models.ErrNotFound
	}
	c.JSON(http.StatusOK, out(all[at]))
	return nil
}
