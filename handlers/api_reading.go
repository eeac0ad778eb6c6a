package handlers

import (
	"net/http"
	"reflect"
	"time"

	"github.com/gin-gonic/gin"
)

// apiReadingOut says whether mail is read at all.
type apiReadingOut struct {
	Off    bool       `json:"off"`    // No inbox is read, whatever its own switch says.
	Since  *time.Time `json:"since"`  // Null while mail is read.
	By     int64      `json:"by"`     // Who switched it off; 0 for a command line, and while mail is read.
	Reason string     `json:"reason"` // "" for none.
}

// apiReadingIn switches reading.
type apiReadingIn struct {
	Off    *bool   `json:"off"`
	Reason *string `json:"reason"`
}

// apiReadingRoutes are those about the switch above those of the inboxes.
func apiReadingRoutes() []apiRoute {
	out := reflect.TypeFor[apiReadingOut]()
	return []apiRoute{
		{method: http.MethodGet, path: "/reading", handle: apiReadingShow, summary: "Show whether mail is read at all", out: out, status: 200},
		{method: http.MethodPatch, path: "/reading", handle: apiReadingUpdate, summary: "Have no mail read in any inbox, or read again",
			in: reflect.TypeFor[apiReadingIn](), out: out, status: 200},
	}
}

func apiReadingShow(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	r, err := h.Gateway.Reading(c.Request.Context())
	if err != nil {
		return err
	}
	out := apiReadingOut{Off: r.Off, By: r.UserID, Reason: r.Reason}
	if r.Off {
		out.Since = apiTimeOrNil(&r.Since)
	}
	c.JSON(http.StatusOK, out)
	return nil
}

func apiReadingUpdate(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	r, err := h.Gateway.Reading(c.Request.Context())
	if err != nil {
		return err
	}
	var in apiReadingIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&r.Off, in.Off)
	apiSet(&r.Reason, in.Reason)
	if err := h.Gateway.SetReading(c.Request.Context(), apiUser(c), r.Off, r.Reason); err != nil {
		return err
	}
	return apiReadingShow(h, c)
}
