package handlers

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

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
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 200)
	if err != nil {
		return err
	}
	after, err := apiCursor(q)
	if err != nil {
		return err
	}
	all, err := h.Tracker.Attachments(c.Request.Context(), apiUser(c), number)
	if err != nil {
		return err
	}
	page, next := apiAfter(all, func(f models.Attachment) int64 { return f.ID }, after, limit)
	c.JSON(http.StatusOK, apiItems(page, next, apiAttachmentOf))
	return nil
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
	return apiStream(c, f.Name, apiServedType(f.ContentType), f.Size, r)
}

// apiStream sends octets that came by mail so that no browser ever runs or shows them as ours: as a download, of a
// harmless type, in a sandbox of its own (SEC-34).
func apiStream(c *gin.Context, name, kind string, size int64, r io.Reader) error {
	head := c.Writer.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", apiDisposition(name))
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "private, no-store")
	if size >= 0 {
		head.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	c.Status(http.StatusOK)
	_, err := io.Copy(c.Writer, r)
	return err
}

// apiServedType returns the type under which a file is served: its own when no browser runs it, octet-stream for
// everything else.
func apiServedType(declared string) string {
	switch declared {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "audio/mpeg", "audio/wav", "video/mp4", "application/zip", "application/gzip",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet":
		return declared
	}
	return "application/octet-stream"
}

// apiDisposition names a download (RFC 6266): an ASCII name for old clients and the real one (RFC 8187).
func apiDisposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`"\;%/`, r) {
			return '_'
		}
		return r
	}, name)
	encoded := strings.ReplaceAll(url.QueryEscape(strings.ToValidUTF8(name, "_")), "+", "%20")
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + strings.ReplaceAll(encoded, "*", "%2A")
}
