package handlers

import (
	"context"
	"log/slog"
	"time"
)

// healthOAuth is a sign-in with OAuth 2.0 that needs somebody.
type healthOAuth struct {
	Owner      string     `json:"owner"` // "inboxes/5" or "sending_accounts/3".
	Code       string     `json:"code"`  // "" when only its secret ends soon.
	Since      *time.Time `json:"since"`
	SecretEnds *time.Time `json:"secret_ends"`
}

// oauthHealth says which sign-ins with OAuth 2.0 need somebody.
func (h *Handlers) oauthHealth(ctx context.Context, out *healthOut) {
	all, err := h.Gateway.OAuths(ctx)
	if err != nil {
		h.Log.WarnContext(ctx, "sign-ins not looked at", slog.Any("err", err))
		out.Status, out.Checks["oauth"] = "warn", "unknown"
		return
	}
	for _, o := range all {
		days, known := o.DaysLeft()
		if o.Code == "" && (!known || days > 30) {
			continue
		}
		out.OAuth = append(out.OAuth, healthOAuth{Owner: string(o.Owner), Code: o.Code, Since: apiTimeOrNil(o.TroubleAt), SecretEnds: apiTimeOrNil(o.SecretEnds)})
		out.Status, out.Checks["oauth"] = "warn", "warn"
	}
}

// countOAuth sets the metrics of sign-ins with OAuth 2.0.
func (h *Handlers) countOAuth(ctx context.Context, m *inboxMetrics) error {
	all, err := h.Gateway.OAuths(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		broken := 0.0
		if o.Code != "" {
			broken = 1
		}
		m.oauthBroken.WithLabelValues(string(o.Owner)).Set(broken)
		if o.SecretEnds != nil {
			m.oauthEnds.WithLabelValues(string(o.Owner)).Set(float64(o.SecretEnds.Unix()))
		}
	}
	return nil
}
