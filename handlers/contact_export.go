package handlers

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// exportContact streams the archive of a contact.
func (h *Handlers) exportContact(c *gin.Context, by *models.User, id int64) error {
	return h.export(c, func() error {
		return h.Tracker.ExportContact(c.Request.Context(), by, id, &archive{c: c, name: fmt.Sprintf("contact-%d.zip", id)})
	})
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
	keepReading(w.c.Writer)
	return w.c.Writer.Write(p)
}
