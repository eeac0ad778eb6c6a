package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// The doors through which a message comes in.
const (
	doorIMAP    = "imap"
	doorPOP3    = "pop3"
	doorReceive = "receive"
	doorImport  = "import"
	doorAPI     = "api"
)

// visit is one session with one mail source: from sign-in to Close. It is used by one goroutine.
type visit struct {
	g        *Gateway
	inbox    models.Inbox
	rules    *compiledRules
	fence    fence
	door     string
	box      mailbox.Mailbox
	watcher  mailbox.Watcher // The box when its connection is kept; nil when settlements are final only with Close.
	list     *listing
	own      map[string]bool // Addresses of our inboxes, read at the start of each round.
	deferred map[int64]bool  // Messages whose settlement is final once the box is closed.
	last     models.Message  // The message that was processed last, for doors of one message.
	handled  int
}

func (g *Gateway) newVisit(ctx context.Context, ib models.Inbox, door string, box mailbox.Mailbox, f fence) (*visit, error) {
	rules, err := g.rulesOf(ctx, ib)
	if err != nil {
		return nil, err
	}
	v := &visit{g: g, inbox: ib, rules: rules, fence: f, door: door, box: box, deferred: map[int64]bool{}}
	v.watcher, _ = box.(mailbox.Watcher)
	v.list, err = v.newListing(ctx)
	return v, err
}

// round takes in what a listing shows: first what an earlier round left unfinished, then what is new, oldest first.
func (v *visit) round(ctx context.Context, entries []mailbox.Entry, full bool) error {
	var err error
	if v.own, err = v.g.ownAddresses(ctx); err != nil {
		return err
	}
	if err := v.resume(ctx, entries, full); err != nil {
		return err
	}
	rows, err := v.unknown(ctx, entries, full)
	if err != nil {
		return err
	}
	if err := v.stream(ctx, rows); err != nil {
		return err
	}
	return v.settle(ctx)
}

// stream downloads rows window by window and processes each window while the next one is under way. What is processed
// is in the order of rows.
func (v *visit) stream(ctx context.Context, rows []*models.Message) error {
	if len(rows) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	kept := make(chan []fetched, 1)
	done := make(chan error, 1)
	go func() { done <- v.processAll(ctx, kept, cancel) }()

	err := v.download(ctx, rows, kept)
	close(kept)
	if perr := <-done; perr != nil {
		return perr
	}
	return err
}

// download fetches and keeps window after window and hands each on.
func (v *visit) download(ctx context.Context, rows []*models.Message, kept chan<- []fetched) error {
	for _, w := range windows(rows, v.inbox.Settings.BatchSize) {
		if err := v.g.Store.AddKnown(ctx, w); err != nil {
			return fmt.Errorf("add to the ledger: %w", err)
		}
		fresh, large := splitLarge(w)
		got, missing, ferr := v.fetch(ctx, fresh)
		for _, row := range large {
			if ferr == nil {
				var f fetched
				if f, ferr = v.fetchHeader(ctx, row); ferr == nil {
					got = append(got, f)
					continue
				}
				if errors.Is(ferr, mailbox.ErrNotFound) {
					ferr = nil
				}
			}
			missing = append(missing, row)
		}
		if err := v.keep(ctx, got); err != nil {
			return err
		}
		if len(got) > 0 {
			select {
			case kept <- got:
			case <-ctx.Done():
				return errors.Join(context.Cause(ctx), v.release(ctx, slices.Concat(rowsOf(got), missing)))
			}
		}
		if err := v.notFetched(ctx, missing, ferr); err != nil {
			return err
		}
		if err := v.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// splitLarge takes out rows that are not in the ledger by us (another process was faster) and those that are larger
// than the inbox takes.
func splitLarge(w []*models.Message) (fresh, large []*models.Message) {
	for _, r := range w {
		switch {
		case r.ID == 0:
		case headerOnly(*r):
			large = append(large, r)
		default:
			fresh = append(fresh, r)
		}
	}
	return fresh, large
}

// notFetched deals with the rows of a window that did not arrive. When the transfer broke off, the first of them may
// be the cause, so its attempt counts and it will be fetched alone; the others were never tried.
func (v *visit) notFetched(ctx context.Context, missing []*models.Message, ferr error) error {
	if len(missing) == 0 {
		return ferr
	}
	if ferr == nil {
		return v.vanished(ctx, missing)
	}
	innocent := missing[1:]
	if ctx.Err() != nil {
		innocent = missing
	}
	if err := v.release(ctx, innocent); err != nil || ctx.Err() != nil {
		return errors.Join(ferr, err)
	}
	return errors.Join(ferr, v.g.failed(ctx, v.inbox, missing[0], ferr))
}

// processAll takes windows through the rest of the way until kept is closed. On an error that concerns more than one
// message it stops the download.
func (v *visit) processAll(ctx context.Context, kept <-chan []fetched, stop context.CancelCauseFunc) (err error) {
	for w := range kept {
		for i, f := range w {
			if err == nil {
				err = v.deliver(ctx, f.row, f.blob.Bytes())
			} else if rerr := v.release(ctx, rowsOf(w[i:])); rerr != nil {
				return errors.Join(err, rerr)
			} else {
				break
			}
			if err != nil {
				stop(err)
			}
		}
	}
	return err
}

// deliver processes one received message. A failure that concerns this message only is kept with it and is no error.
func (v *visit) deliver(ctx context.Context, row *models.Message, raw []byte) error {
	d := &delivery{inbox: v.inbox, own: v.own, rules: v.rules, fence: v.fence, row: *row, raw: raw, run: row.Reprocessed}
	d.note(models.StepFetch, "fetch.downloaded", "door", row.Door, "folder", row.Folder, "uid", cut(row.UID, 100), "size", itoa(row.Size))
	d.note(models.StepStore, "store.kept", "sha256", fmt.Sprintf("%x", row.SHA256))
	err := v.g.process(ctx, d)
	switch {
	case err == nil:
		v.last = d.row
		v.handled++
		return nil
	case ctx.Err() != nil, errors.Is(err, models.ErrFenced):
		return errors.Join(err, v.release(ctx, []*models.Message{row}))
	}
	return v.g.failed(ctx, v.inbox, row, err)
}

// release takes back attempts that were begun and not made, because the visit ends for another reason.
func (v *visit) release(ctx context.Context, rows []*models.Message) error {
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := v.g.Store.ReleaseAttempts(context.WithoutCancel(ctx), ids); err != nil {
		return fmt.Errorf("release attempts: %w", err)
	}
	return nil
}
