package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"letterbox/models"
)

// What is done by date and cannot be undone (deleting mail on a server some days later, giving up mail that was to go out)
// follows a clock that does not believe in jumps.
const (
	clockLook  = time.Minute    // How often the clock of the database is looked at.
	clockSave  = time.Hour      // How often what it said is written down, for after a restart.
	clockDrift = time.Hour      // A clock that is set by less did not jump.
	clockOff   = 48 * time.Hour // A program may be switched off so long without a doubt.
	clockDoubt = 48 * time.Hour // So long a clock that has jumped is not believed.
)

// clock is that clock. It goes on as before when the clock of the database jumps, and follows it once that has stayed where
// it is for two days, or has come back.
type clock struct {
	read func(context.Context) (time.Time, error) // The clock of the database.

	mu     sync.Mutex
	seen   seenClock
	known  bool
	looked time.Time // When it was looked at, on this process' own stop watch.
	saved  time.Time // What was written down last.
}

// seenClock is what is written down of the clock.
type seenClock struct {
	Wall  time.Time     `json:"wall"`  // What it said last.
	Ahead time.Duration `json:"ahead"` // How much of that is not believed.
	Since time.Time     `json:"since"` // Since when, by the clock itself.
}

const clockSetting = "clock"

// trustedTime returns the time by which mail may be deleted or given up. It is not called in a transaction: it may have to
// write, and holds no lock while it does.
func (g *Gateway) trustedTime(ctx context.Context) (time.Time, error) {
	c := &g.clock
	c.mu.Lock()
	was, known, looked := c.seen, c.known, c.looked
	fresh := known && time.Since(looked) < clockLook
	c.mu.Unlock()
	if fresh {
		return g.believed(), nil
	}
	wall, err := c.read(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the clock of the database: %w", err)
	}
	var is seenClock
	if known {
		is = was.after(wall.Sub(was.Wall)-time.Since(looked), clockDrift, wall)
	} else if is, err = g.clockBefore(ctx, wall); err != nil {
		return time.Time{}, err
	}
	if is.Ahead != was.Ahead && is.Ahead != 0 {
		g.Log.LogAttrs(ctx, slog.LevelError, "the clock has jumped, mail is deleted and given up by the time before", slog.Duration("jump", is.Ahead))
	}
	c.mu.Lock()
	c.seen, c.known, c.looked = is, true, time.Now()
	save := !known || is.Ahead != was.Ahead || wall.Sub(c.saved).Abs() >= clockSave
	if save {
		c.saved = wall
	}
	c.mu.Unlock()
	if !save {
		return g.believed(), nil
	}
	text, err := json.Marshal(is)
	if err == nil {
		err = g.Store.SetSetting(ctx, clockSetting, string(text))
	}
	if err != nil {
		c.mu.Lock()
		c.saved = time.Time{}
		c.mu.Unlock()
		return time.Time{}, fmt.Errorf("write down the time: %w", err)
	}
	return g.believed(), nil
}

// clockBefore returns what an earlier process has seen, brought up to date.
func (g *Gateway) clockBefore(ctx context.Context, wall time.Time) (seenClock, error) {
	text, err := g.Store.Setting(ctx, clockSetting)
	if errors.Is(err, models.ErrNotFound) {
		return seenClock{Wall: wall}, nil
	}
	if err != nil {
		return seenClock{}, fmt.Errorf("read the time of before: %w", err)
	}
	var s seenClock
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return seenClock{Wall: wall}, nil // Nobody's but ours; begin anew.
	}
	off := wall.Sub(s.Wall)
	if off >= -clockDrift && off <= clockOff {
		off = 0
	}
	return s.after(off, 0, wall), nil
}

// after is what is believed after the clock has jumped by so much, unless that is no more than drift.
func (s seenClock) after(jump, drift time.Duration, wall time.Time) seenClock {
	if jump.Abs() > drift {
		s.Ahead += jump
		s.Since = wall
	}
	s.Wall = wall
	if s.Ahead.Abs() <= clockDrift || wall.Sub(s.Since) >= clockDoubt {
		s.Ahead, s.Since = 0, time.Time{}
	}
	return s
}

// now is the time that is believed. The caller holds the lock.
func (c *clock) now() time.Time {
	if !c.known {
		return now()
	}
	return c.seen.Wall.Add(time.Since(c.looked) - c.seen.Ahead).UTC().Truncate(time.Microsecond)
}

// believed is the time as trustedTime has found it last; that of this process when nobody has asked yet.
func (g *Gateway) believed() time.Time {
	g.clock.mu.Lock()
	defer g.clock.mu.Unlock()
	return g.clock.now()
}

// ClockInDoubt reports whether the clock has jumped and is not believed yet.
func (g *Gateway) ClockInDoubt() bool {
	g.clock.mu.Lock()
	defer g.clock.mu.Unlock()
	return g.clock.seen.Ahead != 0
}
