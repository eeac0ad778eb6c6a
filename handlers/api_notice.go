package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/tracker"
)

// apiNoticeOut is what the caller was told of an issue.
type apiNoticeOut struct {
	ID      int64         `json:"id"`
	At      time.Time     `json:"at"`
	Issue   int64         `json:"issue"`
	Title   string        `json:"title"`
	Comment *int64        `json:"comment"` // Null when it is about none.
	Actor   *apiPersonOut `json:"actor"`   // Null: Letterbox itself.
	Event   string        `json:"event"`   // "comment", "note", "mail", "assigned", "state" or "new".
	Reason  string        `json:"reason"`  // "assigned", "mentioned", "watching" or "project".
	ReadAt  *time.Time    `json:"read_at"` // Null until it was read.
}

// apiReadIn says up to which notification everything was read, or of which issue.
type apiReadIn struct {
	Last  *int64 `json:"last"`
	Issue *int64 `json:"issue"`
}

func apiNoticeOf(n tracker.Notice) apiNoticeOut {
	out := apiNoticeOut{
		ID: n.ID, At: apiTime(n.CreatedAt), Issue: n.Issue.Number, Title: n.Issue.Title, Comment: n.CommentID, Event: n.Event, Reason: n.Reason,
		ReadAt: apiTimeOrNil(n.ReadAt),
	}
	if n.Actor != nil {
		p := apiPersonOf(*n.Actor)
		out.Actor = &p
	}
	return out
}

// apiNoticeList lists what the caller was told, newest first.
func apiNoticeList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "unread", "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	unread := q["unread"] == "true"
	if !unread && q["unread"] != "" && q["unread"] != "false" {
		return apiBadQuery("E-API-07", "unread", "true, false")
	}
	list, next, err := h.Tracker.Notices(c.Request.Context(), apiUser(c), unread, limit, q["cursor"])
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(list, next, apiNoticeOf))
	return nil
}

// apiNoticeRead marks what the caller was told as read.
func apiNoticeRead(h *Handlers, c *gin.Context) error {
	var in apiReadIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if in.Issue != nil {
		return apiEmpty(c, h.Tracker.MarkRead(c.Request.Context(), apiUser(c), *in.Issue, 0))
	}
	if faults := apiRequired(given, "last"); faults != nil {
		return faults
	}
	return apiEmpty(c, h.Tracker.MarkRead(c.Request.Context(), apiUser(c), 0, *in.Last))
}
