package imap

import (
	"context"
	"errors"
	"fmt"
	"io"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// FetchHeader writes at most limit octets of the header section of one message to w.
func (m *Mailbox) FetchHeader(ctx context.Context, ref mailbox.Ref, limit int64, w io.Writer) error {
	s, err := m.open(ctx, ref.Folder, false)
	if err != nil {
		return err
	}
	uid, err := parseUID(ref.UID)
	if err != nil || s.validity != ref.UIDValidity {
		return mailbox.ErrNotFound
	}
	section := &goimap.FetchItemBodySection{
		Peek: true, Specifier: goimap.PartSpecifierHeader, Partial: &goimap.SectionPartial{Offset: 0, Size: limit},
	}
	found := false
	err = m.do(ctx, wire.Limits{Octets: limit + perMessage, Idle: wire.FetchTimeout(m.account)}, func() error {
		cmd := m.client.Fetch(goimap.UIDSetNum(uid), &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{section}})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			for item := msg.Next(); item != nil; item = msg.Next() {
				body, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok || body.Literal == nil || found {
					continue
				}
				found = true
				m.conn.Grow(min(limit, body.Literal.Size()))
				r := &literal{r: body.Literal, left: body.Literal.Size()}
				_, err := io.Copy(w, io.LimitReader(r, limit))
				if err == nil && r.left > 0 {
					_, err = io.Copy(io.Discard, r)
				}
				if r.broken {
					return m.leave(err)
				}
				if err != nil {
					m.conn.Fail(errEach)
					return errors.Join(err, cmd.Close())
				}
			}
		}
		return cmd.Close()
	})
	if err != nil {
		return m.problem(mailbox.PhaseFetch, fmt.Errorf("fetch header: %w", err))
	}
	if !found {
		return mailbox.ErrNotFound
	}
	return nil
}
