package handlers

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/message"
)

// apiInbound takes a raw message into an inbox and answers with its result once that is durable. The same octets sent
// again find the result of the first time. It takes the steps of every other door; the caller needs the right to
// configure the inbox. A message that is larger than the inbox takes is refused as a whole: its sender still has it.
func apiInbound(h *Handlers, c *gin.Context) error {
	if _, err := apiQuery(c); err != nil {
		return err
	}
	ctx := c.Request.Context()
	v, err := h.apiInboxNamed(ctx, apiUser(c), c.Param("inbox"))
	if err != nil {
		return err
	}
	if kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || kind != "message/rfc822" && kind != "message/global" {
		return &apiBadRequest{status: http.StatusUnsupportedMediaType, code: "E-API-30"}
	}
	sent := &sentBody{from: http.MaxBytesReader(c.Writer, c.Request.Body, v.Settings.MaxMessageSize)}
	body := bufio.NewReaderSize(sent, message.Sniffed)
	head, err := body.Peek(message.Sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return apiReadError(err)
	}
	if !message.Recognise(head) {
		return &apiBadRequest{status: http.StatusUnprocessableEntity, code: "E-API-31"}
	}
	m, err := h.Gateway.Receive(ctx, v.ID, "api", body)
	switch {
	case err != nil && sent.failed != nil:
		return apiReadError(sent.failed)
	case errors.Is(err, gateway.ErrTryLater):
		c.Header("Retry-After", "60")
		return &apiBadRequest{status: http.StatusServiceUnavailable, code: "E-API-32"}
	case err != nil:
		return err
	}
	c.Header("Location", apiPrefix+"/messages/"+strconv.FormatInt(m.ID, 10))
	c.JSON(http.StatusOK, apiMessageOf(m))
	return nil
}

// sentBody remembers why a body could not be read to its end.
type sentBody struct {
	from   io.Reader
	failed error
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}
