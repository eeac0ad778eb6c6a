package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// The doors through which a message comes in.
const (
	doorIMAP    = "imap"
	doorPOP3    = "pop3"
	doorReceive = "receive"
	doorImport  = "import"
	doorAPI     = "api"
)

// settleAfter is after how many downloaded messages the server is told, while there are more to download.
const settleAfter = 100

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
	lacking  bool // The server has left out a message: what is due is compared with a full listing.
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
	if err := v.resume(ctx, entries, full, false); err != nil {
		return err
	}
	rows, err := v.unknown(ctx, entries, full)
	if err != nil {
		return err
	}
	if err := v.stream(ctx, rows); err != nil {
		return err
	}
	if err := v.resume(ctx, entries, full, true); err != nil {
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
	var processed sync.WaitGroup
	var perr error
	processed.Go(func() { perr = v.processAll(ctx, kept, cancel) })
	err := func() error {
		defer processed.Wait()
		defer close(kept)
		return v.download(ctx, rows, kept)
	}()
	if perr != nil {
		return perr
	}
	return err
}

// download fetches and keeps window after window and hands each on.
func (v *visit) download(ctx context.Context, rows []*models.Message, kept chan<- []fetched) error {
	untold := 0
	for _, w := range windows(rows, v.inbox.Settings.BatchSize) {
		if err := v.add(ctx, w); err != nil {
			return err
		}
		fresh, large := splitLarge(w)
		t := v.fetch(ctx, fresh)
		v.fetchHeaders(ctx, large, &t)
		if err := v.keep(ctx, t.got); err != nil {
			// It is not known which of them is to blame. Each is tried alone next time, and counts then.
			return errors.Join(err, v.release(ctx, slices.Concat(fresh, large)))
		}
		if len(t.got) > 0 {
			select {
			case kept <- t.got:
			case <-ctx.Done():
				return errors.Join(context.Cause(ctx), v.release(ctx, slices.Concat(rowsOf(t.got), t.missing())))
			}
		}
		if err := v.notFetched(ctx, t); err != nil {
			return err
		}
		if untold += len(w); untold < settleAfter {
			continue // One command tells the server of many, and each costs round trips.
		}
		untold = 0
		if err := v.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// add makes messages known, each with its first attempt. Who has lost the lease adds none: the inbox may read another
// account by now, where the same UIDs mean other messages.
func (v *visit) add(ctx context.Context, w []*models.Message) error {
	err := v.g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := v.fence.hold(ctx, v.g.Store); err != nil {
			return err
		}
		return v.g.Store.AddKnown(ctx, w)
	})
	if err != nil {
		return fmt.Errorf("add to the ledger: %w", err)
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

// notFetched deals with the rows of a window that did not arrive. When the transfer broke off, the one that was under
// way may be the cause, so its attempt counts and it will be fetched alone; the others were never tried. A message that
// the server left out is looked for in the next listing before anybody says that it is gone.
func (v *visit) notFetched(ctx context.Context, t transfer) error {
	if ctx.Err() != nil || store.Unavailable(t.err) {
		return errors.Join(t.err, v.release(ctx, t.missing()))
	}
	for _, row := range t.left {
		v.lacking = true
		if err := v.g.failed(ctx, v.inbox, row, errNotSent); err != nil {
			return errors.Join(t.err, err)
		}
	}
	if err := v.release(ctx, t.untried); err != nil || t.suspect == nil {
		return errors.Join(t.err, err)
	}
	return errors.Join(t.err, v.g.failed(ctx, v.inbox, t.suspect, t.err))
}

// processAll takes windows through the rest of the way until kept is closed. On an error that concerns more than one
// message it stops the download.
func (v *visit) processAll(ctx context.Context, kept <-chan []fetched, stop context.CancelCauseFunc) (err error) {
	for w := range kept {
		if err = v.oneByOne(ctx, w, err); err != nil {
			stop(err)
		}
	}
	return err
}

// oneByOne processes each message of a window alone. After the first error that concerns more than one message, or with an earlier
// one, it takes back the attempts of the rest and returns that error.
func (v *visit) oneByOne(ctx context.Context, w []fetched, err error) error {
	for i, f := range w {
		if err != nil {
			return errors.Join(err, v.release(ctx, rowsOf(w[i:])))
		}
		err = v.deliver(ctx, f.row, f.blob.Bytes())
	}
	return err
}

// newDelivery begins the way of a received message after its octets are kept.
func (v *visit) newDelivery(row *models.Message, raw []byte) *delivery {
	d := &delivery{inbox: v.inbox, own: v.own, rules: v.rules, fence: v.fence, row: *row, raw: raw, run: row.Reprocessed}
	d.note(models.StepFetch, "fetch.downloaded", "door", row.Door, "folder", row.Folder, "uid", cut(row.UID, 100), "size", itoa(row.Size))
	d.note(models.StepStore, "store.kept", "sha256", fmt.Sprintf("%x", row.SHA256))
	return d
}

// done tells of a message that is durable in its final state.
func (v *visit) done(ctx context.Context, d *delivery) {
	v.g.notify(ctx, d)
	v.last = d.row
	v.handled++
}

// deliver processes one received message. A failure that concerns this message only is kept with it and is no error.
func (v *visit) deliver(ctx context.Context, row *models.Message, raw []byte) error {
	d := v.newDelivery(row, raw)
	err := v.g.process(ctx, d)
	switch {
	case err == nil:
		v.done(ctx, d)
		return nil
	case ctx.Err() != nil, errors.Is(err, models.ErrFenced), store.Unavailable(err):
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
