package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"maps"
	"slices"
	"sort"

	"letterbox/models"
)

// messageIDs are the issues that Message-IDs are tied to, as far as a transaction on a server has asked for them: nil for
// those that are tied to none.
type messageIDs map[string][]models.MessageIDRef

// add ties an ID to an issue, as an INSERT would that leaves what is there.
func (m messageIDs) add(id string, ref models.MessageIDRef) {
	refs, asked := m[id]
	if !asked || slices.ContainsFunc(refs, func(r models.MessageIDRef) bool { return r.IssueNumber == ref.IssueNumber }) {
		return
	}
	i := sort.Search(len(refs), func(i int) bool { return refs[i].IssueNumber > ref.IssueNumber })
	m[id] = slices.Insert(slices.Clone(refs), i, ref) // Others hold what was there.
}

// AddMessageIDs ties Message-IDs, without angle brackets, to an issue. Those that are tied to it already stay as they are.
func (s *Store) AddMessageIDs(ctx context.Context, issue int64, ids []string, outgoing bool) error {
	return s.write(ctx, "add message ids", func(ctx context.Context, tx *txPool) error {
		at, asked := now(), tx.refs
		for part := range slices.Chunk(ids, 200) {
			args := make([]any, 0, 5*len(part))
			for _, id := range part {
				h := sha256.Sum256([]byte(id))
				args = append(args, h[:], issue, cut(id, 2000), outgoing, at)
				asked.add(id, models.MessageIDRef{Hash: h[:], IssueNumber: issue, RFCMessageID: cut(id, 2000), Outgoing: outgoing, CreatedAt: at})
			}
			if err := tx.later(ctx, inserted("message_ids", s.insertIgnore()+"message_ids (hash, issue_number, rfc_message_id, outgoing, created_at)", "", 5), args...); err != nil {
				return err
			}
		}
		tx.refs = asked
		return nil
	})
}

// AskForMessageIDs reads, in a transaction on a server, at once what [Store.IssuesByMessageIDs] will be asked for one by one.
// What others tie to them from now on until the transaction ends is not seen then; [Store.HoldMessageID] looks again.
func (s *Store) AskForMessageIDs(ctx context.Context, ids []string) error {
	tx := s.tx(ctx)
	if tx == nil || !tx.distant || len(ids) == 0 {
		return nil
	}
	found, err := s.findMessageIDs(ctx, ids)
	if err != nil {
		return err
	}
	if tx.refs == nil {
		tx.refs = messageIDs{}
	}
	for _, id := range ids {
		tx.refs[id] = found[id]
	}
	return nil
}

// IssuesByMessageIDs returns, for each of the Message-IDs that is tied to issues, these issues by number. IDs are
// compared octet by octet, by their SHA-256.
func (s *Store) IssuesByMessageIDs(ctx context.Context, ids []string) (map[string][]models.MessageIDRef, error) {
	tx := s.tx(ctx)
	if tx == nil || tx.refs == nil {
		return s.findMessageIDs(ctx, ids)
	}
	out := map[string][]models.MessageIDRef{}
	var unknown []string
	for _, id := range ids {
		if refs, asked := tx.refs[id]; !asked {
			unknown = append(unknown, id)
		} else if len(refs) > 0 {
			out[id] = slices.Clone(refs)
		}
	}
	if len(unknown) == 0 {
		return out, nil
	}
	found, err := s.findMessageIDs(ctx, unknown)
	maps.Copy(out, found)
	return out, err
}

func (s *Store) findMessageIDs(ctx context.Context, ids []string) (map[string][]models.MessageIDRef, error) {
	out := map[string][]models.MessageIDRef{}
	for part := range slices.Chunk(ids, 200) {
		byHash := make(map[[32]byte]string, len(part))
		args := make([]any, 0, len(part))
		for _, id := range part {
			h := sha256.Sum256([]byte(id))
			if _, twice := byHash[h]; !twice {
				byHash[h] = id
				args = append(args, h[:])
			}
		}
		err := s.each(ctx, "SELECT hash, issue_number, rfc_message_id, outgoing, created_at FROM message_ids WHERE hash IN ("+
			marks(len(args))+") ORDER BY issue_number", args, func(r *sql.Rows) error {
			var m models.MessageIDRef
			if err := r.Scan(&m.Hash, &m.IssueNumber, &m.RFCMessageID, &m.Outgoing, &m.CreatedAt); err != nil {
				return err
			}
			id := byHash[[32]byte(m.Hash)]
			out[id] = append(out[id], m)
			return nil
		})
		if err != nil {
			return nil, wrap("find message ids", err)
		}
	}
	return out, nil
}
