package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/tracker"
)

// maxKey is the longest Idempotency-Key, in octets.
const maxKey = 255

// once reports whether a request of a route may be sent again with an Idempotency-Key. One whose body is a mail decides
// and changes nothing; an answer with a secret is not kept.
func (r apiRoute) once() bool { return r.method == http.MethodPost && !r.raw && !r.secret }

// apiOnce has a POST with an Idempotency-Key take effect once: the same request again gets the first answer for 24 hours,
// with "Idempotency-Replayed: true". An answer that says that it did not work (5xx) is not kept.
func apiOnce(handle apiFunc) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		key := c.GetHeader("Idempotency-Key")
		if key == "" {
			return handle(h, c)
		}
		if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return &apiBadRequest{status: http.StatusBadRequest, code: "E-API-19"}
		}
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, apiBody))
		if err != nil {
			return apiReadError(err)
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		request := []byte(c.Request.Method + "\x00" + c.Request.URL.RequestURI() + "\x00")
		once, first, err := h.Tracker.BeginOnce(c.Request.Context(), apiUser(c), key, append(request, body...))
		switch {
		case errors.Is(err, tracker.ErrOtherRequest):
			return &apiBadRequest{status: http.StatusUnprocessableEntity, code: "E-API-17"}
		case errors.Is(err, tracker.ErrUnderWay):
			c.Header("Retry-After", "1")
			return &apiBadRequest{status: http.StatusConflict, code: "E-API-18"}
		case err != nil:
			return err
		case first != nil:
			apiAgain(c, first)
			return nil
		}
		return h.apiFirst(c, once, handle)
	}
}

// apiAgain sends the first answer once more.
func apiAgain(c *gin.Context, a *tracker.Answer) {
	c.Header("Idempotency-Replayed", "true")
	if a.Location != "" {
		c.Header("Location", a.Location)
	}
	kind := "application/json; charset=utf-8"
	if a.Status >= 400 {
		kind = "application/problem+json"
	}
	if len(a.Body) == 0 {
		c.Status(a.Status)
		return
	}
	c.Data(a.Status, kind, a.Body)
}

// apiFirst makes a request for the first time and keeps its answer, also when the client has gone meanwhile.
func (h *Handlers) apiFirst(c *gin.Context, once *tracker.Once, handle apiFunc) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request.Context()), 10*time.Second)
	defer stop()
	kept := false
	defer func() {
		if kept {
			return
		}
		if err := once.Forget(ctx); err != nil {
			h.Log.WarnContext(ctx, "idempotency key not forgotten", slog.Any("err", err))
		}
	}()
	answer, err := captured(c, func() error {
		if err := handle(h, c); err != nil {
			h.apiFail(c, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if answer.status < 500 {
		err := once.Keep(ctx, tracker.Answer{Status: answer.status, Location: answer.head.Get("Location"), Body: answer.body.Bytes()})
		if err != nil { // What was done is done: the client is told, and asks again at its own risk.
			h.Log.WarnContext(ctx, "answer not kept", slog.Any("err", err))
		}
		kept = true
	}
	answer.send(c)
	return nil
}
