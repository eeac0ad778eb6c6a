package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// The bounds of a group: so many messages of so many octets are parsed ahead, and share a commit. Others wait
// for it, so a group ends after groupTime whatever is left of it.
const (
	groupMost   = 32
	groupOctets = 1 << 20
	groupTime   = 50 * time.Millisecond
)

// groupBounds returns octets and time of a group. On a server it may have twice of both: what a commit costs there, however
// many share it, are a dozen ways there and back, and all that others wait for is the next number of an issue.
func (g *Gateway) groupBounds() (octets int64, lasts time.Duration) {
	if g.Store.Exclusive() {
		return groupOctets, groupTime
	}
	return 2 * groupOctets, 2 * groupTime
}

// parseAhead parses what was kept while the messages before are decided and applied, and hands on whatever is ready in
// the order in which it came. Every message of kept is handed on; once ctx is done, without being parsed.
func (v *visit) parseAhead(ctx context.Context, kept <-chan []fetched, parsed chan<- []*delivery) {
	defer close(parsed)
	var window []fetched
	var group []*delivery
	var octets int64
	most, _ := v.g.groupBounds()
	for kept != nil || len(window) > 0 || len(group) > 0 {
		full := len(group) >= groupMost || octets >= most
		if len(window) > 0 && !full {
			d := v.newDelivery(window[0].row, window[0].blob.Bytes())
			if d.failed = ctx.Err(); d.failed == nil {
				d.failed = v.g.prepare(ctx, d)
			}
			d.raw = nil // Whoever wants the octets again reads what was kept of them.
			window[0].blob.Release()
			window, group, octets = window[1:], append(group, d), octets+d.row.Size
			select {
			case parsed <- group:
				group, octets = nil, 0
			default: // Whoever applies is busy: the group grows.
			}
			continue
		}
		var in <-chan []fetched
		var out chan<- []*delivery
		if len(window) == 0 {
			in = kept
		}
		if len(group) > 0 {
			out = parsed
		}
		select {
		case w, ok := <-in:
			if window = w; !ok {
				kept = nil
			}
		case out <- group:
			group, octets = nil, 0
		}
	}
}

// conclude takes what was parsed through the rest of the way until parsed is closed. After the first error that
// concerns more than one message it stops the download and takes back the attempts of the rest.
func (v *visit) conclude(ctx context.Context, parsed <-chan []*delivery, stop context.CancelCauseFunc) (err error) {
	for group := range parsed {
		if err == nil {
			if err = v.concludeGroup(ctx, group); err != nil {
				stop(err)
			}
			continue
		}
		discardAll(ctx, group)
		err = errors.Join(err, v.release(ctx, rowsOfAll(group)))
	}
	return err
}

// concludeGroup brings parsed messages to their results, in one commit where that is possible.
func (v *visit) concludeGroup(ctx context.Context, group []*delivery) (err error) {
	defer discardAll(ctx, group)
	for len(group) > 0 {
		n := 1
		if len(group) > 1 && v.g.Store.Shareable() && !v.rules.scripted { // A script takes its time outside of a transaction.
			n, err = v.commitTogether(ctx, group)
		} else {
			err = v.concludeOne(ctx, group[0])
		}
		group = group[n:]
		if err != nil {
			return errors.Join(err, v.release(ctx, rowsOfAll(group)))
		}
	}
	return nil
}

// concludeOne brings one parsed message to its result. A failure that concerns this message only is kept with it and is
// no error.
func (v *visit) concludeOne(ctx context.Context, d *delivery) error {
	err := d.failed
	if err == nil {
		err = v.g.conclude(ctx, d)
	}
	switch {
	case err == nil:
		v.done(ctx, d)
		return nil
	case concernsAll(ctx, err):
		return errors.Join(err, v.release(ctx, []*models.Message{d.from}))
	}
	return v.g.failed(ctx, v.inbox, d.from, err)
}

// commitTogether brings the first messages of a group to their results in one transaction, and returns how many they
// were. Each has a savepoint: what one of them cannot finish is undone, and the others stay. The group ends with a message
// that met a conflict, so that none overtakes it; that one is concluded alone, and so are all when the transaction fails.
func (v *visit) commitTogether(ctx context.Context, group []*delivery) (n int, err error) {
	parsed := make([]delivery, len(group))
	for i, d := range group {
		d.trace = slices.Clip(d.trace)
		parsed[i] = *d
	}
	results := make([]error, len(group))
	_, lasts := v.g.groupBounds()
	err = v.g.Store.WithTx(ctx, func(ctx context.Context) error {
		n = 0
		started := time.Now()
		unseen, err := v.holdGroup(ctx, group)
		if err != nil {
			return err
		}
		for i, d := range group {
			*d = parsed[i]
			d.held, d.unseen = true, unseen
			if results[i] = d.failed; d.failed == nil {
				results[i] = v.g.Store.WithSavepoint(ctx, func(ctx context.Context) error { return v.g.conclude(ctx, d) })
			}
			n = i + 1
			switch err := results[i]; {
			case concernsAll(ctx, err), errors.Is(err, store.ErrNoSavepoint):
				return err
			case errors.Is(err, models.ErrConflict), time.Since(started) > lasts:
				return nil
			}
		}
		return nil
	})
	if ctx.Err() != nil && err != nil && !errors.Is(err, store.ErrCommitUnknown) || errors.Is(err, models.ErrFenced) {
		return len(group), errors.Join(err, v.release(ctx, rowsOfAll(group)))
	}
	together := err == nil
	n = max(n, 1)
	for i, d := range group[:n] {
		if together && results[i] == nil {
			v.done(ctx, d)
			continue
		}
		*d = parsed[i]
		if !together || errors.Is(results[i], models.ErrConflict) {
			err = v.concludeOne(ctx, d)
		} else {
			err = v.g.failed(ctx, v.inbox, d.from, results[i])
		}
		if err != nil {
			return i + 1, err
		}
	}
	return n, nil
}

// holdGroup holds the lease, and the octets of all messages: nobody else brings the same ones to a result meanwhile. It
// reports whether, looked at all at once, none of them was there before.
func (v *visit) holdGroup(ctx context.Context, group []*delivery) (unseen bool, err error) {
	if err := v.fence.hold(ctx, v.g.Store); err != nil {
		return false, err
	}
	var named []string
	for _, d := range group {
		if d.mail != nil {
			named = append(named, namedIn(d.mail, v.own)...)
		}
	}
	v.g.Store.AskForUsers(ctx, named)
	if v.g.Store.Exclusive() {
		return false, nil
	}
	var blobs []int64
	var hashes [][]byte
	var ids []string
	for _, d := range group {
		if d.row.BlobID != nil {
			blobs, hashes = append(blobs, *d.row.BlobID), append(hashes, d.row.SHA256)
		}
		if d.mail != nil {
			ids = append(ids, idsOf(d.mail, candidatesOf(d.mail))...)
		}
	}
	if len(blobs) == 0 {
		return false, nil
	}
	if err := v.g.Store.HoldBlobs(ctx, blobs...); err != nil {
		return false, fmt.Errorf("hold the octets: %w", err)
	}
	if err := v.g.Store.AskForMessageIDs(ctx, ids); err != nil { // Not before: whoever held the octets has added some.
		return false, fmt.Errorf("look up message ids: %w", err)
	}
	before, err := v.g.Store.AnyFinal(ctx, hashes)
	if err != nil {
		return false, fmt.Errorf("look for the same octets: %w", err)
	}
	slices.Sort(blobs) // The same octets are the same blob.
	return !before && len(slices.Compact(blobs)) == len(hashes), nil
}

// concernsAll reports whether an error is about more than the message at which it showed.
func concernsAll(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, models.ErrFenced) || store.Unavailable(err))
}

func rowsOfAll(group []*delivery) []*models.Message {
	rows := make([]*models.Message, 0, len(group))
	for _, d := range group {
		rows = append(rows, d.from)
	}
	return rows
}

func discardAll(ctx context.Context, group []*delivery) {
	for _, d := range group {
		d.discard(ctx)
	}
}
