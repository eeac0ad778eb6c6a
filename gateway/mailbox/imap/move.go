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
	set := t.all()
	if !t.m.caps.Has(goimap.CapUIDPlus) {
		// What carries \Deleted was copied by an earlier try and could not be expunged. With UIDPLUS it would be expunged
		// now, so there it is copied first, whoever has marked it.
		set = t.without(goimap.FlagDeleted)
	}
	if len(set) > 0 {
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
func (t *settlement) explain(ctx context.Context, d mailbox.Disposition, err error) error {
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
		if status.Code == goimap.ResponseCodeOverQuota {
			t.m.askQuota(ctx, p)
		}
	}
	return p
}

// askQuota makes the problem E-IMAP-06 when the server tells how full the mailbox is (RFC 9208).
func (m *Mailbox) askQuota(ctx context.Context, p *mailbox.Problem) {
	if !m.caps.Has(goimap.CapQuota) {
		return
	}
	// The problem stands without an answer.
	_ = m.do(ctx, control(m.account), func() error {
		roots, err := m.client.GetQuotaRoot("INBOX").Wait()
		for _, root := range roots {
			if r, ok := root.Resources[goimap.QuotaResourceStorage]; ok && r.Limit > 0 {
				p.Code, p.Args["used"], p.Args["quota"] = "E-IMAP-06", mebibytes(r.Usage), mebibytes(r.Limit)
			}
		}
		return err
	})
}

// mebibytes writes a size that is given in units of 1024 octets.
func mebibytes(kib int64) string { return fmt.Sprintf("%d MiB", (kib+512)/1024) }
