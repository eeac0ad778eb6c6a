package handlers

import (
	"bytes"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"
)

// capture holds an answer back instead of sending it.
type capture struct {
	gin.ResponseWriter
	head   http.Header
	status int
	body   bytes.Buffer
}

// captured runs f with an answer that is held back. The answer is nil when f failed.
func captured(c *gin.Context, f func() error) (*capture, error) {
	real := c.Writer
	held := &capture{ResponseWriter: real, head: real.Header().Clone(), status: http.StatusOK}
	c.Writer = held
	defer func() { c.Writer = real }()
	if err := f(); err != nil {
		return nil, err
	}
	return held, nil
}

// send sends what was held back.
func (w *capture) send(c *gin.Context) {
	maps.Copy(c.Writer.Header(), w.head)
	c.Status(w.status)
	if w.body.Len() > 0 {
		_, _ = c.Writer.Write(w.body.Bytes()) // Nobody is there to read it when it fails.
	}
}

func (w *capture) Header() http.Header                  { return w.head }
func (w *capture) WriteHeader(status int)               { w.status = status }
func (w *capture) WriteHeaderNow()                      {}
func (w *capture) Status() int                          { return w.status }
func (w *capture) Size() int                            { return w.body.Len() }
func (w *capture) Written() bool                        { return w.body.Len() > 0 }
func (w *capture) Write(data []byte) (int, error)       { return w.body.Write(data) }
func (w *capture) WriteString(text string) (int, error) { return w.body.WriteString(text) }
func (w *capture) Flush()                               {}
