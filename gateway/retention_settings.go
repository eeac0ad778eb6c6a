package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/models"
)

// What is too much for a clock: the clocks of database and program may differ by so much, and the last run may be so long
// ago, before nothing is removed without a person.
const (
	clocksDiffer  = 5 * time.Minute
	retentionIdle = 48 * time.Hour
)

// RetentionStopped says that nothing is removed because the clock cannot be trusted.
type RetentionStopped struct {
	Code string // E-KEEP-01: the clock has jumped; E-KEEP-02: two clocks differ; E-KEEP-03: a person has to confirm.
}

// Error is part of error.
func (e *RetentionStopped) Error() string {
	return "nothing is removed, the clock cannot be trusted (" + e.Code + ")"
}

// Retention returns for how long what is no issue is kept. Nothing is removed before somebody has switched it on.
func (g *Gateway) Retention(ctx context.Context) (models.Retention, error) {
	r := models.Retention{GoneDays: models.DefaultInboxSettings().RetentionDays}
	text, err := g.Store.Setting(ctx, "retention")
	if errors.Is(err, models.ErrNotFound) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	if err != nil {
		return models.Retention{}, fmt.Errorf("read the settings of retention: %w", err)
	}
	return r, nil
}

// SetRetention changes for how long what is no issue is kept. Days beyond 0 to 3650 are a models.InvalidList. Switching it
// on counts as a look at the clock. It is audited.
func (g *Gateway) SetRetention(ctx context.Context, by *models.User, r models.Retention) error {
	var list models.InvalidList
	for field, days := range map[string]int{"trace_days": r.TraceDays, "log_days": r.LogDays, "gone_days": r.GoneDays} {
		if days < 0 || days > daysMost {
			list = append(list, &models.Invalid{Field: field, Code: "E-FORM-01", Args: map[string]string{"min": "0", "max": itoa(daysMost)}})
		}
	}
	if list != nil {
		return list
	}
	was, err := g.Retention(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("describe retention: %w", err)
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.SetSetting(ctx, "retention", string(text)); err != nil {
			return err
		}
		if r.Enabled && !was.Enabled {
			if err := g.seenByPerson(ctx); err != nil {
				return err
			}
		}
		return g.audit(ctx, by, "retention.set", "retention:0", r)
	})
}

// RetentionState returns where retention is.
func (g *Gateway) RetentionState(ctx context.Context) (st models.RetentionState, err error) {
	text, err := g.Store.Setting(ctx, "retention.state")
	if errors.Is(err, models.ErrNotFound) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &st)
	}
	if err != nil {
		return models.RetentionState{}, fmt.Errorf("read the state of retention: %w", err)
	}
	return st, nil
}

// ConfirmRetention says that the clock is right, for a person who has looked; the next run is made by it. It is audited.
func (g *Gateway) ConfirmRetention(ctx context.Context, by *models.User) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.seenByPerson(ctx); err != nil {
			return err
		}
		return g.audit(ctx, by, "retention.confirm", "retention:0", nil)
	})
}

func (g *Gateway) seenByPerson(ctx context.Context) error {
	st, err := g.RetentionState(ctx)
	if err != nil {
		return err
	}
	wall, err := g.clock.read(ctx)
	if err != nil {
		return fmt.Errorf("read the clock of the database: %w", err)
	}
	st.LastRun, st.Stopped, st.Since = wall.Add(-retentionEvery), "", time.Time{}
	return g.saveRetentionState(ctx, st)
}

// mayPurge returns the time by which data is expired, or why nothing may be removed; that is written down and told once.
func (g *Gateway) mayPurge(ctx context.Context, st *models.RetentionState, wall time.Time) (time.Time, error) {
	at, err := g.trustedTime(ctx)
	if err != nil {
		return at, err
	}
	code := ""
	switch since := wall.Sub(st.LastRun); {
	case g.ClockInDoubt():
		code = "E-KEEP-01"
	case wall.Sub(now()).Abs() > clocksDiffer:
		code = "E-KEEP-02"
	case since > retentionIdle || since < -clocksDiffer:
		code = "E-KEEP-03"
	default:
		return at, nil
	}
	if st.Stopped != code {
		st.Stopped, st.Since = code, wall
		g.Log.LogAttrs(ctx, slog.LevelError, "nothing is removed, the clock cannot be trusted", slog.String("code", code))
		if err := g.saveRetentionState(ctx, *st); err != nil {
			return at, err
		}
	}
	return at, &RetentionStopped{code}
}

// RetentionStoppedBy returns the code of why nothing is removed although it should be; "" when nothing stands in the way.
func (g *Gateway) RetentionStoppedBy(ctx context.Context) (string, error) {
	r, err := g.Retention(ctx)
	if err != nil || !r.Enabled {
		return "", err
	}
	st, err := g.RetentionState(ctx)
	return st.Stopped, err
}
