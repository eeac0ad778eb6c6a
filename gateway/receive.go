package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// ErrTryLater says that a message could not be brought to its result now; nothing is lost when it is handed in again.
var ErrTryLater = errors.New("gateway: try again later")

// Receive takes one message from r through all steps now. door is "receive", "import" or "api". The same octets handed
// in again find their earlier result. The result is final unless the error is ErrTryLater.
func (g *Gateway) Receive(ctx context.Context, inboxID int64, door string, r io.Reader) (models.Message, error) {
	box, err := mailbox.Spool(ctx, r, "", mostMessageSize)
	if err != nil {
		return models.Message{}, fmt.Errorf("read the message: %w", err)
	}
	defer box.Abort()
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return models.Message{}, fmt.Errorf("read the inbox: %w", err)
	}
	refs, err := g.takeIn(ctx, ib, door, box)
	if err != nil {
		return models.Message{}, errors.Join(ErrTryLater, err)
	}
	if len(refs) != 1 {
		return models.Message{}, fmt.Errorf("%d messages where one was expected", len(refs))
	}
	m, err := g.Store.MessageByRef(ctx, ib.ID, refs[0].Folder, refs[0].UIDValidity, refs[0].UID)
	if err != nil {
		return models.Message{}, errors.Join(ErrTryLater, err)
	}
	if !m.State.Final() {
		return m, ErrTryLater
	}
	return m, nil
}

// Import takes all messages of a mailbox that is no server (an mbox file, a folder of files) through all steps. It
// returns the ledger rows in the order of the mailbox; a row that is not final is to be tried again by importing again.
func (g *Gateway) Import(ctx context.Context, inboxID int64, box mailbox.Mailbox) ([]models.Message, error) {
	defer box.Abort()
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	refs, err := g.takeIn(ctx, ib, doorImport, box)
	if err != nil {
		return nil, err
	}
	all := make([]models.Message, 0, len(refs))
	for _, ref := range refs {
		m, err := g.Store.MessageByRef(ctx, ib.ID, ref.Folder, ref.UIDValidity, ref.UID)
		if err != nil {
			return all, fmt.Errorf("read the ledger: %w", err)
		}
		all = append(all, m)
	}
	return all, nil
}

// takeIn is one visit to a mailbox that is no server. It needs no lease: nothing is settled, and the unique keys of the
// ledger keep two processes from handling the same message.
func (g *Gateway) takeIn(ctx context.Context, ib models.Inbox, door string, box mailbox.Mailbox) ([]mailbox.Ref, error) {
	v, err := g.newVisit(ctx, ib, door, box, fence{})
	if err != nil {
		return nil, err
	}
	entries, err := box.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	refs := make([]mailbox.Ref, 0, len(entries))
	for _, e := range entries {
		refs = append(refs, e.Ref)
	}
	fresh, err := v.unknown(ctx, entries, false)
	if err != nil {
		return nil, err
	}
	if err := v.stream(ctx, fresh); err != nil {
		return nil, err
	}
	return refs, v.unfinished(ctx, entries)
}

// unfinished makes one more attempt at messages that an earlier call left open.
func (v *visit) unfinished(ctx context.Context, entries []mailbox.Entry) error {
	for _, e := range entries {
		m, err := v.g.Store.MessageByRef(ctx, v.inbox.ID, e.Folder, e.UIDValidity, e.UID)
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		later := m.State == models.MessageReceived && m.NextAttemptAt != nil && m.NextAttemptAt.After(now())
		if m.State.Final() || later { // What is not kept yet cannot wait: its octets are here now.
			continue
		}
		if err := v.again(ctx, &m, entries, true); err != nil {
			return err
		}
	}
	return nil
}
