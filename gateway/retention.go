package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// When and in which portions expired data is removed.
const (
	retentionLook  = 10 * time.Minute // How often it is looked whether a run is due.
	retentionEvery = time.Hour
	retentionBatch = 200
	retentionRest  = 20 * time.Millisecond // Between two portions others may write.
	retentionLease = "retention"
	retentionTTL   = 10 * time.Minute
	rawFloor       = 24 * time.Hour // Octets are kept so long whatever the setting says: what comes twice is compared.
	daysMost       = 3650
)

// ErrRetentionOff says that nothing is removed because nobody has switched retention on.
var ErrRetentionOff = errors.New("retention is switched off")

// ErrRetentionBusy says that another process is removing expired data at this moment.
var ErrRetentionBusy = errors.New("retention is under way in another process")

// keepExpired removes expired data every hour until ctx is done. Of all processes one does so at a time.
func (g *Gateway) keepExpired(ctx context.Context) {
	for wait(ctx, retentionLook, nil) {
		_, err := g.retain(ctx, nil, retentionEvery)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrRetentionOff) && !errors.Is(err, ErrRetentionBusy) && !errors.As(err, new(*RetentionStopped)) {
			g.Log.LogAttrs(ctx, slog.LevelError, "expired data could not be removed, trying again", slog.Any("err", err))
		}
	}
}

// Retain removes what is past its days now. ErrRetentionOff, ErrRetentionBusy, or a *RetentionStopped when the clock
// cannot be trusted: then nothing was removed. What was removed before an error stays removed, and is in the report.
func (g *Gateway) Retain(ctx context.Context, by *models.User) (models.RetentionReport, error) {
	return g.retain(ctx, by, 0)
}

// retain makes a run when the last one is at least that long ago.
func (g *Gateway) retain(ctx context.Context, by *models.User, every time.Duration) (r models.RetentionReport, err error) {
	settings, err := g.Retention(ctx)
	if err != nil {
		return r, err
	}
	if !settings.Enabled {
		return r, ErrRetentionOff
	}
	st, err := g.RetentionState(ctx)
	if err != nil {
		return r, err
	}
	wall, err := g.clock.read(ctx)
	if err != nil {
		return r, fmt.Errorf("read the clock of the database: %w", err)
	}
	if since := wall.Sub(st.LastRun); st.Stopped == "" && since >= 0 && since < every {
		return r, nil
	}
	epoch, ok, err := g.Store.AcquireLease(ctx, retentionLease, g.holder, retentionTTL)
	if err != nil {
		return r, fmt.Errorf("take the lease: %w", err)
	}
	if !ok {
		return r, ErrRetentionBusy
	}
	p := &purge{g: g, fence: fence{retentionLease, epoch}, settings: settings, renewed: time.Now()}
	defer g.giveBack(ctx, &heldLease{fence: p.fence})
	if p.at, err = g.mayPurge(ctx, &st, wall); err != nil {
		return r, err
	}
	err = p.run(ctx)
	return p.report, errors.Join(err, g.keepReport(ctx, by, st, wall, p.report))
}

// keepReport writes down what a run has removed; the run is audited unless there was nothing.
func (g *Gateway) keepReport(ctx context.Context, by *models.User, st models.RetentionState, wall time.Time, r models.RetentionReport) error {
	ctx = context.WithoutCancel(ctx) // What is removed is removed.
	st.LastRun, st.Stopped, st.Since = wall, "", time.Time{}
	if !r.Nothing() {
		st.Report = r
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.saveRetentionState(ctx, st); err != nil || r.Nothing() {
			return err
		}
		g.Log.LogAttrs(ctx, slog.LevelInfo, "expired data removed", slog.Int("messages", r.Messages()), slog.Int64("octets", r.Octets()),
			slog.Int("traces", r.Traces), slog.Int("lines", r.Lines))
		return g.audit(ctx, by, "retention.run", "retention:0", map[string]int64{
			"messages": int64(r.Messages()), "octets": r.Octets(), "traces": int64(r.Traces), "lines": int64(r.Lines), "events": int64(r.Events),
		})
	})
}

// RetentionPreview returns what a run would remove now with the settings given, whether they are switched on or not.
func (g *Gateway) RetentionPreview(ctx context.Context, settings models.Retention) (models.RetentionReport, error) {
	p := &purge{g: g, settings: settings, dry: true}
	var err error
	if p.at, err = g.trustedTime(ctx); err != nil {
		return p.report, err
	}
	err = p.run(ctx)
	return p.report, err
}

// purge is one run.
type purge struct {
	g        *Gateway
	fence    fence
	settings models.Retention
	at       time.Time
	dry      bool
	renewed  time.Time
	report   models.RetentionReport
}

func (p *purge) run(ctx context.Context) error {
	p.report.At, p.report.Inboxes = p.at, []models.RetentionPart{}
	inboxes, err := p.g.Store.Inboxes(ctx)
	if err != nil {
		return fmt.Errorf("read inboxes: %w", err)
	}
	for _, ib := range inboxes {
		if err := p.inbox(ctx, models.RetentionPart{InboxID: ib.ID, Name: ib.Name, Days: ib.Settings.RetentionDays}); err != nil {
			return err
		}
	}
	if p.settings.GoneDays > 0 {
		gone, err := p.g.Store.DeletedInboxes(ctx)
		if err != nil {
			return err
		}
		for _, id := range gone {
			if err := p.inbox(ctx, models.RetentionPart{InboxID: id, Days: p.settings.GoneDays}); err != nil {
				return err
			}
		}
	}
	if err := p.traces(ctx); err != nil || p.dry {
		return err
	}
	if _, err := p.g.Store.DeleteUnreferencedBlobs(ctx, staged); err != nil {
		return fmt.Errorf("delete octets: %w", err)
	}
	return nil
}

// before is the moment before which what is kept for so many days has come.
func (p *purge) before(days int) time.Time { return p.at.AddDate(0, 0, -days) }

// inbox removes the octets of the mails of one inbox, and who wrote in its log.
func (p *purge) inbox(ctx context.Context, part models.RetentionPart) error {
	before := p.at.Add(-max(time.Duration(part.Days)*24*time.Hour, rawFloor))
	counted, err := p.g.Store.RetentionPart(ctx, part.InboxID, before)
	if err != nil {
		return err
	}
	counted.Name, counted.Days = part.Name, part.Days
	p.report.Inboxes = append(p.report.Inboxes, counted)
	if !p.dry && counted.Messages > 0 {
		row := &p.report.Inboxes[len(p.report.Inboxes)-1]
		row.Messages, row.Octets = 0, 0
		var at store.RetentionCursor
		err := p.batches(ctx, func(ctx context.Context) (bool, error) {
			n, octets, more, err := p.g.Store.PurgeRaw(ctx, part.InboxID, before, &at, retentionBatch)
			row.Messages, row.Octets = row.Messages+n, row.Octets+octets
			return more, err
		})
		if err != nil {
			return err
		}
	}
	if p.settings.LogDays == 0 {
		return nil
	}
	if p.dry {
		n, err := p.g.Store.ExpiredLines(ctx, part.InboxID, p.before(p.settings.LogDays))
		p.report.Lines += n
		return err
	}
	var at store.RetentionCursor
	return p.batches(ctx, func(ctx context.Context) (bool, error) {
		n, more, err := p.g.Store.PurgeLines(ctx, part.InboxID, p.before(p.settings.LogDays), &at, retentionBatch)
		p.report.Lines += n
		return more, err
	})
}

// traces removes the stories of messages and what was noted of the health of inboxes.
func (p *purge) traces(ctx context.Context) (err error) {
	if days := p.settings.LogDays; days > 0 {
		if p.report.Events, err = p.g.Store.ExpiredEvents(ctx, p.before(days), !p.dry); err != nil {
			return err
		}
	}
	days := p.settings.TraceDays
	if days == 0 {
		return nil
	}
	if p.dry {
		p.report.Traces, err = p.g.Store.ExpiredTraces(ctx, p.before(days))
		return err
	}
	after := int64(0)
	return p.batches(ctx, func(ctx context.Context) (bool, error) {
		n, more, err := p.g.Store.PurgeTraces(ctx, p.before(days), &after, 2*retentionBatch)
		p.report.Traces += n
		return more, err
	})
}

// batches repeats one portion until there is no more, each in a transaction that ends the run once another process has
// taken over.
func (p *purge) batches(ctx context.Context, portion func(context.Context) (more bool, err error)) error {
	for {
		if time.Since(p.renewed) > retentionTTL/4 {
			if ok, err := p.g.Store.RenewLease(ctx, p.fence.name, p.g.holder, p.fence.epoch, retentionTTL); err != nil || !ok {
				return errors.Join(err, models.ErrFenced)
			}
			p.renewed = time.Now()
		}
		more, err := portion(ctx)
		if err != nil || !more {
			return err
		}
		if !wait(ctx, retentionRest, nil) {
			return ctx.Err()
		}
	}
}

// saveRetentionState writes down where retention is.
func (g *Gateway) saveRetentionState(ctx context.Context, st models.RetentionState) error {
	text, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("describe retention: %w", err)
	}
	return g.Store.SetSetting(ctx, "retention.state", string(text))
}
