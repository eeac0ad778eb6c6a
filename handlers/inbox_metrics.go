package handlers

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"letterbox/gateway"
	"letterbox/models"
)

// inboxMetrics are what Prometheus may read of the inboxes. The label is the number of the inbox, never its name.
type inboxMetrics struct {
	state, failures, success, today              *prometheus.GaugeVec
	open, unsettled, server, ledger, unaccounted *prometheus.GaugeVec
	oauthBroken, oauthEnds                       *prometheus.GaugeVec // By what signs in: "inboxes/5".
}

func newInboxMetrics(r prometheus.Registerer) *inboxMetrics {
	gauge := func(name, help string, more ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "letterbox_inbox_" + name, Help: help}, append([]string{"inbox"}, more...))
		r.MustRegister(v)
		return v
	}
	oauth := func(name, help string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "letterbox_oauth_" + name, Help: help}, []string{"owner"})
		r.MustRegister(v)
		return v
	}
	return &inboxMetrics{
		oauthBroken: oauth("broken", "1 when no access token can be had, 0 otherwise."),
		oauthEnds:   oauth("secret_end_timestamp_seconds", "When the client secret or the certificate of the app ends, as far as known."),
		state:       gauge("state", "1 for the state of the inbox, 0 for the others.", "state"),
		failures:    gauge("failures", "Visits that failed in a row."),
		success:     gauge("last_success_timestamp_seconds", "When a visit last went well."),
		today:       gauge("messages_today", "Messages since midnight UTC by what became of them.", "result"),
		open:        gauge("backlog", "Messages without a result yet."),
		unsettled:   gauge("unsettled", "Messages of which the server is still to be told."),
		server:      gauge("server_messages", "Messages of ours that the server listed last."),
		ledger:      gauge("ledger_messages", "Of these, those that the ledger knows."),
		unaccounted: gauge("unaccounted_messages", "Messages that the server listed and the ledger does not know."),
	}
}

func (m *inboxMetrics) reset() {
	for _, v := range []*prometheus.GaugeVec{m.state, m.failures, m.success, m.today, m.open, m.unsettled, m.server, m.ledger, m.unaccounted, m.oauthBroken, m.oauthEnds} {
		v.Reset()
	}
}

func inboxStates() []models.InboxState {
	return []models.InboxState{models.InboxPaused, models.InboxConnecting, models.InboxActive, models.InboxFailing, models.InboxRefused}
}

// countInboxes sets the metrics of all inboxes anew.
func (h *Handlers) countInboxes(ctx context.Context, m *inboxMetrics, inboxes []gateway.InboxView) error {
	found, err := h.Gateway.InboxesHealth(ctx)
	if err != nil {
		return err
	}
	m.reset()
	if err := h.countOAuth(ctx, m); err != nil {
		return err
	}
	for _, in := range inboxes {
		id := strconv.FormatInt(in.ID, 10)
		for _, s := range inboxStates() {
			value := 0.0
			if in.Status.State == s {
				value = 1
			}
			m.state.WithLabelValues(id, string(s)).Set(value)
		}
		m.failures.WithLabelValues(id).Set(float64(in.Status.Failures))
		if at := in.Status.LastSuccessAt; at != nil {
			m.success.WithLabelValues(id).Set(float64(at.Unix()))
		}
		for result, n := range map[string]int{"accepted": in.Today.Accepted, "refused": in.Today.Refused, "other": in.Today.Other} {
			m.today.WithLabelValues(id, result).Set(float64(n))
		}
		one := found[in.ID]
		m.open.WithLabelValues(id).Set(float64(one.Backlog.Open))
		m.unsettled.WithLabelValues(id).Set(float64(one.Backlog.Unsettled))
		if a := one.Account; a != nil {
			m.server.WithLabelValues(id).Set(float64(a.Server))
			m.ledger.WithLabelValues(id).Set(float64(a.Ledger))
			m.unaccounted.WithLabelValues(id).Set(float64(a.Unaccounted))
		}
	}
	return nil
}

// registerStats adds what the gateway of this process has counted since it began.
func (h *Handlers) registerStats(r prometheus.Registerer) {
	for name, c := range map[string]struct {
		help string
		of   func(gateway.Stats) int64
	}{
		"visits":              {"Visits to inboxes begun; over IMAP one lasts as long as its connection.", func(s gateway.Stats) int64 { return s.Visits }},
		"failed_visits":       {"Visits to inboxes that failed.", func(s gateway.Stats) int64 { return s.FailedVisits }},
		"finished_messages":   {"Messages brought to their result.", func(s gateway.Stats) int64 { return s.Finished }},
		"failed_attempts":     {"Attempts at a message that will be made again.", func(s gateway.Stats) int64 { return s.FailedAttempts }},
		"set_aside_messages":  {"Messages quarantined after too many attempts.", func(s gateway.Stats) int64 { return s.SetAside }},
		"refused_settlements": {"Messages of which a server did not take what it was told.", func(s gateway.Stats) int64 { return s.RefusedSettlements }},
		"lost_leases":         {"Visits ended because another process has taken over.", func(s gateway.Stats) int64 { return s.LostLeases }},
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "letterbox_gateway_" + name + "_total", Help: c.help},
			func() float64 { return float64(c.of(h.Gateway.Stats())) }))
	}
}

// healthOut is the answer of /healthz. It names inboxes by number and says nothing about mail or people.
type healthOut struct {
	Status  string            `json:"status"` // "ok", or "warn" when an inbox cannot be visited: no reason to restart anything.
	Checks  map[string]string `json:"checks"`
	OAuth   []healthOAuth     `json:"oauth"`   // Sign-ins with OAuth 2.0 that need somebody, now or within 30 days.
	Inboxes []healthInbox     `json:"inboxes"` // Those that cannot be visited or have mail unaccounted for.
}

type healthInbox struct {
	ID          int64      `json:"id"`
	State       string     `json:"state"`
	Since       *time.Time `json:"since"`
	Code        string     `json:"code"`
	Failures    int        `json:"failures"`
	NextPollAt  *time.Time `json:"next_poll_at"`
	Unaccounted int        `json:"unaccounted"`
}

// inboxesHealth says which inboxes need somebody.
func (h *Handlers) inboxesHealth(ctx context.Context) healthOut {
	out := healthOut{Status: "ok", Checks: map[string]string{"database": "ok", "inboxes": "ok", "oauth": "ok", "clock": "ok", "retention": "ok"}, Inboxes: []healthInbox{}, OAuth: []healthOAuth{}}
	h.oauthHealth(ctx, &out)
	if h.Gateway.ClockInDoubt() {
		out.Status, out.Checks["clock"] = "warn", "warn"
	}
	if code, err := h.Gateway.RetentionStoppedBy(ctx); err != nil || code != "" {
		out.Status, out.Checks["retention"] = "warn", "warn"
	}
	failing, err := h.Gateway.FailingStatuses(ctx)
	if err != nil {
		h.Log.WarnContext(ctx, "inboxes not looked at", slog.Any("err", err))
		out.Status, out.Checks["inboxes"] = "warn", "unknown"
		return out
	}
	for _, f := range failing {
		one := healthInbox{
			ID: f.InboxID, State: string(f.State), Code: gateway.DiscreetCode(f.Code), Failures: f.Failures, NextPollAt: apiTimeOrNil(f.NextPollAt), Unaccounted: f.Unaccounted,
		}
		if !f.Since.IsZero() {
			one.Since = apiTimeOrNil(&f.Since)
		}
		out.Inboxes = append(out.Inboxes, one)
		out.Status, out.Checks["inboxes"] = "warn", "warn"
	}
	return out
}
