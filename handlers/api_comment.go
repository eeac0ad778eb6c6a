package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/tracker"
)

// apiCommentOut is a comment in the API.
type apiCommentOut struct {
	ID          int64              `json:"id"`
	Body        string             `json:"body"`
	Author      apiPersonOut       `json:"author"`
	Internal    bool               `json:"internal"`
	Message     *int64             `json:"message"` // The message that made it, null when a person did.
	CreatedAt   time.Time          `json:"created_at"`
	Attachments []apiAttachmentOut `json:"attachments"`
}

// apiCommentIn is what can be set of a new comment.
type apiCommentIn struct {
	Body     *string `json:"body"`
	Internal *bool   `json:"internal"`
	Reopen   *bool   `json:"reopen"` // Set a resolved or closed issue back to open.
	// Recipients are who gets it by mail; left out: the customer and who stood in the mails. Empty: nobody.
	Recipients *[]string `json:"recipients"`
}

func apiCommentOf(v tracker.CommentView) apiCommentOut {
	out := apiCommentOut{
		ID: v.ID, Body: v.Body, Author: apiPersonOf(v.Author), Internal: v.Internal, Message: v.OriginMessageID,
		CreatedAt: apiTime(v.CreatedAt), Attachments: make([]apiAttachmentOut, 0, len(v.Attachments)),
	}
	for _, f := range v.Attachments {
		out.Attachments = append(out.Attachments, apiAttachmentOf(f))
	}
	return out
}

func apiCommentList(h *Handlers, c *gin.Context) error {
	byID := apiOrdered(h.Tracker.Comments, func(list []tracker.CommentView) {
		slices.SortFunc(list, func(a, b tracker.CommentView) int { return cmp.Compare(a.ID, b.ID) })
	})
	return apiOfIssue(c, byID, func(v tracker.CommentView) int64 { return v.ID }, apiCommentOf)
}

func apiCommentCreate(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	var in apiCommentIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "body"); faults != nil {
		return faults
	}
	var d tracker.CommentDraft
	apiSet(&d.Body, in.Body)
	apiSet(&d.Internal, in.Internal)
	apiSet(&d.Reopen, in.Reopen)
	var recipients []string
	if in.Recipients != nil {
		recipients = append([]string{}, *in.Recipients...)
	}
	v, _, err := h.answer(c.Request.Context(), apiUser(c), number, d, recipients)
	if err != nil {
		return err
	}
	apiCreated(c, "/issues/"+strconv.FormatInt(number, 10)+"/comments", apiCommentOf(v))
	return nil
}
