package handlers

import (
	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiAttachmentOut is a file of an issue in the API.
type apiAttachmentOut struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"` // Octets.
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline"`
	ContentID   string `json:"content_id"`
	Comment     *int64 `json:"comment"` // Null: it came with the description.
}

func apiAttachmentOf(f models.Attachment) apiAttachmentOut {
	return apiAttachmentOut{
		ID: f.ID, Name: f.Name, ContentType: f.ContentType, Size: f.Size, SHA256: f.SHA256, Inline: f.Inline,
		ContentID: f.ContentID, Comment: f.CommentID,
	}
}

func apiAttachmentList(h *Handlers, c *gin.Context) error {
	return apiOfIssue(c, h.Tracker.Attachments, func(f models.Attachment) int64 { return f.ID }, apiAttachmentOf)
}

func apiAttachmentDownload(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	f, r, err := h.Tracker.OpenAttachment(c.Request.Context(), apiUser(c), id)
	if err != nil {
		return err
	}
	defer r.Close()
	return download(c, f.Name, f.ContentType, f.Size, r)
}
