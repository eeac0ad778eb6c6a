package gateway

import (
	"context"
	"fmt"

	"letterbox/gateway/rule"
	"letterbox/models"
	"letterbox/models/store"
)

// keep makes the octets of a window durable, in one transaction, before anything else happens to its messages: the
// ledger rows move from known to received.
func (v *visit) keep(ctx context.Context, got []fetched) error {
	if len(got) == 0 {
		return nil
	}
	rows := make([]*models.Message, 0, len(got))
	writers := make([]*store.BlobWriter, 0, len(got))
	for _, f := range got {
		rows, writers = append(rows, f.row), append(writers, f.blob)
	}
	err := v.g.Store.WithTx(ctx, func(ctx context.Context) error {
		blobs, err := v.g.Store.SealAll(ctx, writers)
		if err != nil {
			return fmt.Errorf("seal: %w", err)
		}
		for i, f := range got {
			b := blobs[i]
			f.row.SHA256, f.row.BlobID = b.SHA256, &b.ID
			if !headerOnly(*f.row) { // The size of a message of which only the header was read is what the server says.
				f.row.Size = b.Size
			}
			f.row.Step, f.row.State = models.StepStore, models.MessageReceived
		}
		return v.g.Store.SaveReceived(ctx, rows)
	})
	if err != nil {
		discardBlobs(ctx, got)
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

func discardBlobs(ctx context.Context, got []fetched) {
	for _, f := range got {
		_ = f.blob.Discard(context.WithoutCancel(ctx)) // What stays staged is collected later.
	}
}

// headerOnly reports whether only the header of a message is kept, because it is larger than the inbox takes.
func headerOnly(m models.Message) bool { return m.Reason == string(rule.TooLarge) && !m.FetchAnyway }
