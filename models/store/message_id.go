package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"slices"
	"strings"

	"letterbox/models"
)

// AddMessageIDs ties Message-IDs, without angle brackets, to an issue. Those that are tied to it already stay as they are.
func (s *Store) AddMessageIDs(ctx context.Context, issue int64, ids []string, outgoing bool) error {
	return s.write(ctx, "add message ids", func(ctx context.Context, tx *txPool) error {
		at := now()
		for part := range slices.Chunk(ids, 200) {
			args := make([]any, 0, 5*len(part))
			for _, id := range part {
				h := sha256.Sum256([]byte(id))
				args = append(args, h[:], issue, cut(id, 2000), outgoing, at)
			}
			query := s.insertIgnore() + "message_ids (hash, issue_number, rfc_message_id, outgoing, created_at) VALUES " +
				strings.TrimSuffix(strings.Repeat("(?,?,?,?,?),", len(part)), ",")
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// IssuesByMessageIDs returns, for each of the Message-IDs that is tied to issues, these issues by number. IDs are
// compared octet by octet, by their SHA-256.
func (s *Store) IssuesByMessageIDs(ctx context.Context, ids []string) (map[string][]models.MessageIDRef, error) {
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
