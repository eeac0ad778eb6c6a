package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	maxExports  = 2           // That are made at once: each of them reads much.
	exportStall = time.Minute // A client that reads nothing for so long gets no more.
)

// errExports refuses an export while as many as there may be are being made.
var errExports = errors.New("too many exports at once")

// export makes a download when it is its turn. What fails before the first octet is an error like any other; after it
// the connection ends, so that nobody takes a part for the whole.
func (h *Handlers) export(c *gin.Context, do func() error) error {
	select {
	case h.exports <- struct{}{}:
	default:
		c.Header("Retry-After", "10")
		return errExports
	}
	defer func() { <-h.exports }()
	err := do()
	if err != nil && c.Writer.Written() {
		panic(http.ErrAbortHandler)
	}
	return err
}

// keepReading gives the client time for the next part of a download.
func keepReading(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportStall)) // Not every writer has one.
}
