package store

import (
	"context"
	"slices"
	"strings"

	"letterbox/models"
)

// finishes are the columns of a result; finished has their values.
var finishes = [...]string{
	"state", "step", "reason", "archived", "error_code", "error_detail", "size", "sha256", "blob_id", "subject", "from_address", "from_name",
	"rfc_message_id", "date", "issue_number", "comment_id", "duplicate_of", "rule_version", "settle_state", "settle_action", "settle_folder",
	"settle_after", "finished_at",
}

func finished(m *models.Message) []any {
	return []any{
		m.State, m.Step, m.Reason, m.Archived, m.ErrorCode, cut(m.ErrorDetail, 2000), m.Size, m.SHA256, m.BlobID,
		cut(m.Subject, 2000), cut(m.FromAddress, maxAddress), cut(m.FromName, 1000), cut(m.RFCMessageID, 2000), m.Date,
		m.IssueNumber, m.CommentID, m.DuplicateOf, m.RuleVersion,
		m.SettleState, m.SettleAction, m.SettleFolder, m.SettleAfter, m.FinishedAt,
	}
}

// FinishMessage writes the result of a message: every column but its identity, door, attempts, times of arrival and
// settlement, and the counters of settling and reprocessing. The stored state must be one of from; otherwise
// models.ErrConflict, at the latest from the commit. It sets FinishedAt when it is nil.
func (s *Store) FinishMessage(ctx context.Context, m *models.Message, from ...models.MessageState) error {
	if m.FinishedAt == nil {
		t := now()
		m.FinishedAt = &t
	}
	m.NextAttemptAt = nil
	return s.write(ctx, "finish message", func(ctx context.Context, tx *txPool) error {
		values := append(finished(m), m.ID)
		if slices.Equal(from, []models.MessageState{models.MessageReceived}) {
			return tx.later(ctx, finishing(), values...)
		}
		for _, f := range from {
			values = append(values, f)
		}
		return changedOne(tx.exec(ctx, finishOne("state IN ("+marks(len(from))+")"), values...))
	})
}

// finishing finishes messages that are received.
func finishing() batch {
	return batch{needed: "messages", width: len(finishes) + 1, found: true, text: func(rows int) string {
		if rows == 1 {
			return finishOne("state = 'received'")
		}
		return finishSeveral(rows)
	}}
}

// finishOne finishes the message with an ID when it is as where says.
func finishOne(where string) string {
	return "UPDATE messages SET " + strings.Join(finishes[:], " = ?, ") + " = ?, next_attempt_at = NULL WHERE id = ? AND " + where
}

// finishSeveral joins the messages with a row of values for each, in the dialect of the servers. The values lead the join,
// whatever else the server knows about the messages: it locks no others.
func finishSeveral(rows int) string {
	var first, set strings.Builder
	for _, column := range finishes {
		first.WriteString("? AS " + column + ", ")
		set.WriteString("m." + column + " = v." + column + ", ")
	}
	return "UPDATE (SELECT " + first.String() + "? AS id" + strings.Repeat(" UNION ALL SELECT "+marks(len(finishes)+1), rows-1) +
		") v STRAIGHT_JOIN messages m ON m.id = v.id SET " + set.String() + "m.next_attempt_at = NULL WHERE m.state = 'received'"
}
