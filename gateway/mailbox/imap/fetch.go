package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// perMessage is what a server may send around the octets of one message.
const perMessage = 64 << 10

var (
	errLiteral = errors.New("server sends a message that is larger than the limit")
	errEach    = errors.New("transfer was ended by its receiver")
)

// Fetch streams the messages named by refs: one UID FETCH for each folder, read as it comes. What the server leaves out
// is asked for once more, one by one, because some servers put the UID behind the message. An error from each, and any
// error of the transfer except ErrWithheld, ends the visit: only Abort is of use afterwards.
func (m *Mailbox) Fetch(ctx context.Context, refs []mailbox.Ref, each func(ref mailbox.Ref, r io.Reader) error) error {
	var withheld error
	for _, g := range group(refs) {
		s, err := m.open(ctx, g.folder, false)
		if err != nil {
			return fmt.Errorf("%w: %w", mailbox.ErrNotAsked, err)
		}
		if s.validity != g.validity {
			continue // Renumbered: these refs name nothing any more.
		}
		t := &transfer{m: m, group: g, each: each, wanted: map[goimap.UID]mailbox.Ref{}}
		for _, ref := range g.refs {
			if uid, err := parseUID(ref.UID); err == nil {
				t.wanted[uid] = ref
			}
		}
		if err := t.run(ctx); err != nil {
			return err
		}
		withheld = errors.Join(withheld, t.withheld)
	}
	return withheld
}

// groups are the refs of one folder under one UIDVALIDITY.
type groups struct {
	folder   string
	validity uint32
	refs     []mailbox.Ref
}

func group(refs []mailbox.Ref) []*groups {
	var out []*groups
	for _, ref := range refs {
		i := slices.IndexFunc(out, func(g *groups) bool { return g.folder == ref.Folder && g.validity == ref.UIDValidity })
		if i < 0 {
			out = append(out, &groups{folder: ref.Folder, validity: ref.UIDValidity})
			i = len(out) - 1
		}
		out[i].refs = append(out[i].refs, ref)
	}
	return out
}

func parseUID(s string) (goimap.UID, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("uid %q is no number", s)
	}
	return goimap.UID(n), nil
}

// transfer is the download of one group.
type transfer struct {
	m      *Mailbox
	group  *groups
	each   func(ref mailbox.Ref, r io.Reader) error
	wanted map[goimap.UID]mailbox.Ref // What has not come yet.
	err    error                      // From each, or a broken promise of the server.

	withheld error // For a message that is there and does not come.
}

var wholeMessage = goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{Peek: true}}}

func (t *transfer) run(ctx context.Context) error {
	if len(t.wanted) == 0 {
		return nil
	}
	var set goimap.UIDSet
	for _, ref := range t.group.refs {
		if uid, err := parseUID(ref.UID); err == nil {
			set.AddNum(uid)
		}
	}
	if err := t.command(ctx, set, 0); err != nil {
		return err
	}
	return t.strays(ctx)
}

// strays fetches what is missing and still there by its sequence number, in the same session and checked by its UID.
func (t *transfer) strays(ctx context.Context) error {
	if len(t.wanted) == 0 {
		return nil
	}
	var set goimap.UIDSet
	for uid := range t.wanted {
		set.AddNum(uid)
	}
	there, err := t.m.present(ctx, set)
	if err != nil {
		return t.m.problem(mailbox.PhaseFetch, fmt.Errorf("look for missing messages: %w", err))
	}
	for _, ref := range t.group.refs {
		uid, _ := parseUID(ref.UID)
		_, missing := t.wanted[uid]
		if found, ok := there[uid]; ok && missing && found.seq != 0 {
			if err := t.command(ctx, goimap.SeqSetNum(found.seq), uid); err != nil {
				return err
			}
			if _, still := t.wanted[uid]; still {
				t.withheld = fmt.Errorf("fetch message %s: %w", ref.UID, mailbox.ErrWithheld)
			}
		}
	}
	return nil
}

// command sends one FETCH and hands on what comes. With only it is a FETCH by sequence number of that one message.
func (t *transfer) command(ctx context.Context, set goimap.NumSet, only goimap.UID) error {
	idle := wire.FetchTimeout(t.m.account)
	limits := wire.Limits{Octets: int64(len(t.wanted)+1) * perMessage, Idle: idle, Total: 5 * idle}
	err := t.m.do(ctx, limits, func() error {
		cmd := t.m.client.Fetch(set, &wholeMessage)
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			broken := t.message(msg, only)
			if t.err == nil {
				continue
			}
			t.m.conn.Fail(errEach) // The rest of the literals cannot be skipped in bounded time.
			if broken {
				return t.m.leave(t.err)
			}
			break
		}
		return cmd.Close()
	})
	switch {
	case ctx.Err() != nil && t.err != nil:
		return fmt.Errorf("fetch messages: %w", ctx.Err())
	case t.err != nil && (err == nil || errors.Is(err, errEach)):
		return t.err
	case err != nil:
		return t.m.problem(mailbox.PhaseFetch, fmt.Errorf("fetch messages: %w", err))
	}
	return nil
}

// leave waits for the library's reader to end after a literal broke off, and returns err. Nothing of the command may be
// touched any more: even closing it would read the literal again, at the same time as that reader.
func (m *Mailbox) leave(err error) error {
	_ = m.conn.Close()
	<-m.client.Closed()
	return err
}

// message hands one message on, when it was asked for. broken says that its octets ended too early.
func (t *transfer) message(msg *imapclient.FetchMessageData, only goimap.UID) (broken bool) {
	var uid goimap.UID
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil { // NIL: the server has no octets for it now.
				continue
			}
			id := uid
			if id == 0 {
				id = only
			}
			ref, ok := t.wanted[id]
			if !ok {
				continue
			}
			if limit := t.limit(id); item.Literal.Size() > limit {
				t.err = fmt.Errorf("fetch message %s: %w (%d octets)", ref.UID, errLiteral, item.Literal.Size())
				return false
			}
			t.m.conn.Grow(item.Literal.Size())
			r := &literal{r: item.Literal, left: item.Literal.Size()}
			if uid == 0 {
				r.confirm = func() bool { return confirmUID(msg, only) }
			}
			delete(t.wanted, id)
			if err := t.each(ref, r); err != nil {
				t.err = err
				return r.broken
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.err = fmt.Errorf("fetch message %s: %w", ref.UID, err)
				return r.broken
			}
		}
	}
	return false
}

// unasked skips a message that no command claims: its UID came after its octets, or never. strays looks for it.
func (m *Mailbox) unasked(msg *imapclient.FetchMessageData) {
	limit := messageLimit(m.account)
	for item := msg.Next(); item != nil; item = msg.Next() {
		if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil && body.Literal.Size() <= limit {
			m.conn.Grow(body.Literal.Size())
		}
	}
}

// messageLimit is how large a message may be whose size the server has not told.
func messageLimit(a mailbox.Account) int64 {
	limit := a.MaxMessageSize
	if limit == 0 {
		limit = 150 << 20
	}
	return limit + limit/10 + perMessage
}

// limit is how large the message may be: a tenth more than was announced or is allowed.
func (t *transfer) limit(uid goimap.UID) int64 {
	limit := messageLimit(t.m.account)
	if st := t.m.known[t.group.folder]; st != nil {
		told := st.sizes[uid]
		limit = max(limit, told+told/10+perMessage)
	}
	return limit
}

// confirmUID reads what comes after the octets of a message until its UID, and compares it.
func confirmUID(msg *imapclient.FetchMessageData, want goimap.UID) bool {
	for item := msg.Next(); item != nil; item = msg.Next() {
		if item, ok := item.(imapclient.FetchItemDataUID); ok {
			return item.UID == want
		}
	}
	return false
}
