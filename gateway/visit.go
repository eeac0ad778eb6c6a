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
	own      map[string]bool                 // Addresses of our inboxes, read at the start of each round.
	apart    map[mailbox.Ref]*models.Message // What is known already and is downloaded with what is new, see setApart.
	deferred map[int64]bool                  // Messages whose settlement is final once the box is closed.
	last     models.Message                  // The message that was processed last, for doors of one message.
	handled  int
	late     bool // The visit before was cut short: what has come last is first.
	well     bool // The visit before did not fail.
	cutShort bool // Something is left to be downloaded by the next visit, at once.
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
	defer func() { v.own, v.apart = nil, nil }() // A visit may wait for days.
	if full {
		if entries, err = v.unread(ctx, entries); err != nil {
			return err
		}
	}
	if err := v.resume(ctx, entries, full, false); err != nil {
		return err
	}
	fresh, err := v.unknown(ctx, entries, full)
	if err != nil {
		return err
	}
	if err := v.stream(ctx, v.withApart(entries, fresh)); err != nil {
		return err
	}
	if err := v.resume(ctx, entries, full, true); err != nil {
		return err
	}
	if full {
		v.account(ctx, entries)
	}
	return v.settle(ctx)
}

// stream downloads messages window by window, keeps and parses what has come and brings it to its result, all at the
// same time. Each keeps the order, and each hands on whatever it was given, so that none waits for ever.
func (v *visit) stream(ctx context.Context, entries []mailbox.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	loaded, kept, parsed := make(chan transfer), make(chan []fetched, 1), make(chan []*delivery)
	var behind sync.WaitGroup
	var kerr, cerr error
	behind.Go(func() { kerr = v.keepAll(ctx, loaded, kept, cancel) })
	behind.Go(func() { v.parseAhead(ctx, kept, parsed) })
	behind.Go(func() { cerr = v.conclude(ctx, parsed, cancel) })
	err := func() error {
		defer behind.Wait()
		defer close(loaded)
		return v.download(ctx, entries, loaded)
	}()
	for _, first := range []error{cerr, kerr} {
		if first != nil {
			return first
		}
	}
	return err
}

// load downloads messages of one folder with one command and hands on each window as it is full, also one that broke
// off; that is then the last. Then the server is told what has come to its result so far.
func (v *visit) load(ctx context.Context, entries []mailbox.Entry, loaded chan<- transfer) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var rows, added, left []*models.Message
	for _, e := range entries {
		row := v.apart[e.Ref]
		if row != nil {
			left = append(left, row)
			delete(v.apart, e.Ref)
		} else {
			row = v.newRow(e)
			added = append(added, row)
		}
		rows = append(rows, row)
	}
	if err := v.add(ctx, added, left); err != nil {
		return err
	}
	fresh, large := splitLarge(rows)
	t := v.fetch(ctx, fresh, func(window transfer) { loaded <- window })
	v.fetchHeaders(ctx, large, &t)
	loaded <- t
	if t.err != nil {
		return t.err
	}
	v.g.beat(v.inbox.ID, pulse{polledAt: now()})
	return v.settle(ctx)
}

// keepAll makes window after window durable and hands each on. After an error it takes back the attempts of the rest.
func (v *visit) keepAll(ctx context.Context, loaded <-chan transfer, kept chan<- []fetched, stop context.CancelCauseFunc) (err error) {
	defer close(kept)
	for t := range loaded {
		if err != nil {
			discardBlobs(ctx, t.got)
			err = errors.Join(err, v.release(ctx, slices.Concat(rowsOf(t.got), t.missing())))
			continue
		}
		if err = v.keep(ctx, t.got); err != nil {
			// It is not known which of them is to blame. Each is tried alone next time, and counts then.
			err = errors.Join(err, v.release(ctx, slices.Concat(rowsOf(t.got), t.missing())))
		} else {
			if len(t.got) > 0 {
				kept <- t.got
			}
			err = v.notFetched(ctx, t)
		}
		if err != nil && t.err == nil { // What came before a transfer broke off goes on to its result.
			stop(err)
		}
	}
	return err
}

// add makes messages known, each with its first attempt, and counts that of left, which are known already. Who has
// lost the lease adds none: the inbox may read another account by now, where the same UIDs mean other messages.
func (v *visit) add(ctx context.Context, w, left []*models.Message) error {
	ids := make([]int64, 0, len(left))
	for _, row := range left {
		ids = append(ids, row.ID)
	}
	err := v.g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := v.fence.hold(ctx, v.g.Store); err != nil {
			return err
		}
		if err := v.g.Store.AddKnown(ctx, w); err != nil || len(ids) == 0 {
			return err
		}
		return v.g.Store.BeginFirstAttempts(ctx, ids)
	})
	if err != nil {
		return fmt.Errorf("add to the ledger: %w", err)
	}
	for _, row := range left {
		row.Attempts++
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

// newDelivery begins the way of a received message after its octets are kept.
func (v *visit) newDelivery(row *models.Message, raw []byte) *delivery {
	d := &delivery{inbox: v.inbox, own: v.own, rules: v.rules, fence: v.fence, row: *row, from: row, raw: raw, run: row.Reprocessed}
	d.note(models.StepFetch, "fetch.downloaded", "door", row.Door, "folder", row.Folder, "uid", cut(row.UID, 100), "size", itoa(row.Size))
	d.note(models.StepStore, "store.kept", "sha256", fmt.Sprintf("%x", row.SHA256))
	return d
}

// done tells of a message that is durable in its final state.
func (v *visit) done(ctx context.Context, d *delivery) {
	d.taken()
	v.g.notify(ctx, d)
	v.last = d.row
	v.handled++
}

// deliver brings one message whose octets are kept to its result. A failure that concerns this message only is kept with
// it and is no error.
func (v *visit) deliver(ctx context.Context, row *models.Message, raw []byte) error {
	d := v.newDelivery(row, raw)
	defer d.discard(ctx)
	d.failed = v.g.prepare(ctx, d)
	return v.concludeOne(ctx, d)
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
