package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

const apiVersionKey = "api_version"

// apiPreconditions gives every route of a single thing its entity tag (RFC 9110, 8.8.3 and 13): GET answers with ETag and
// knows If-None-Match; PUT, PATCH and DELETE know If-Match. The tag is that of what GET shows, so no route has one of
// its own: its version where it has one, and otherwise a hash.
func apiPreconditions(routes []apiRoute) []apiRoute {
	shows := map[string]apiRoute{}
	for _, r := range routes {
		if r.single() || r.method == http.MethodGet && changed(routes, r.path) {
			shows[r.path] = r
		}
	}
	out := make([]apiRoute, len(routes))
	for i, r := range routes {
		show, ok := shows[r.path]
		if !ok && r.changes() { // A switch of the thing that stands before it in the path.
			show, ok = shows[path.Dir(r.path)]
		}
		switch {
		case !ok:
		case r.method == http.MethodGet:
			r.handle = apiTagged(r.handle)
		case r.changes():
			r.handle = apiMatched(show.handle, r.handle, r.out == show.out && r.list == show.list)
		}
		out[i] = r
	}
	return out
}

// single reports whether a route shows one thing as JSON.
func (r apiRoute) single() bool {
	return r.method == http.MethodGet && r.out != nil && !r.list && !r.octets && strings.Contains(r.path, ":")
}

// changes reports whether a route changes or removes what its path names.
func (r apiRoute) changes() bool {
	return r.method == http.MethodPut || r.method == http.MethodPatch || r.method == http.MethodDelete
}

// changed reports whether one of the routes changes what the path of names: also a list that is set as a whole.
func changed(routes []apiRoute, of string) bool {
	return slices.ContainsFunc(routes, func(r apiRoute) bool { return r.path == of && r.changes() })
}

// entityTag is the tag of a representation and its version, 0 when it has none.
func entityTag(body []byte) (tag string, version int64) {
	var of struct {
		Version int64 `json:"version"`
	}
	if json.Unmarshal(body, &of) == nil && of.Version > 0 {
		return apiETag(of.Version), of.Version
	}
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, 0
}

// apiTagged answers with the tag, and with 304 when the client has what is there.
func apiTagged(show apiFunc) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		answer, err := captured(c, func() error { return show(h, c) })
		if err != nil {
			return err
		}
		if answer.status == http.StatusOK {
			tag, _ := entityTag(answer.body.Bytes())
			answer.head.Set("ETag", tag)
			if tagListed(c.GetHeader("If-None-Match"), tag, true) {
				c.Header("ETag", tag)
				c.Status(http.StatusNotModified)
				return nil
			}
		}
		answer.send(c)
		return nil
	}
}

// apiMatched refuses a change of what is not as the client has read it, and says what is there now. It is compared before
// anything else is looked at, and again in the transaction that makes the change: whoever changes it in between, here or
// in another process, is not overwritten. A change that answers with the thing answers with its tag, too.
func apiMatched(show, change apiFunc, answersWithIt bool) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		want := c.GetHeader("If-Match")
		if want != "" {
			version, err := apiCompare(h, c, show, want)
			if err != nil {
				return err
			}
			if strings.TrimSpace(want) != "*" {
				c.Set(apiVersionKey, version)
				request := c.Request
				defer func() { c.Request = request }()
				c.Request = request.WithContext(h.Tracker.Guarded(request.Context(), func(ctx context.Context) error {
					outer := c.Request
					defer func() { c.Request = outer }()
					c.Request = request.WithContext(ctx)
					_, err := apiCompare(h, c, show, want)
					return err
				}))
			}
		}
		if !answersWithIt {
			return apiMismatch(c, change(h, c))
		}
		answer, err := captured(c, func() error { return change(h, c) })
		if err != nil {
			return apiMismatch(c, err)
		}
		tag, _ := entityTag(answer.body.Bytes())
		answer.head.Set("ETag", tag)
		answer.send(c)
		return nil
	}
}

// apiCompare fails when what show shows is not one of the tags that are wanted.
func apiCompare(h *Handlers, c *gin.Context, show apiFunc, want string) (version int64, err error) {
	query := c.Request.URL.RawQuery
	c.Request.URL.RawQuery = "" // It is about the change.
	now, err := captured(c, func() error { return show(h, c) })
	c.Request.URL.RawQuery = query
	if err != nil {
		return 0, err
	}
	tag, version := entityTag(now.body.Bytes())
	if !tagListed(want, tag, false) {
		err := &apiBadRequest{status: http.StatusPreconditionFailed, code: "E-API-16", tag: tag}
		if body := now.body.Bytes(); json.Valid(body) {
			err.current = body
		} else { // What is no JSON does not stand in the answer, so it is not promised.
			err.code = "E-API-20"
		}
		return 0, apiMismatch(c, err)
	}
	return version, nil
}

// apiMismatch writes the tag of what is there into the answer that refuses a change.
func apiMismatch(c *gin.Context, err error) error {
	if bad, ok := errors.AsType[*apiBadRequest](err); ok && bad.tag != "" {
		c.Header("ETag", bad.tag)
	}
	return err
}

// tagListed reports whether a list of tags holds tag. weak compares as If-None-Match does (RFC 9110, 8.8.3.2).
func tagListed(list, tag string, weak bool) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}

// apiExpected is the version that the client has read, by If-Match or else by the field of the body; fallback when it
// names none.
func apiExpected(c *gin.Context, given *int64, fallback int64) int64 {
	if version := c.GetInt64(apiVersionKey); version != 0 {
		return version
	}
	if given != nil && *given != 0 {
		return *given
	}
	return fallback
}

// apiETag is the entity tag of a version.
func apiETag(version int64) string { return `"v` + strconv.FormatInt(version, 10) + `"` }
