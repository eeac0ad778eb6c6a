package gateway_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// durable is I3: what the server is told is final and kept, before.
func (w *sim) durable(a *account, action mailbox.Action, ref mailbox.Ref) error {
	m, err := w.store.MessageByRef(context.Background(), a.inbox.ID, ref.Folder, ref.UIDValidity, ref.UID)
	if err != nil {
		return fmt.Errorf("I3: the server is told to %s message %s: %w", action, ref.UID, err)
	}
	if !m.State.Final() || m.BlobID == nil {
		return fmt.Errorf("I3: the server is told to %s message %s while it is %s", action, ref.UID, m.State)
	}
	return nil
}

// kept is I3 for QUIT: all that this session has downloaded is kept.
func (w *sim) kept(a *account, ref mailbox.Ref) {
	m, err := w.store.MessageByRef(context.Background(), a.inbox.ID, ref.Folder, ref.UIDValidity, ref.UID)
	if err != nil || m.BlobID == nil {
		w.fail("I3: QUIT while message %s, which was downloaded, is not kept (%v)", ref.UID, err)
	}
}

// safe checks what must hold at every moment (I2, I3, I12).
func (w *sim) safe() {
	w.none("I2: messages with more than one effect", `SELECT 'message ' || origin_message_id, count(*) FROM
		(SELECT origin_message_id FROM issues UNION ALL SELECT origin_message_id FROM comments) GROUP BY 1 HAVING count(*) > 1`)
	w.none("I2: messages that stand in the ledger twice", `SELECT inbox_id, folder, uidvalidity, uid, count(*) FROM messages
		GROUP BY 1, 2, 3, 4 HAVING count(*) > 1`)
	w.none("I2: octets with more than one effect", `SELECT hex(m.sha256), group_concat(m.id) FROM messages m JOIN
		(SELECT origin_message_id o FROM issues UNION ALL SELECT origin_message_id FROM comments) e ON e.o = m.id
		GROUP BY 1 HAVING count(*) > 1`)
	w.none("I2: result and effect differ", `SELECT m.id, m.state FROM messages m LEFT JOIN
		(SELECT origin_message_id o FROM issues UNION ALL SELECT origin_message_id FROM comments) e ON e.o = m.id
		WHERE (e.o IS NOT NULL) <> (m.state IN ('created', 'commented', 'oversize'))`)
	w.none("I12: issue numbers with gaps", "SELECT count(*), max(number) FROM issues HAVING count(*) <> coalesce(max(number), 0)")
	w.none("I12: traces and results differ", `SELECT m.id, m.state FROM messages m LEFT JOIN (SELECT DISTINCT message_id FROM traces) t
		ON t.message_id = m.id WHERE (t.message_id IS NOT NULL) <> (m.state NOT IN ('known', 'received'))`)
	for _, a := range w.accounts {
		a.change(func(s *fakeServer) {
			for _, err := range s.wrong {
				w.fail("%v", err)
			}
			s.wrong = nil
		})
	}
}

// none fails when a query has a result.
func (w *sim) none(what, query string) {
	for _, row := range w.rows(query) {
		w.fail("%s: %s", what, strings.Join(row, " "))
	}
}

func (w *sim) rows(query string, args ...any) (all [][]string) {
	rows, err := w.db.QueryContext(context.Background(), query, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		texts, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, t := range texts {
			row[i] = t.String
		}
		all = append(all, row)
	}
	return all
}

// inLedger is what the ledger has of some octets.
type inLedger struct {
	rows, open, effects, aside int
	inboxes                    map[string]bool
}

// ledger sums up the ledger by octets; what is being handed in and not kept yet is left out, because whoever hands it in
// still has it.
func (w *sim) ledger() map[string]*inLedger {
	all := map[string]*inLedger{}
	for _, r := range w.rows("SELECT lower(hex(sha256)), inbox_id, state, settle_state FROM messages WHERE door <> 'receive' OR state <> 'known'") {
		l := all[r[0]]
		if l == nil {
			l = &inLedger{inboxes: map[string]bool{}}
			all[r[0]] = l
		}
		l.rows++
		l.inboxes[r[1]] = true
		switch state := models.MessageState(r[2]); state {
		case models.MessageCreated, models.MessageCommented:
			l.effects++
		case models.MessageQuarantined:
			l.aside++
		case models.MessageKnown, models.MessageReceived:
			l.open++
		}
		if r[3] == string(models.SettlePending) || r[3] == string(models.SettleFailed) {
			l.open++
		}
	}
	return all
}

// unfinished says what is not through yet, "" when everything is (I1, I2, I8).
func (w *sim) unfinished() string {
	all := w.ledger()
	if why := w.waiting(); why != "" {
		return why
	}
	for _, r := range w.rows("SELECT inbox_id, state, code FROM inbox_statuses WHERE state <> 'active'") {
		return "an inbox is not shown to be well again: " + strings.Join(r, " ")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := all[""]; l != nil && l.open > 0 {
		return fmt.Sprintf("%d messages are not fetched", l.open)
	}
	for _, m := range w.mails {
		l := all[hex.EncodeToString(m.sum[:])]
		switch {
		case l == nil && (m.removed || len(m.at) == 0 && !m.handed):
		case l == nil:
			return fmt.Sprintf("mail %d is lost", m.n)
		case l.open > 0:
			return fmt.Sprintf("mail %d is not through: %+v", m.n, *l)
		case l.effects == 0 && l.aside == 0 && m.effect == 1, l.effects > m.effect:
			return fmt.Sprintf("mail %d has %d effects, want %d", m.n, l.effects, m.effect)
		case !m.removed:
			for _, a := range m.at {
				if !l.inboxes[fmt.Sprint(a.inbox.ID)] {
					return fmt.Sprintf("mail %d is lost in mailbox %d: %+v; without octets there: %v", m.n, a.inbox.ID, *l, w.rows(
						`SELECT folder, uidvalidity, uid, state, step, reason, error_code, settle_state, attempts, received_at, finished_at
						FROM messages WHERE inbox_id = ? AND sha256 IS NULL`, a.inbox.ID))
				}
			}
		}
	}
	return ""
}

// octets checks that what is kept is what was sent, attachments too (I4, I5).
func (w *sim) octets() {
	ids, files := map[string]int64{}, map[string]int{}
	for _, r := range w.rows("SELECT lower(hex(m.sha256)), m.blob_id FROM messages m WHERE blob_id IS NOT NULL") {
		var id int64
		_, _ = fmt.Sscan(r[1], &id)
		ids[r[0]] = id
	}
	for _, r := range w.rows(`SELECT lower(hex(m.sha256)), count(*) FROM messages m JOIN attachments a ON
		m.state = 'created' AND a.issue_number = m.issue_number AND a.comment_id IS NULL OR m.state = 'commented' AND a.comment_id = m.comment_id
		GROUP BY m.id`) {
		n := 0
		_, _ = fmt.Sscan(r[1], &n)
		files[r[0]] = n
	}
	all := w.ledger()
	for _, m := range w.mails {
		key := hex.EncodeToString(m.sum[:])
		id, ok := ids[key]
		if !ok {
			continue
		}
		want := 0
		if all[key].effects > 0 { // A mail that was set aside gives nothing its attachments could be at.
			want = m.files
		}
		if m.effect == 1 && files[key] != want {
			w.fail("I5: mail %d has %d attachments, want %d: %+v", m.n, files[key], want, *all[key])
		}
		r, _, err := w.store.OpenBlob(w.t.Context(), id)
		if err != nil {
			w.fail("I4: mail %d: %v", m.n, err)
			continue
		}
		if raw, err := io.ReadAll(r); err != nil || string(raw) != m.raw {
			w.fail("I4: mail %d is kept as %d octets that differ from the %d that were sent (%v)", m.n, len(raw), len(m.raw), err)
		}
		_ = r.Close()
	}
	w.none("I12: the database is damaged", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'")
	w.none("I12: references to nothing", "SELECT * FROM pragma_foreign_key_check")
}

// bystanders checks that what belongs to others is as they left it (I7).
func (w *sim) bystanders() {
	for i, a := range w.accounts {
		a.change(func(s *fakeServer) {
			n := 0
			for _, m := range s.folders["INBOX"].messages {
				if m.deleted && strings.Contains(string(m.raw), "Of somebody else") {
					n++
					if m.seen {
						w.fail("I7: mail of somebody else in account %d was marked", i)
					}
				}
			}
			if a.protocol == "imap" && n != 1 {
				w.fail("I7: account %d has %d mails of somebody else, want 1", i, n)
			}
		})
	}
}

// finish ends all faults and waits until everything is through (I8), then wakes and stops the processes.
func (w *sim) finish() {
	w.note("heal")
	w.mu.Lock()
	w.dbDown = time.Time{}
	if w.post != nil {
		w.post.lost, w.post.later = 0, time.Time{}
	}
	w.mu.Unlock()
	for _, a := range w.accounts {
		a.mu.Lock()
		clear(a.trouble)
		a.mu.Unlock()
	}
	for _, p := range w.running {
		p.mu.Lock()
		p.failing, p.commits, p.left, p.calls = 0, 0, 0, 0
		p.mu.Unlock()
	}
	w.keepOne()
	w.oneAlone()
	w.untilThrough()
	for _, p := range w.running {
		if p.isPaused() {
			p.resume()
			w.sleep(20 * time.Second) // It finds out that it has lost its lease.
		}
	}
	w.handed.Wait()
	w.untilThrough() // What was handed in last has its answer.
	for _, p := range w.running {
		p.stop()
	}
	for _, p := range w.all {
		<-p.done
	}
	w.safe()
	if why := w.unfinished(); why != "" {
		w.fail("I1: in the end: %s", why)
		w.describe()
	}
	w.octets()
	w.answers()
	w.bystanders()
	for i, a := range w.accounts {
		a.change(func(s *fakeServer) {
			if s.open != 0 {
				w.fail("I9: account %d has %d open connections in the end", i, s.open)
			}
		})
	}
}

// untilThrough waits until everything is through, eight hours at most.
func (w *sim) untilThrough() {
	w.sleep(time.Second) // What a fault has just broken off is written down before anybody looks.
	why := w.unfinished()
	for healed := time.Now(); why != "" && time.Since(healed) < 8*time.Hour; why = w.unfinished() {
		w.fetchAside()
		w.sleep(time.Second + time.Since(healed)/4)
		w.keepOne()
	}
	if why != "" {
		w.fail("I1, I8: eight hours after everything was well again: %s", why)
		w.describe()
	}
}

// fetchAside does what a person does about messages that were set aside before their octets came: it has them fetched
// after all. Their mail is on the server, and nothing but the name that it has there says which it is.
func (w *sim) fetchAside() {
	for _, r := range w.rows("SELECT id FROM messages WHERE state = 'quarantined' AND sha256 IS NULL AND door IN ('imap', 'pop3')") {
		var id int64
		_, _ = fmt.Sscan(r[0], &id)
		i := slices.IndexFunc(w.running, func(p *process) bool { return !p.isPaused() && !p.isDead() })
		if i < 0 {
			return
		}
		w.note("somebody has message %d fetched, which was set aside", id)
		if _, err := w.running[i].g.Reprocess(w.t.Context(), nil, id); err != nil && !errors.Is(err, models.ErrConflict) {
			w.fail("I1: message %d, which was set aside before its octets came, cannot be fetched: %v", id, err)
		}
		w.asked++
	}
}

// oneAlone stops the processes that are neither paused nor needed, and has the one that is left visit now.
func (w *sim) oneAlone() {
	found := false
	for _, p := range slices.Clone(w.running) {
		switch {
		case p.isPaused():
		case !found:
			found = true
			for _, a := range w.accounts {
				if err := p.g.Poll(w.t.Context(), a.inbox.ID); err != nil {
					w.t.Fatal(err)
				}
			}
		default:
			w.running = slices.DeleteFunc(w.running, func(x *process) bool { return x == p })
			p.stop()
		}
	}
}

// describe adds to the history what is not through.
func (w *sim) describe() {
	for _, r := range w.rows(`SELECT id, inbox_id, door, uidvalidity, uid, state, reason, attempts, next_attempt_at, error_code, error_detail, settle_state,
		settle_attempts, settle_after, finished_at FROM messages WHERE state IN ('known', 'received') OR settle_state IN ('pending', 'failed')`) {
		w.note("message %s", strings.Join(r, " | "))
	}
	for _, r := range w.rows("SELECT inbox_id, state, code, failures, last_success_at, next_poll_at FROM inbox_statuses") {
		w.note("inbox %s", strings.Join(r, " | "))
	}
	for _, r := range w.rows("SELECT id, kind, issue_number, state, attempts, next_attempt_at, claim, claimed_until, code, answer FROM outbox WHERE state <> 'accepted'") {
		w.note("outgoing mail %s", strings.Join(r, " | "))
	}
	for _, r := range w.rows("SELECT * FROM leases") {
		w.note("lease %s", strings.Join(r, " | "))
	}
}
