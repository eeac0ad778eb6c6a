package imap

import (
	"context"
	"errors"
	"fmt"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// remove deletes the messages: \Deleted, then UID EXPUNGE of exactly these (RFC 4315). Without UIDPLUS they stay marked,
// because EXPUNGE would remove other clients' messages too.
func (t *settlement) remove(ctx context.Context) error {
	if err := t.store(ctx, goimap.FlagDeleted); err != nil {
		return err
	}
	if !t.m.caps.Has(goimap.CapUIDPlus) {
		for uid := range t.there {
			t.marked[uid] = true
		}
		return nil
	}
	return t.do(ctx, func() error { return t.m.client.UIDExpunge(t.all()).Close() })
}

// move moves the messages. The library's Move must not be used without MOVE: it does not wait for the COPY before it
// deletes.
func (t *settlement) move(ctx context.Context, folder string) error {
	names, err := t.m.candidates(ctx, folder)
	if err != nil {
		return err
	}
	for _, target := range names {
		if err = t.moveTo(ctx, target); err == nil {
			t.m.names[folder] = target
			return nil
		}
		status, refused := errors.AsType[*goimap.Error](err)
		if !refused || status.Code != goimap.ResponseCodeTryCreate && status.Code != goimap.ResponseCodeNonExistent && status.Code != "" {
			return err
		}
	}
	return err
}

func (t *settlement) moveTo(ctx context.Context, target string) error {
	if target == t.folder.name {
		return nil
	}
	if t.m.caps.Has(goimap.CapMove) {
		return t.do(ctx, func() error {
			_, err := t.m.client.Move(t.all(), target).Wait()
			return err
		})
	}
	// A message with \Deleted was copied by an earlier try, on a server that could not expunge it.
	if set := t.without(goimap.FlagDeleted); len(set) > 0 {
		err := t.do(ctx, func() error {
			_, err := t.m.client.Copy(set, target).Wait()
			return err
		})
		if err != nil {
			return err
		}
	}
	return t.remove(ctx)
}

// explain turns a refusal into the problem that the inbox page shows.
func (t *settlement) explain(d mailbox.Disposition, err error) error {
	status, refused := errors.AsType[*goimap.Error](err)
	if !refused {
		return t.m.problem(mailbox.PhaseSettle, fmt.Errorf("settle: %w", err))
	}
	text := wire.Text(t.m.account, status.Text)
	p := &mailbox.Problem{
		Phase: mailbox.PhaseSettle, Code: "E-IMAP-07", Err: fmt.Errorf("server answered %s [%s] %s", status.Type, status.Code, text),
		Args: map[string]string{"folder": t.folder.name, "strategy": string(d.Action), "text": text},
	}
	if d.Action == mailbox.Move {
		p.Code = "E-IMAP-05"
		p.Args["folder"], p.Args["source"] = d.Folder, t.folder.name
	}
	return p
}
