package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway/mailbox"
)

// perBatch is how many DELE are sent before their replies are read.
const perBatch = 50

var errNoFolders = errors.New("settle: POP3 has no folders to move to")

// Settle marks messages for deletion; Close commits. Leave and Seen change nothing, Move is refused.
func (m *Mailbox) Settle(ctx context.Context, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	out := make([]mailbox.Settled, len(refs))
	for i, ref := range refs {
		out[i].Ref = ref
		if d.Action == mailbox.Move {
			out[i].Err = errNoFolders
		}
	}
	if d.Action != mailbox.Delete {
		return out
	}
	_, err := m.List(ctx)
	if err == nil {
		err = m.problem(mailbox.PhaseSettle, m.learn(ctx))
	}
	var todo []*mailbox.Settled
	for i := range out {
		n, there := m.byUID[out[i].Ref.UID]
		switch {
		case err != nil:
			out[i].Err = err
		case !there:
			out[i].Gone = true
		case !m.marked[n]:
			todo = append(todo, &out[i])
		}
	}
	size := 1
	if m.pipelining() {
		size = perBatch
	}
	for part := range slices.Chunk(todo, size) {
		m.delete(ctx, part)
	}
	return out
}

// delete sends one DELE for each message and reads the replies.
func (m *Mailbox) delete(ctx context.Context, part []*mailbox.Settled) {
	replied := 0
	err := m.do(ctx, func() error {
		if m.conn.Reader().Buffered() > 0 {
			m.conn.Fail(errDesync)
			return errDesync
		}
		var text strings.Builder
		for _, s := range part {
			text.WriteString("DELE " + strconv.Itoa(m.byUID[s.Ref.UID]) + "\r\n")
		}
		if _, err := io.WriteString(m.conn, text.String()); err != nil {
			return fmt.Errorf("send DELE: %w", err)
		}
		for _, s := range part {
			line, err := status(m.conn)
			if err != nil {
				return err
			}
			replied++
			if strings.HasPrefix(line, "+OK") {
				m.marked[m.byUID[s.Ref.UID]] = true
				continue
			}
			m.link.status = line
			s.Err = m.problem(mailbox.PhaseSettle, errors.New("delete message: refused"))
		}
		return nil
	})
	if err != nil {
		for _, s := range part[replied:] {
			s.Err = m.problem(mailbox.PhaseSettle, fmt.Errorf("delete message: %w", err))
		}
	}
}
