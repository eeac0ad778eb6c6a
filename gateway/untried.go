package gateway

import (
	"context"
	"fmt"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// A visit that ends in good order, because its process ends or its inbox goes to another one, takes back the attempts
// that it had begun. What it leaves is as good as new: nothing speaks against one of these messages more than against
// another. So they go on many at a time, like new ones, and a backlog is as fast after a restart as before. After a visit
// that failed they go one at a time: maybe one of them is to blame, or the server cannot send many at once.

// untried reports whether a message that is not final was left so by a visit that did not fail.
func (v *visit) untried(row models.Message) bool {
	return v.well && row.Attempts == 0 && row.ErrorCode == "" && row.Reprocessed == 0 && !row.FetchAnyway && row.Door == v.door && fromServer(row.Door)
}

// setApart finds the untried messages that are to be downloaded and that the server has: they come with what is new.
func (v *visit) setApart(open []models.Message, entries []mailbox.Entry) {
	left := map[mailbox.Ref]*models.Message{}
	for i, row := range open {
		if row.State == models.MessageKnown && v.untried(row) {
			left[refOf(row)] = &open[i]
		}
	}
	if len(left) == 0 {
		return
	}
	v.apart = make(map[mailbox.Ref]*models.Message, len(left))
	for _, e := range entries {
		if row := left[e.Ref]; row != nil {
			v.apart[e.Ref] = row
		}
	}
}

// withApart adds what was set apart to the new entries of a listing, in the order of the listing.
func (v *visit) withApart(entries, fresh []mailbox.Entry) []mailbox.Entry {
	if len(v.apart) == 0 {
		return fresh
	}
	all := make([]mailbox.Entry, 0, len(fresh)+len(v.apart))
	for _, e := range entries {
		isNew := len(fresh) > 0 && fresh[0].Ref == e.Ref
		if isNew {
			fresh = fresh[1:]
		}
		if isNew || v.apart[e.Ref] != nil {
			all = append(all, e)
		}
	}
	return all
}

// untriedTogether returns how many of the first messages are untried, have their octets here and make one group.
func (v *visit) untriedTogether(open []models.Message) (n int) {
	most, _ := v.g.groupBounds()
	for octets := int64(0); n < min(len(open), groupMost) && octets < most; n++ {
		if open[n].State != models.MessageReceived || !v.untried(open[n]) {
			break
		}
		octets += open[n].Size
	}
	return n
}

// pickUp brings untried messages whose octets are here to their results, with their attempts committed first.
func (v *visit) pickUp(ctx context.Context, rows []models.Message) error {
	ids := make([]int64, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	if err := v.g.Store.BeginFirstAttempts(ctx, ids); err != nil {
		return fmt.Errorf("begin the first attempts: %w", err)
	}
	group := make([]*delivery, 0, len(rows))
	for i := range rows {
		rows[i].Attempts++
		d := v.newDelivery(&rows[i], nil)
		if d.failed = ctx.Err(); d.failed == nil {
			d.failed = v.g.prepare(ctx, d)
		}
		group = append(group, d)
	}
	return v.concludeGroup(ctx, group)
}
