package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/models"
)

// mostChosen is how many messages one action may be about.
const mostChosen = 200

// done counts what became of the messages of one action.
type done struct {
	OK      int
	Already int // They have become an issue or a comment before.
	Missing int // Their octets are not here, or not any more.
	Busy    int // They are on their way.
	Rule    int // No change about the sender alone lets them in.
	Failed  int
}

// messageBulk does one thing with the messages that were chosen: one or many.
func messageBulk(v *visit) error {
	chosen, err := v.chosenMessages()
	if err != nil {
		return err
	}
	back := local(v.PostForm("back"))
	if len(chosen) == 0 {
		v.say("warn", "flash.none_chosen")
		return v.redirect(back)
	}
	var d done
	action := v.PostForm("do")
	switch action {
	case "reprocess", "original", "release":
		d, err = v.reprocessAll(chosen, action, 0)
	case "attach":
		number, aerr := v.attachTo()
		if aerr != nil {
			return aerr
		}
		if number == 0 {
			v.say("warn", "flash.attach_nowhere", "given", v.PostForm("issue"))
			return v.redirect(back)
		}
		d, err = v.reprocessAll(chosen, action, number)
	case "allow":
		d, err = v.allowAll(chosen)
	case "block":
		d, err = v.blockAll(chosen)
	case "rule":
		return v.redirect(fmt.Sprintf("/inboxes/%d/rules?message=%d", chosen[0].InboxID, chosen[0].ID))
	default:
		return errUnreadable
	}
	if err != nil {
		return err
	}
	if len(chosen) == 1 && d.Rule == 1 { // The rules have to be changed: show how.
		return v.redirect(fmt.Sprintf("/inboxes/%d/rules?message=%d", chosen[0].InboxID, chosen[0].ID))
	}
	v.sayDone(action, d)
	return v.redirect(back)
}

// chosenMessages are the messages of the form; one that the person may not see is models.ErrNotFound.
func (v *visit) chosenMessages() ([]models.Message, error) {
	if err := v.Request.ParseForm(); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	given := v.Request.PostForm["id"]
	if len(given) > mostChosen {
		return nil, errUnreadable
	}
	mine, err := v.inboxesByID()
	if err != nil {
		return nil, err
	}
	var out []models.Message
	for _, text := range given {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errUnreadable
		}
		m, _, err := v.h.Gateway.Message(v.ctx(), id)
		if err != nil {
			return nil, err
		}
		if _, ok := mine[m.InboxID]; !ok {
			return nil, models.ErrNotFound // Also of an inbox that is gone: nothing can be done with it any more.
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b models.Message) int { return int(a.ID - b.ID) }) // In the order in which they came.
	return out, nil
}

// attachTo is the issue that was entered; 0 when there is none that the person may write to.
func (v *visit) attachTo() (int64, error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(v.PostForm("issue")), "#"), 10, 64)
	if err != nil {
		return 0, nil
	}
	issue, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if errors.Is(err, models.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !v.access.WorksOn(issue.ProjectID) {
		return 0, models.ErrForbidden
	}
	return number, nil
}

func (v *visit) reprocessAll(chosen []models.Message, action string, issue int64) (done, error) {
	var d done
	for _, m := range chosen {
		how := gateway.Again{LetIn: action == "release" || action == "attach", Issue: issue}
		if action == "original" {
			how.RuleVersion = m.RuleVersion
		}
		_, err := v.h.Gateway.ReprocessAs(v.ctx(), v.me, m.ID, how)
		switch {
		case err == nil:
			d.OK++
		case errors.Is(err, models.ErrNotFound):
			d.Missing++
		case errors.Is(err, models.ErrConflict) && m.IssueNumber != nil:
			d.Already++
		case errors.Is(err, models.ErrConflict):
			d.Busy++
		case v.ctx().Err() != nil:
			return d, err
		default:
			d.Failed++
			v.h.Log.WarnContext(v.ctx(), "message not processed again", slog.Int64("message_id", m.ID), slog.Any("err", err))
		}
	}
	return d, nil
}

// byInbox parts messages by their inbox, which has its own rules.
func byInbox(chosen []models.Message) map[int64][]models.Message {
	out := map[int64][]models.Message{}
	for _, m := range chosen {
		out[m.InboxID] = append(out[m.InboxID], m)
	}
	return out
}

// allowAll lets the senders of messages write and processes again what was refused.
func (v *visit) allowAll(chosen []models.Message) (done, error) {
	var d done
	for inbox, list := range byInbox(chosen) {
		rest, err := v.h.Gateway.AllowSenders(v.ctx(), v.me, inbox, list)
		if err != nil {
			return d, err
		}
		d.Rule += len(rest)
		var again []models.Message
		for _, m := range list {
			stays := slices.ContainsFunc(rest, func(r models.Message) bool { return r.ID == m.ID })
			switch {
			case stays:
			case m.State == models.MessageRejected || m.State == models.MessageQuarantined:
				again = append(again, m)
			default:
				d.OK++
			}
		}
		more, err := v.reprocessAll(again, "reprocess", 0)
		if err != nil {
			return d, err
		}
		d.OK, d.Missing, d.Busy, d.Failed, d.Already = d.OK+more.OK, d.Missing+more.Missing, d.Busy+more.Busy, d.Failed+more.Failed, d.Already+more.Already
	}
	return d, nil
}

func (v *visit) blockAll(chosen []models.Message) (done, error) {
	var d done
	for inbox, list := range byInbox(chosen) {
		added, err := v.h.Gateway.BlockSenders(v.ctx(), v.me, inbox, list)
		if err != nil {
			return d, err
		}
		d.OK += added
	}
	return d, nil
}

// sayDone leaves a sentence about what was done and what was not.
func (v *visit) sayDone(action string, d done) {
	kind := "ok"
	var parts []string
	for _, p := range []struct {
		key string
		n   int
	}{{"chosen.already", d.Already}, {"chosen.missing", d.Missing}, {"chosen.busy", d.Busy}, {"chosen.rule", d.Rule}, {"chosen.failed", d.Failed}} {
		if p.n > 0 {
			kind = "warn"
			parts = append(parts, v.l.T(p.key, "n", p.n))
		}
	}
	v.say(kind, "flash.bulk."+action, "n", strconv.Itoa(d.OK), "rest", strings.Join(parts, " "))
}

// messageReprocess has a message processed again with the rules in force.
func messageReprocess(v *visit) error {
	m, _, _, err := v.message()
	if err != nil {
		return err
	}
	to := fmt.Sprintf("/messages/%d", m.ID)
	how := gateway.Again{}
	if v.PostForm("rules") == "original" {
		how.RuleVersion = m.RuleVersion
	}
	again, err := v.h.Gateway.ReprocessAs(v.ctx(), v.me, m.ID, how)
	if errors.Is(err, models.ErrConflict) {
		v.say("warn", "flash.reprocess_not_now")
		return v.redirect(to)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.reprocessed", "state", v.l.T("message.state."+string(again.State)))
	return v.redirect(to)
}
