package handlers

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// exportContact streams the archive of a contact. Until its first octet an error is an answer like any other; after it
// the stream ends early, which leaves an archive that cannot be opened.
func (h *Handlers) exportContact(c *gin.Context, by *models.User, id int64) error {
	w := &archive{c: c, name: fmt.Sprintf("contact-%d.zip", id)}
	err := h.Tracker.ExportContact(c.Request.Context(), by, id, w)
	if err != nil && w.begun {
		panic(http.ErrAbortHandler) // Nobody must take half of it for all.
	}
	return err
}

// archive sends the headers of a download with the first octets.
type archive struct {
	c     *gin.Context
	name  string
	begun bool
}

func (w *archive) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.c.Header("Content-Type", "application/zip")
		w.c.Header("Content-Disposition", `attachment; filename="`+w.name+`"`)
		w.c.Header("Cache-Control", "private, no-store")
		w.c.Status(http.StatusOK)
	}
	return w.c.Writer.Write(p)
}
