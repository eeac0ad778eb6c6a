package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"letterbox/gateway/message"
	"letterbox/models"
)

// messageView is what the page of a message shows.
type messageView struct {
	models.Message
	InboxName, InboxAddress string
	Health                  health
	Sentence                string
	Trouble                 string           // What went wrong at last; "" when nothing did.
	Runs                    []run            // The latest first.
	Mail                    *message.Message // Nil when the octets are past retention.
	Shown, Folded           string
	FoldedKey               string
	FoldedLines             int
	Lang                    string // Of the text, "" when it is not known.
	Defects                 []string
	Security                []security
	Invitation              *invitation // Nil when there is none, or the text says it.
	Issue                   string      // Address of the issue, "" when there is none or it is not seen.
	Hash                    string
	Pictures                pictureChoice
	Open                    bool // The mail as it came is unfolded.
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
	if data.Trouble = v.trouble(m); data.Trouble == data.Sentence {
		data.Sentence = ""
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
	if data.Pictures, err = v.pictureChoice(m, traces); err != nil {
		return err
	}
	if data.Mail != nil {
		data.Pictures.None = !data.Mail.MayLoad
	}
	data.Pictures.Action, data.Open = fmt.Sprintf("/messages/%d/pictures", m.ID), v.Query("mail") == fmt.Sprint(m.ID)
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
	data.Shown, data.Lang = mail.Reply, mail.Language
	data.Folded, data.FoldedKey, data.FoldedLines = folded(mail.Quoted, mail.Signature)
	if data.Shown == "" {
		data.Shown, data.Folded = mail.Text, ""
	}
	if s := mail.InvitationSummary(); s != "" {
		data.Invitation = &invitation{invitationKey(mail.Invitation.Method), s}
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

// messageHTML shows the HTML of a message to those who may see the log.
func messageHTML(v *visit) error {
	m, traces, _, err := v.message()
	if err != nil {
		return err
	}
	return v.showHTML(m, traces)
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
