package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// mostOpen is how many open messages are read at once.
const mostOpen = 500

// resume takes up what earlier rounds left unfinished and what is due now. What has an attempt on it goes one at a time, with
// its next attempt committed first: a message that takes the process with it is found out by that. Downloads that failed
// before are late: they come after everything else, because one that fails again ends the visit.
func (v *visit) resume(ctx context.Context, entries []mailbox.Entry, full, late bool) error {
	for {
		open, err := v.g.Store.OpenMessages(ctx, v.inbox.ID, now(), mostOpen)
		if err != nil {
			return fmt.Errorf("read open messages: %w", err)
		}
		if !late {
			v.setApart(open, entries)
		}
		tried := 0
		for rest := open; len(rest) > 0; {
			n := max(1, v.untriedTogether(rest))
			switch isLate := rest[0].State == models.MessageKnown && rest[0].ErrorCode != ""; {
			case isLate != late || v.apart[refOf(rest[0])] != nil:
				n = 1
			case v.untried(rest[0]) && rest[0].State == models.MessageReceived:
				tried, err = tried+n, v.pickUp(ctx, rest[:n])
			default:
				tried, err = tried+1, v.again(ctx, &rest[0], entries, full)
			}
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		if tried == 0 {
			return nil
		}
		if err := v.settle(ctx); err != nil {
			return err
		}
		if len(open) < mostOpen {
			return nil
		}
	}
}

// again makes one more attempt at one message.
func (v *visit) again(ctx context.Context, row *models.Message, entries []mailbox.Entry, full bool) error {
	known, handed := row.State == models.MessageKnown, !fromServer(row.Door)
	if known && row.Door != v.door {
		return v.elsewhere(ctx, row)
	}
	if !known || !handed { // Octets that are being handed in and are not kept yet are taken in whatever was before.
		if row.ErrorCode == "" && row.Attempts >= mostDeaths {
			return v.g.setAside(ctx, v.inbox, row, "E-STEP-04", "the process ended during each attempt")
		}
		if row.Attempts >= mostAttempts {
			return v.g.setAside(ctx, v.inbox, row, row.ErrorCode, row.ErrorDetail)
		}
	}
	if row.ErrorCode == "" && row.Attempts == mostDeaths-1 { // Alone, so that nobody else dies with it a third time.
		select {
		case v.g.deadly <- struct{}{}:
			defer func() { <-v.g.deadly }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := v.g.Store.BeginAttempts(ctx, []int64{row.ID}); err != nil {
		return fmt.Errorf("begin an attempt: %w", err)
	}
	row.Attempts++
	if row.State == models.MessageReceived {
		return v.deliver(ctx, row, nil)
	}
	return v.fetchAgain(ctx, row, entries, full)
}

// elsewhere deals with a message that is known and that this visit cannot fetch, because it came through another door.
// Whoever hands messages in has been told to try again; a server that is not asked any more is a matter for people.
func (v *visit) elsewhere(ctx context.Context, row *models.Message) error {
	if fromServer(row.Door) {
		return v.g.setAside(ctx, v.inbox, row, "E-STEP-02", "the inbox does not read by "+row.Door+" any more")
	}
	next := now().Add(retryDelay(mostAttempts))
	if err := v.g.Store.SaveFailure(ctx, row.ID, "E-STEP-02", "not handed in completely", &next); err != nil {
		return fmt.Errorf("keep a failed attempt: %w", err)
	}
	return nil
}

// fromServer reports whether a door leads to a mail server, which keeps a message until it is told.
func fromServer(door string) bool { return door == doorIMAP || door == doorPOP3 }

// fetchAgain downloads one message that is known and was not fetched.
func (v *visit) fetchAgain(ctx context.Context, row *models.Message, entries []mailbox.Entry, full bool) error {
	var t transfer
	if headerOnly(*row) {
		v.fetchHeaders(ctx, []*models.Message{row}, &t)
	} else {
		t = v.fetch(ctx, []*models.Message{row}, nil)
	}
	if len(t.left) > 0 && full && !listed(entries, refOf(*row)) {
		return v.vanished(ctx, t.left)
	}
	if len(t.got) == 0 {
		return v.notFetched(ctx, t)
	}
	err := v.keep(ctx, t.got)
	switch {
	case err == nil:
		blob := t.got[0].blob
		defer blob.Release()
		return errors.Join(t.err, v.deliver(ctx, row, blob.Bytes()))
	case ctx.Err() != nil, errors.Is(err, models.ErrConflict), store.Unavailable(err):
		return errors.Join(err, v.release(ctx, []*models.Message{row}))
	}
	return errors.Join(t.err, v.g.failed(ctx, v.inbox, row, err))
}

func listed(entries []mailbox.Entry, ref mailbox.Ref) bool {
	for _, e := range entries {
		if e.Ref == ref {
			return true
		}
	}
	return false
}
