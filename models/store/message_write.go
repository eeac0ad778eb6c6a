package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/models"
)

// messageColumns are the columns of a ledger row but its ID, in the order of messageValues.
const messageColumns = `inbox_id, door, folder, uidvalidity, uid, state, step, reason, archived, fetch_anyway, attempts, next_attempt_at,
	error_code, error_detail, size, sha256, blob_id, subject, from_address, from_name, rfc_message_id, date,
	issue_number, comment_id, duplicate_of, rule_version, settle_state, settle_action, settle_folder, settle_attempts,
	settle_after, settle_error, received_at, internal_at, finished_at, settled_at, reprocessed`

func messageValues(m *models.Message) []any {
	return []any{
		m.InboxID, m.Door, m.Folder, m.UIDValidity, m.UID, m.State, m.Step, m.Reason, m.Archived, m.FetchAnyway, m.Attempts, m.NextAttemptAt,
		m.ErrorCode, cut(m.ErrorDetail, 2000), m.Size, m.SHA256, m.BlobID, cut(m.Subject, 2000), cut(m.FromAddress, maxAddress),
		cut(m.FromName, 1000), cut(m.RFCMessageID, 2000), m.Date,
		m.IssueNumber, m.CommentID, m.DuplicateOf, m.RuleVersion, m.SettleState, m.SettleAction, m.SettleFolder, m.SettleAttempts,
		m.SettleAfter, m.SettleError, m.ReceivedAt, m.InternalAt, m.FinishedAt, m.SettledAt, m.Reprocessed,
	}
}

// ref is the identity of a message within its inbox.
type ref struct {
	inboxID     int64
	folder      string
	uidvalidity uint32
	uid         string
}

// AddKnown adds messages to the ledger and skips those whose identity (inbox, folder, UIDVALIDITY, UID) is there
// already. It sets the ID of the added ones and 0 for the skipped ones; an empty State becomes known, a zero ReceivedAt
// now.
func (s *Store) AddKnown(ctx context.Context, list []*models.Message) error {
	return s.write(ctx, "add known messages", func(ctx context.Context, tx *txPool) error {
		rows := 200
		if s.dialect == "sqlite" {
			rows = 10 // Its driver compares each argument with each; a round trip costs nothing.
		}
		for part := range slices.Chunk(list, rows) {
			if err := s.addKnown(ctx, tx, part); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) addKnown(ctx context.Context, tx *txPool, part []*models.Message) error {
	at := now()
	fresh := make(map[ref]*models.Message, len(part))
	for _, m := range part {
		m.ID = 0
		if m.State == "" {
			m.State = models.MessageKnown
		}
		if m.ReceivedAt.IsZero() {
			m.ReceivedAt = at
		}
		r := ref{m.InboxID, m.Folder, m.UIDValidity, m.UID}
		if fresh[r] == nil { // The same identity twice in one list: the first counts.
			fresh[r] = m
		}
	}
	if s.dialect == "mysql" {
		if err := s.forgetPresent(ctx, fresh); err != nil {
			return err
		}
	}
	var rows []string
	var args []any
	for _, m := range part {
		if fresh[ref{m.InboxID, m.Folder, m.UIDValidity, m.UID}] == m {
			v := messageValues(m)
			rows = append(rows, "("+marks(len(v))+")")
			args = append(args, v...)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	insert := "INSERT INTO messages (" + messageColumns + ") VALUES " + strings.Join(rows, ",")
	if s.dialect == "sqlite" {
		return s.each(ctx, insert+" ON CONFLICT DO NOTHING RETURNING id, inbox_id, folder, uidvalidity, uid", args, setIDs(fresh))
	}
	if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
		if duplicate(err) {
			return errRace // Somebody added one since we looked: look again.
		}
		return err
	}
	return s.eachPresent(ctx, fresh, setIDs(fresh))
}

// setIDs sets the IDs of messages from rows of id, inbox_id, folder, uidvalidity, uid.
func setIDs(at map[ref]*models.Message) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var id int64
		var k ref
		if err := r.Scan(&id, &k.inboxID, &k.folder, &k.uidvalidity, &k.uid); err != nil {
			return err
		}
		if m := at[k]; m != nil {
			m.ID = id
		}
		return nil
	}
}

// forgetPresent removes from fresh what the ledger has.
func (s *Store) forgetPresent(ctx context.Context, fresh map[ref]*models.Message) error {
	return s.eachPresent(ctx, fresh, func(r *sql.Rows) error {
		var id int64
		var k ref
		if err := r.Scan(&id, &k.inboxID, &k.folder, &k.uidvalidity, &k.uid); err != nil {
			return err
		}
		delete(fresh, k)
		return nil
	})
}

// eachPresent calls scan for each message of the map that the ledger has: one query for each folder.
func (s *Store) eachPresent(ctx context.Context, list map[ref]*models.Message, scan func(*sql.Rows) error) error {
	folders := map[ref][]any{}
	for r := range list {
		k := ref{inboxID: r.inboxID, folder: r.folder, uidvalidity: r.uidvalidity}
		folders[k] = append(folders[k], r.uid)
	}
	for k, uids := range folders {
		query := `SELECT id, inbox_id, folder, uidvalidity, uid FROM messages
			WHERE inbox_id = ? AND folder = ? AND uidvalidity = ? AND uid IN (` + marks(len(uids)) + ")"
		if err := s.each(ctx, query, append([]any{k.inboxID, k.folder, k.uidvalidity}, uids...), scan); err != nil {
			return err
		}
	}
	return nil
}

// BeginAttempts counts an attempt for each message. Commit it before the attempt, so that it survives a kill.
func (s *Store) BeginAttempts(ctx context.Context, ids []int64) error {
	return s.write(ctx, "begin attempts", func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(ids, 500) {
			_, err := tx.exec(ctx, "UPDATE messages SET attempts = attempts + 1 WHERE id IN ("+marks(len(part))+")", anys(part)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// BeginFirstAttempts is [Store.BeginAttempts] for messages that are not final and have no attempt yet. When one of them is
// another's by now, that is models.ErrConflict and none is counted.
func (s *Store) BeginFirstAttempts(ctx context.Context, ids []int64) error {
	return s.write(ctx, "begin first attempts", func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(ids, 500) {
			n, err := tx.exec(ctx, "UPDATE messages SET attempts = attempts + 1 WHERE attempts = 0 AND state IN ('known', 'received') AND id IN ("+
				marks(len(part))+")", anys(part)...)
			if err != nil {
				return err
			}
			if n != int64(len(part)) {
				return models.ErrConflict
			}
		}
		return nil
	})
}

// SaveReceived notes that the octets of known messages are kept: Size, SHA256 and BlobID. It sets their State to
// received, Step to store and clears the last error; of the attempts only the one that fetched it goes on to count. A message that is not known any more (another process was faster)
// is models.ErrConflict and nothing is written.
func (s *Store) SaveReceived(ctx context.Context, list []*models.Message) error {
	err := s.write(ctx, "save received messages", func(ctx context.Context, tx *txPool) error {
		if tx.distant {
			return tx.saveReceived(ctx, list)
		}
		for _, m := range list {
			err := changedOne(tx.exec(ctx, `UPDATE messages SET state = 'received', step = 'store', size = ?, sha256 = ?, blob_id = ?,
				attempts = CASE WHEN attempts > 1 THEN 1 ELSE attempts END, error_code = '', error_detail = '', next_attempt_at = NULL
				WHERE id = ? AND state = 'known'`,
				m.Size, m.SHA256, m.BlobID, m.ID))
			if err != nil {
				return fmt.Errorf("message %d: %w", m.ID, err)
			}
		}
		return nil
	})
	if err == nil {
		for _, m := range list {
			m.State, m.Step, m.Attempts = models.MessageReceived, models.StepStore, min(m.Attempts, 1)
			m.ErrorCode, m.ErrorDetail, m.NextAttemptAt = "", "", nil
		}
	}
	return err
}

// saveReceived is SaveReceived in one statement.
func (t *txPool) saveReceived(ctx context.Context, list []*models.Message) error {
	for part := range slices.Chunk(list, 100) {
		var sizes, hashes, blobs []any
		ids := make([]any, 0, len(part))
		for _, m := range part {
			sizes, hashes, blobs = append(sizes, m.ID, m.Size), append(hashes, m.ID, m.SHA256), append(blobs, m.ID, m.BlobID)
			ids = append(ids, m.ID)
		}
		when := strings.Repeat(" WHEN ? THEN ?", len(part))
		n, err := t.exec(ctx, "UPDATE messages SET state = 'received', step = 'store', size = CASE id"+when+" END, sha256 = CASE id"+when+
			" END, blob_id = CASE id"+when+` END, attempts = CASE WHEN attempts > 1 THEN 1 ELSE attempts END, error_code = '', error_detail = '',
			next_attempt_at = NULL WHERE id IN (`+marks(len(part))+") AND state = 'known'", slices.Concat(sizes, hashes, blobs, ids)...)
		if err != nil {
			return err
		}
		if n < int64(len(part)) {
			return models.ErrConflict
		}
	}
	return nil
}

// SaveFailure notes why an attempt failed and when the next one is due. detail is for operators and holds no mail text.
// A message that is final meanwhile is left alone.
func (s *Store) SaveFailure(ctx context.Context, id int64, code, detail string, next *time.Time) error {
	return s.write(ctx, "save failure", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE messages SET error_code = ?, error_detail = ?, next_attempt_at = ?
			WHERE id = ? AND state IN ('known', 'received')`, code, cut(detail, 2000), next, id)
		return err
	})
}

// SaveSettled notes what the server answered for messages: their settle state, the code of a failure, and when to try
// again. What is settled stays settled: a process that was paused meanwhile may come late with another answer.
func (s *Store) SaveSettled(ctx context.Context, ids []int64, state models.SettleState, code string, retryAfter *time.Time) error {
	var settled *time.Time
	if state != models.SettlePending && state != models.SettleFailed {
		t := now()
		settled = &t
	}
	return s.write(ctx, "save settled messages", func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(ids, 500) {
			args := append([]any{state, code, retryAfter, settled}, anys(part)...)
			_, err := tx.exec(ctx, `UPDATE messages SET settle_state = ?, settle_error = ?, settle_after = ?, settled_at = ?,
				settle_attempts = settle_attempts + 1 WHERE id IN (`+marks(len(part))+") AND settle_state IN ('pending', 'failed')", args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
