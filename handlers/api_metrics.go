package handlers

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"letterbox/models"
)

// metrics are what Prometheus may read. No label ever holds an address, a subject or a name.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	messages *prometheus.GaugeVec
	inboxes  *inboxMetrics

	mu      sync.Mutex
	counted time.Time
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "letterbox_api_request_duration_seconds", Help: "Duration of API requests.",
		}, []string{"method", "route", "status"}),
		messages: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "letterbox_messages", Help: "Messages of the inboxes by state.",
		}, []string{"state"}),
	}
	m.inboxes = newInboxMetrics(m.registry)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "letterbox_build_info", Help: "Version of the program."}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.requests, m.messages, info, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observe measures one request. The route is its pattern, so the number of series is bounded.
func (m *metrics) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	m.requests.WithLabelValues(c.Request.Method, c.FullPath(), strconv.Itoa(c.Writer.Status())).Observe(time.Since(start).Seconds())
}

// serveMetrics counts the messages anew, at most every ten seconds, and answers with all metrics.
func (h *Handlers) serveMetrics(m *metrics) gin.HandlerFunc {
	serve := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
	return func(c *gin.Context) {
		if err := h.countMessages(c.Request.Context(), m); err != nil {
			h.Log.WarnContext(c.Request.Context(), "messages not counted", slog.Any("err", err))
		}
		serve.ServeHTTP(c.Writer, c.Request)
	}
}

func (h *Handlers) countMessages(ctx context.Context, m *metrics) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.counted.IsZero() && time.Since(m.counted) < 10*time.Second {
		return nil
	}
	inboxes, err := h.Gateway.Inboxes(ctx)
	if err != nil {
		return err
	}
	sum := map[models.MessageState]int{}
	for _, v := range inboxes {
		counts, err := h.Gateway.Store.MessageCounts(ctx, v.ID, time.Unix(0, 0).UTC())
		if err != nil {
			return err
		}
		for state, n := range counts {
			sum[state] += n
		}
	}
	m.messages.Reset()
	for _, state := range apiMessageStates() {
		m.messages.WithLabelValues(string(state)).Set(float64(sum[state]))
	}
	if err := h.countInboxes(ctx, m.inboxes, inboxes); err != nil {
		return err
	}
	m.counted = time.Now()
	return nil
}

// apiMessageStates lists the states of a message in their order.
func apiMessageStates() []models.MessageState {
	return []models.MessageState{
		models.MessageKnown, models.MessageReceived, models.MessageCreated, models.MessageCommented, models.MessageRejected,
		models.MessageIgnored, models.MessageDuplicate, models.MessageQuarantined, models.MessageOversize,
	}
}
