package app

import (
	"context"
	"log/slog"
	"time"
)

// How often the index of the search is looked after.
const (
	tidySearchEvery = 15 * time.Second
	tidySearchWhole = time.Hour
)

// tidySearch puts what was written into the index of the search until ctx is done: often while much is written, and
// every hour all of it, without the words of texts that were changed or deleted. It does so soon after the start, and
// then fills an index that is not there yet.
func (a *App) tidySearch(ctx context.Context) error {
	tick := time.NewTicker(tidySearchEvery)
	defer tick.Stop()
	var whole time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		all := time.Since(whole) >= tidySearchWhole
		err := a.Store.TidySearch(ctx, all)
		switch {
		case err == nil && all:
			whole = time.Now()
		case err != nil && ctx.Err() == nil:
			a.Log.LogAttrs(ctx, slog.LevelError, "index of the search could not be written, trying again", slog.Any("err", err))
		}
	}
}
