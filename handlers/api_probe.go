package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
)

// readiness remembers for a moment whether the database answers: the question writes a row, and anybody may ask.
type readiness struct {
	check func(context.Context) error
	log   *slog.Logger

	mu      sync.Mutex
	err     error
	checked time.Time
}

// ready returns what the last check found; it checks at most once a second.
func (r *readiness) ready(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.checked.IsZero() && time.Since(r.checked) < time.Second {
		return r.err
	}
	// The asker going away must not look like a database that is away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	r.err, r.checked = r.check(ctx), time.Now()
	if r.err != nil {
		r.log.ErrorContext(ctx, "not ready", slog.Any("err", r.err))
	}
	return r.err
}

// registerProbes adds the routes for orchestrators and for Prometheus. They need no token and tell nothing about mail
// or people.
func (h *Handlers) registerProbes(r gin.IRouter, m *metrics) {
	probe := &readiness{check: h.Tracker.Ready, log: h.Log}
	answer := func(c *gin.Context) {
		apiHeaders(c)
		if err := probe.ready(c.Request.Context()); err != nil {
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "unavailable", "checks": gin.H{"database": "failed"}, "code": gateway.DatabaseCode(err)})
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": "ok", "checks": gin.H{"database": "ok"}})
	}
	r.GET("/livez", func(c *gin.Context) {
		apiHeaders(c)
		c.JSON(http.StatusOK, gin.H{"status": "ok"})
	})
	r.GET("/readyz", answer)
	r.GET("/healthz", func(c *gin.Context) {
		if probe.ready(c.Request.Context()) != nil {
			answer(c)
			return
		}
		apiHeaders(c)
		c.JSON(http.StatusOK, h.inboxesHealth(c.Request.Context()))
	})
	r.GET("/metrics", apiHeaders, h.serveMetrics(m))
}
