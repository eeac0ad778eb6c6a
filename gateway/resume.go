package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// resume takes up what earlier rounds left unfinished and what is due now, one message at a time and each with its
// attempt committed first: a message that takes the process with it is found out by that.
func (v *visit) resume(ctx context.Context, entries []mailbox.Entry, full bool) error {
	for {
		open, err := v.g.Store.OpenMessages(ctx, v.inbox.ID, now(), 100)
		if err != nil {
			return fmt.Errorf("read open messages: %w", err)
		}
		if len(open) == 0 {
			return nil
		}
		for i := range open {
			if err := v.again(ctx, &open[i], entries, full); err != nil {
				return err
			}
		}
		if err := v.settle(ctx); err != nil {
			return err
		}
		if len(open) < 100 {
			return nil
		}
	}
}

// again makes one more attempt at one message.
func (v *visit) again(ctx context.Context, row *models.Message, entries []mailbox.Entry, full bool) error {
	if row.Door != v.door && row.State == models.MessageKnown {
		return v.g.failed(ctx, v.inbox, row, errors.New("the door it came through is closed"))
	}
	if row.ErrorCode == "" && row.Attempts >= mostDeaths {
		return v.g.setAside(ctx, v.inbox, row, "E-STEP-04", "the process ended during each attempt")
	}
	if row.Attempts >= mostAttempts {
		return v.g.setAside(ctx, v.inbox, row, row.ErrorCode, row.ErrorDetail)
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

// fetchAgain downloads one message that is known and was not fetched.
func (v *visit) fetchAgain(ctx context.Context, row *models.Message, entries []mailbox.Entry, full bool) error {
	var got []fetched
	var err error
	if headerOnly(*row) {
		var f fetched
		if f, err = v.fetchHeader(ctx, row); err == nil {
			got = []fetched{f}
		} else if errors.Is(err, mailbox.ErrNotFound) {
			err = nil
		}
	} else {
		got, _, err = v.fetch(ctx, []*models.Message{row})
	}
	if err != nil {
		return errors.Join(err, v.g.failed(context.WithoutCancel(ctx), v.inbox, row, err))
	}
	if len(got) == 0 {
		if listed(entries, refOf(*row)) || !full {
			return v.g.failed(ctx, v.inbox, row, errors.New("the server lists the message and does not send it"))
		}
		return v.vanished(ctx, []*models.Message{row})
	}
	if err := v.keep(ctx, got); err != nil {
		return err
	}
	return v.deliver(ctx, row, got[0].blob.Bytes())
}

func listed(entries []mailbox.Entry, ref mailbox.Ref) bool {
	for _, e := range entries {
		if e.Ref == ref {
			return true
		}
	}
	return false
}
