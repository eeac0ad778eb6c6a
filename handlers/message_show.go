package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/message"
	"letterbox/models"
)

// messageView is what the page of a message shows.
type messageView struct {
	models.Message
	InboxName, InboxAddress string
	Health                  health
	Sentence                string
	Runs                    []run            // The latest first.
	Mail                    *message.Message // Nil when the octets are past retention.
	Shown, Folded           string
	FoldedKey               string
	FoldedLines             int
	Defects                 []string
	Security                []security
	Issue                   string // Address of the issue, "" when there is none or it is not seen.
	Hash                    string
}

// run is the story of one way through the steps.
type run struct {
	Number  int
	At      time.Time
	Chapter []chapter
}

// chapter is what one step has to tell.
type chapter struct {
	Step, Icon, Kind string
	Said             []said
}

type said struct {
	Text, Code string
	At         time.Time
	Refused    bool
}

// message returns the message of the path when the person may see the log of its inbox. The messages of an inbox that
// is gone are for admins.
func (v *visit) message() (models.Message, []models.Trace, models.Inbox, error) {
	id, err := v.id("id")
	if err != nil {
		return models.Message{}, nil, models.Inbox{}, err
	}
	m, traces, err := v.h.Gateway.Message(v.ctx(), id)
	if err != nil {
		return m, nil, models.Inbox{}, err
	}
	in, err := v.h.Gateway.Inbox(v.ctx(), m.InboxID)
	switch {
	case errors.Is(err, models.ErrNotFound) && v.access.Admin():
	case err != nil:
		return m, nil, models.Inbox{}, err
	case !v.access.SeesInbox(in.Inbox):
		return m, nil, models.Inbox{}, models.ErrNotFound
	}
	return m, traces, in.Inbox, nil
}

// messageShow tells the story of a message: what was looked at, what was decided and what would have made it pass.
func messageShow(v *visit) error {
	m, traces, in, err := v.message()
	if err != nil {
		return err
	}
	data := messageView{
		Message: m, InboxName: in.Name, InboxAddress: in.Address, Health: v.outcome(m), Sentence: v.sentence(m, traces),
		Hash: fmt.Sprintf("%x", m.SHA256),
	}
	for i := len(traces) - 1; i >= 0; i-- {
		data.Runs = append(data.Runs, v.run(traces[i]))
	}
	data.Mail, err = v.h.Gateway.ParsedMessage(v.ctx(), m.ID)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if data.Mail != nil {
		v.readMail(&data)
	}
	if m.IssueNumber != nil {
		_, err := v.h.Tracker.Issue(v.ctx(), v.me, *m.IssueNumber)
		if err == nil {
			data.Issue = fmt.Sprintf("/issues/%d", *m.IssueNumber)
		} else if !errors.Is(err, models.ErrNotFound) {
			return err
		}
	}
	title := m.Subject
	if title == "" {
		title = v.l.T("issue.no_subject")
	}
	return v.render(http.StatusOK, "message_show", view{Title: title, Section: "messages", Data: data})
}

func (v *visit) readMail(data *messageView) {
	mail := data.Mail
	data.Shown = mail.Reply
	data.Folded, data.FoldedKey, data.FoldedLines = folded(mail.Quoted, mail.Signature)
	if data.Shown == "" {
		data.Shown, data.Folded = mail.Text, ""
	}
	if mail.Decrypted {
		data.Security = append(data.Security, v.decrypted())
	}
	if s := mail.Verified; s != nil {
		data.Security = append(data.Security, v.signature(string(s.State), s.Code(), s.Address))
	}
	for _, d := range mail.Defects {
		data.Defects = append(data.Defects, v.defect(d.Code, d.Detail))
	}
}

// run turns a trace into chapters, one for each step in a row.
func (v *visit) run(t models.Trace) run {
	r := run{Number: t.Run, At: t.CreatedAt}
	for _, e := range t.Entries {
		if len(r.Chapter) == 0 || r.Chapter[len(r.Chapter)-1].Step != string(e.Step) {
			r.Chapter = append(r.Chapter, chapter{Step: string(e.Step), Icon: "check", Kind: "ok"})
		}
		c := &r.Chapter[len(r.Chapter)-1]
		s := said{Code: e.Code, At: e.At, Text: v.told(e)}
		if strings.HasSuffix(e.Code, ".refused") || strings.HasPrefix(e.Code, "verdict.") {
			s.Refused = true
			c.Icon, c.Kind = "cross", "bad"
		}
		c.Said = append(c.Said, s)
	}
	return r
}

// told is the sentence of one entry of a trace.
func (v *visit) told(e models.TraceEntry) string {
	args := map[string]string{}
	for name, value := range e.Args {
		args[name] = value
	}
	if n, err := strconv.ParseInt(args["size"], 10, 64); err == nil {
		args["size"] = v.l.Number(n)
	}
	if s, ok := args["signature"]; ok {
		args["signature"] = v.l.T(s)
	}
	if d, ok := args["defect"]; ok {
		args["defect"] = v.defect(d, e.Args["detail"])
	}
	if strings.HasPrefix(e.Code, "check.") || strings.HasPrefix(e.Code, "verdict.") {
		return v.l.T(e.Code, args)
	}
	return v.l.T("trace."+e.Code, args)
}

// messageHTML shows the HTML of a message to those who may see the log.
func messageHTML(v *visit) error {
	m, _, _, err := v.message()
	if err != nil {
		return err
	}
	return v.showHTML(m)
}

// messageRaw sends the octets of a message as they were received. The audit log keeps who asked for them.
func messageRaw(v *visit) error {
	m, _, _, err := v.message()
	if err != nil {
		return err
	}
	if m.BlobID == nil {
		return models.ErrNotFound
	}
	r, size, err := v.h.Gateway.RawMessage(v.ctx(), v.me, m.ID)
	if err != nil {
		return err
	}
	defer r.Close()
	name := fmt.Sprintf("message-%d.eml", m.ID)
	if err := download(v.Context, name, "application/octet-stream", size, r); err != nil {
		v.h.Log.WarnContext(v.ctx(), "download broke off", slog.Int64("message_id", m.ID), slog.Any("err", err))
	}
	return nil
}

// messageReprocess has a message processed again with the rules in force.
func messageReprocess(v *visit) error {
	m, _, _, err := v.message()
	if err != nil {
		return err
	}
	to := fmt.Sprintf("/messages/%d", m.ID)
	again, err := v.h.Gateway.Reprocess(v.ctx(), v.me, m.ID)
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
