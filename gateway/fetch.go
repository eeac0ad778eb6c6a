package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
	"letterbox/models/store"
)

// The bounds of a window, which is committed at once, and of a load, which is downloaded with one command: each command
// costs a round trip. The setting batch_size bounds the messages of a window further.
const (
	windowOctets = 1 << 20
	windowMost   = 500
	loadOctets   = 16 << 20
	loadWindows  = 4       // Windows of batch_size messages.
	headerMost   = 1 << 20 // Octets of the header that are kept of a message that is too large.
)

// fetched is a message whose octets have been read completely but are not committed yet.
type fetched struct {
	row  *models.Message
	blob *store.BlobWriter
}

// windowSize is how many messages a window of an inbox has at most.
func windowSize(s models.InboxSettings) int {
	if s.BatchSize < 1 || s.BatchSize > windowMost {
		return windowMost
	}
	return s.BatchSize
}

// errNotSent says that a message was listed and left out when it was asked for.
var errNotSent = errors.New("the server lists the message and does not send it")

// transfer is what came of downloading a window, or the rest of a load.
type transfer struct {
	got     []fetched         // Read completely.
	left    []*models.Message // Asked for, and left out by the server without an error.
	suspect *models.Message   // Under way when the transfer broke off; nil when it did not.
	untried []*models.Message // Not reached when it broke off.
	err     error             // Why it broke off.
}

// missing are the rows that did not arrive.
func (t transfer) missing() []*models.Message {
	all := slices.Concat(t.left, t.untried)
	if t.suspect != nil {
		all = append(all, t.suspect)
	}
	return all
}

// fetch downloads one load. Each window of it that is full goes to hand, unless that is nil; what it returns is the rest.
func (v *visit) fetch(ctx context.Context, load []*models.Message, hand func(transfer)) (t transfer) {
	if len(load) == 0 {
		return t
	}
	rows := make(map[mailbox.Ref]*models.Message, len(load))
	refs := make([]mailbox.Ref, 0, len(load))
	for _, r := range load {
		rows[refOf(*r)] = r
		refs = append(refs, refOf(*r))
	}
	octets, most := int64(0), windowSize(v.inbox.Settings)
	err := v.box.Fetch(ctx, refs, func(ref mailbox.Ref, r io.Reader) error {
		row := rows[ref]
		if row == nil {
			return nil // Not asked for, or sent twice.
		}
		blob := v.g.Store.NewBlob(ctx)
		blob.Expect(row.Size)
		if _, err := io.Copy(blob, r); err != nil {
			_ = blob.Discard(context.WithoutCancel(ctx)) // What stays staged is collected later.
			t.suspect = row
			return fmt.Errorf("download: %w", err)
		}
		delete(rows, ref)
		t.got = append(t.got, fetched{row: row, blob: blob})
		if octets += blob.Size(); hand != nil && (octets >= windowOctets || len(t.got) >= most) {
			hand(transfer{got: t.got})
			t.got, octets = nil, 0
		}
		return nil
	})
	if errors.Is(err, mailbox.ErrWithheld) {
		err = nil // The others have come and the visit goes on; what was held back is asked for again later.
	}
	for i, r := range load {
		switch { // Rows that were handed on are not looked at: they belong to others now.
		case rows[refs[i]] == nil || r == t.suspect:
		case err == nil:
			t.left = append(t.left, r)
		case t.suspect == nil && !errors.Is(err, mailbox.ErrNotAsked): // Cut between two messages: the next one may have been the cause.
			t.suspect = r
		default:
			t.untried = append(t.untried, r)
		}
	}
	if err != nil {
		t.err = fmt.Errorf("fetch: %w", err)
	}
	return t
}

// fetchHeaders adds to a transfer the headers of messages that are larger than the inbox takes.
func (v *visit) fetchHeaders(ctx context.Context, large []*models.Message, t *transfer) {
	for i, row := range large {
		if t.err != nil {
			t.untried = append(t.untried, large[i:]...)
			return
		}
		f, err := v.fetchHeader(ctx, row)
		switch {
		case err == nil:
			t.got = append(t.got, f)
		case errors.Is(err, mailbox.ErrNotFound):
			t.left = append(t.left, row)
		default:
			t.err, t.suspect = err, row
		}
	}
}

// fetchHeader reads the header section of a message that is larger than the inbox takes.
func (v *visit) fetchHeader(ctx context.Context, row *models.Message) (fetched, error) {
	blob := v.g.Store.NewBlob(ctx)
	if err := v.box.FetchHeader(ctx, refOf(*row), headerMost, blob); err != nil {
		_ = blob.Discard(context.WithoutCancel(ctx)) // What stays staged is collected later.
		return fetched{}, fmt.Errorf("fetch header: %w", err)
	}
	return fetched{row: row, blob: blob}, nil
}

// vanished closes the rows of messages that the server listed and no longer holds.
func (v *visit) vanished(ctx context.Context, rows []*models.Message) error {
	for _, r := range rows {
		row := *r
		row.State, row.Reason, row.SettleState = models.MessageIgnored, string(rule.Vanished), models.SettleGone
		if row.IssueNumber != nil { // Its header made an issue; only the rest cannot be had any more.
			row.State, row.Reason = models.MessageOversize, string(rule.TooLarge)
		}
		row.ErrorCode, row.ErrorDetail = "", ""
		finished := now()
		row.FinishedAt = &finished
		row.NextAttemptAt = nil
		trace := models.Trace{MessageID: row.ID, Run: row.Reprocessed, CreatedAt: finished, Entries: []models.TraceEntry{
			{Step: models.StepFetch, Code: "fetch.vanished", Args: map[string]string{"folder": row.Folder, "uid": row.UID}, At: finished},
		}}
		err := v.g.Store.WithTx(ctx, func(ctx context.Context) error {
			if err := v.g.Store.SaveTrace(ctx, &trace); err != nil {
				return err
			}
			return v.g.Store.FinishMessage(ctx, &row, models.MessageKnown)
		})
		if err != nil && !errors.Is(err, models.ErrConflict) {
			return fmt.Errorf("close a vanished message: %w", err)
		}
		v.g.Log.LogAttrs(ctx, slog.LevelInfo, "message vanished before it could be fetched", slog.Int64("inbox_id", v.inbox.ID),
			slog.Int64("message_id", row.ID))
		v.g.Changed("message")
	}
	return nil
}

func rowsOf(all []fetched) []*models.Message {
	rows := make([]*models.Message, 0, len(all))
	for _, f := range all {
		rows = append(rows, f.row)
	}
	return rows
}

func refOf(m models.Message) mailbox.Ref {
	return mailbox.Ref{Folder: m.Folder, UIDValidity: m.UIDValidity, UID: m.UID}
}
