package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// perCommand is how many messages one settling command names, so that its line stays short.
const perCommand = 500

// Settle applies d to the messages, with one command for each set of them. It is final when it returns. A message that
// is not there (or whose folder was renumbered) is Gone; a move that fails leaves it where it was.
func (m *Mailbox) Settle(ctx context.Context, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	out := make([]mailbox.Settled, 0, len(refs))
	if d.Action == mailbox.Leave || d.Action == "" {
		for _, ref := range refs {
			out = append(out, mailbox.Settled{Ref: ref})
		}
		return out
	}
	for _, g := range group(refs) {
		for part := range slices.Chunk(g.refs, perCommand) {
			out = append(out, m.settleSet(ctx, g, part, d)...)
		}
	}
	return out
}

// settlement is one set of messages of one folder on their way out.
type settlement struct {
	m      *Mailbox
	folder *selected
	there  map[goimap.UID]found // What is still there.
	moved  map[goimap.UID]bool  // Left although the command for its set was refused.
	marked map[goimap.UID]bool  // Carries \Deleted and cannot be expunged.
}

func (m *Mailbox) settleSet(ctx context.Context, g *groups, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	t := &settlement{m: m, marked: map[goimap.UID]bool{}}
	err := t.run(ctx, g, refs, d)
	out := make([]mailbox.Settled, 0, len(refs))
	for _, ref := range refs {
		s := mailbox.Settled{Ref: ref}
		uid, uidErr := parseUID(ref.UID)
		_, there := t.there[uid]
		switch {
		case t.there != nil && (uidErr != nil || !there):
			s.Gone = true
		case t.moved[uid]:
		case err != nil:
			s.Err = err
		default:
			s.Marked = t.marked[uid]
		}
		out = append(out, s)
	}
	return out
}

// run settles the set. there is nil until it is known which messages are there.
func (t *settlement) run(ctx context.Context, g *groups, refs []mailbox.Ref, d mailbox.Disposition) error {
	folder, err := t.m.open(ctx, g.folder, true)
	if err != nil {
		return err
	}
	t.folder = folder
	if folder.validity != g.validity {
		t.there = map[goimap.UID]found{}
		return nil
	}
	wanted := goimap.UIDSet{}
	for _, ref := range refs {
		if uid, err := parseUID(ref.UID); err == nil {
			wanted.AddNum(uid)
		}
	}
	if d.Action == mailbox.Seen && !folder.readOnly && t.markSeen(ctx, wanted) {
		return nil
	}
	if t.there, err = t.m.present(ctx, wanted); err != nil {
		return t.m.problem(mailbox.PhaseSettle, fmt.Errorf("look for the messages to settle: %w", err))
	}
	if len(t.there) == 0 {
		return nil
	}
	if folder.readOnly {
		return &mailbox.Problem{
			Phase: mailbox.PhaseSettle, Code: "E-IMAP-07", Err: errors.New("folder opened read-only"),
			Args: map[string]string{"folder": folder.name, "strategy": string(d.Action)},
		}
	}
	switch d.Action {
	case mailbox.Seen:
		err = t.store(ctx, goimap.FlagSeen)
	case mailbox.Delete:
		err = t.remove(ctx)
	case mailbox.Move:
		err = t.move(ctx, d.Folder)
	default:
		err = fmt.Errorf("settle: unknown action %q", d.Action)
	}
	if err != nil {
		t.recount(ctx, wanted)
		return t.explain(ctx, d, err)
	}
	return nil
}

// markSeen marks messages as read with one round trip: the answers name those that are there (RFC 9051, 6.4.6). It
// reports false when they do not name all, or the server refuses; then it has to be looked at more closely.
func (t *settlement) markSeen(ctx context.Context, wanted goimap.UIDSet) bool {
	marked := map[goimap.UID]found{}
	err := t.do(ctx, func() error {
		cmd := t.m.client.Store(wanted, &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Flags: []goimap.Flag{goimap.FlagSeen}}, nil)
		collect(cmd, marked)
		return cmd.Close()
	})
	all, known := wanted.Nums()
	if err != nil || !known {
		return false
	}
	for _, uid := range all {
		if f, there := marked[uid]; !there || !hasFlag(f.flags, goimap.FlagSeen) {
			return false
		}
	}
	t.there = marked
	return true
}

// collect reads what is said of messages.
func collect(cmd *imapclient.FetchCommand, there map[goimap.UID]found) {
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		var uid goimap.UID
		f := found{seq: msg.SeqNum}
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataFlags:
				f.flags = item.Flags
			}
		}
		if uid != 0 {
			there[uid] = f
		}
	}
}

// recount finds, after a refusal, the messages that the server has settled all the same (RFC 6851, 3.3).
func (t *settlement) recount(ctx context.Context, wanted goimap.UIDSet) {
	left, err := t.m.present(ctx, wanted)
	if err != nil {
		return // They count as not settled and are looked at again next time.
	}
	t.moved = map[goimap.UID]bool{}
	for uid := range t.there {
		_, still := left[uid]
		t.moved[uid] = !still
	}
}

// found is what the server says of a message that is there.
type found struct {
	seq   uint32 // Its number in this session; only good until the next command.
	flags []goimap.Flag
}

// present asks which messages are there.
func (m *Mailbox) present(ctx context.Context, set goimap.UIDSet) (map[goimap.UID]found, error) {
	there := map[goimap.UID]found{}
	if len(set) == 0 {
		return there, nil
	}
	err := m.do(ctx, control(m.account), func() error {
		cmd := m.client.Fetch(set, &goimap.FetchOptions{UID: true, Flags: true})
		collect(cmd, there)
		return cmd.Close()
	})
	if err != nil {
		return nil, err
	}
	return there, nil
}

// without returns the messages that are there and lack the flag.
func (t *settlement) without(flag goimap.Flag) (set goimap.UIDSet) {
	for uid, f := range t.there {
		if !hasFlag(f.flags, flag) {
			set.AddNum(uid)
		}
	}
	return set
}

func (t *settlement) all() (set goimap.UIDSet) {
	for uid := range t.there {
		set.AddNum(uid)
	}
	return set
}

func (t *settlement) do(ctx context.Context, f func() error) error {
	limits := control(t.m.account)
	limits.Idle = wire.FetchTimeout(t.m.account) // Copying large messages takes a server its time.
	limits.Total = 2 * limits.Idle
	return t.m.do(ctx, limits, f)
}

// store sets a flag on the messages that lack it.
func (t *settlement) store(ctx context.Context, flag goimap.Flag) error {
	set := t.without(flag)
	if len(set) == 0 {
		return nil
	}
	return t.do(ctx, func() error {
		return t.m.client.Store(set, &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Silent: true, Flags: []goimap.Flag{flag}}, nil).Close()
	})
}
