package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// The bounds of a window: so many octets are downloaded before they are committed.
const (
	windowOctets = 2 << 20
	windowMost   = 500
)

// fetched is a message whose octets have been read completely but are not committed yet.
type fetched struct {
	row  *models.Message
	blob *store.BlobWriter
}

// windows cuts rows, which are all of one folder after another, into runs that are downloaded with one command.
func windows(rows []*models.Message, most int) [][]*models.Message {
	if most < 1 || most > windowMost {
		most = windowMost
	}
	var all [][]*models.Message
	var cur []*models.Message
	var octets int64
	for _, r := range rows {
		full := len(cur) == most || octets+r.Size > windowOctets
		if len(cur) > 0 && (full || cur[0].Folder != r.Folder || cur[0].UIDValidity != r.UIDValidity) {
			all = append(all, cur)
			cur, octets = nil, 0
		}
		cur = append(cur, r)
		octets += r.Size
	}
	if len(cur) > 0 {
		all = append(all, cur)
	}
	return all
}

// fetch downloads one window. It returns what was read completely, also when the transfer broke off; missing are the
// rows that the server did not send.
func (v *visit) fetch(ctx context.Context, window []*models.Message) (got []fetched, missing []*models.Message, err error) {
	rows := make(map[mailbox.Ref]*models.Message, len(window))
	refs := make([]mailbox.Ref, 0, len(window))
	for _, r := range window {
		rows[refOf(*r)] = r
		refs = append(refs, refOf(*r))
	}
	err = v.box.Fetch(ctx, refs, func(ref mailbox.Ref, r io.Reader) error {
		row := rows[ref]
		if row == nil {
			return nil // Not asked for, or sent twice.
		}
		blob := v.g.Store.NewBlob(ctx)
		blob.Expect(row.Size)
		if _, err := io.Copy(blob, r); err != nil {
			blob.Discard(context.WithoutCancel(ctx))
			return fmt.Errorf("download: %w", err)
		}
		delete(rows, ref)
		got = append(got, fetched{row: row, blob: blob})
		return nil
	})
	for _, r := range window {
		if rows[refOf(*r)] != nil {
			missing = append(missing, r)
		}
	}
	if err != nil {
		return got, missing, fmt.Errorf("fetch: %w", err)
	}
	return got, missing, nil
}

// fetchHeader reads the header section of a message that is larger than the inbox takes.
func (v *visit) fetchHeader(ctx context.Context, row *models.Message) (fetched, error) {
	blob := v.g.Store.NewBlob(ctx)
	if err := v.box.FetchHeader(ctx, refOf(*row), 1<<20, blob); err != nil {
		blob.Discard(context.WithoutCancel(ctx))
		return fetched{}, fmt.Errorf("fetch header: %w", err)
	}
	return fetched{row: row, blob: blob}, nil
}

// vanished closes the rows of messages that the server listed and no longer holds.
func (v *visit) vanished(ctx context.Context, rows []*models.Message) error {
	for _, r := range rows {
		row := *r
		row.State, row.Reason, row.SettleState = models.MessageIgnored, "vanished", models.SettleGone
		finished := now()
		row.FinishedAt = &finished
		row.NextAttemptAt = nil
		trace := models.Trace{MessageID: row.ID, CreatedAt: finished, Entries: []models.TraceEntry{
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
