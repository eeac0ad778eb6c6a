package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/outbound"
	"letterbox/models"
)

// How many acknowledgements go out before they stop: to one sender in half an hour and in an hour, and through one inbox
// in an hour. Two machines that answer each other come to rest after three rounds.
const (
	acksHalfHour = 3
	acksHour     = 5
	acksInbox    = 50
	breakerPause = time.Hour
	ackTemplate  = 4 << 10 // Octets of a template.
	oldForAnAck  = 24 * time.Hour
)

// Acknowledgement says whether and how an inbox acknowledges new issues.
type Acknowledgement struct {
	Mode string `json:"mode"` // "off", "known" (people who are known already) or "everyone" who is let in.
	// Text by language, with {key}, {subject}, {name} and {project}; "": the one of the catalogue.
	Text map[string]string `json:"text"`
	// Refusal is the text of the notice that a mail was refused, by language, with {subject} and {name}; "": the one of the
	// catalogue. Whether notices go out is a matter of the rules (models.Rules.RejectNotice).
	Refusal map[string]string `json:"refusal,omitempty"`
}

func ackSetting(inbox int64) string { return "acknowledgement:" + itoa(inbox) }

// Acknowledgement returns how an inbox acknowledges new issues.
func (g *Gateway) Acknowledgement(ctx context.Context, inbox int64) (Acknowledgement, error) {
	a := Acknowledgement{Mode: "known", Text: map[string]string{}}
	text, err := g.Store.Setting(ctx, ackSetting(inbox))
	if errors.Is(err, models.ErrNotFound) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &a)
	}
	return a, err
}

// SetAcknowledgement changes how an inbox acknowledges new issues; models.InvalidList when it cannot be taken.
func (g *Gateway) SetAcknowledgement(ctx context.Context, by *models.User, inbox int64, a Acknowledgement) error {
	if list := wrongAcknowledgement(a); list != nil {
		return list
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return g.versioned(ctx, by, inbox, "acknowledgement.update", func(ctx context.Context) error {
		if err := g.Store.SetSetting(ctx, ackSetting(inbox), string(text)); err != nil {
			return err
		}
		return g.audit(ctx, by, "acknowledgement.update", "inbox:"+itoa(inbox), map[string]string{"mode": a.Mode})
	})
}

// wrongAcknowledgement returns what keeps an acknowledgement from being taken.
func wrongAcknowledgement(a Acknowledgement) models.InvalidList {
	if a.Mode != "off" && a.Mode != "known" && a.Mode != "everyone" {
		return models.InvalidList{{Field: "ack_mode", Code: "E-SEND-02"}}
	}
	for field, texts := range map[string]map[string]string{"ack_text_": a.Text, "refusal_text_": a.Refusal} {
		for lang, text := range texts {
			if lang != "de" && lang != "en" || len(text) > ackTemplate {
				return models.InvalidList{{Field: field + lang, Code: "E-TEXT-01", Args: map[string]string{"max": itoa(ackTemplate)}}}
			}
		}
	}
	return nil
}

// PreviewAcknowledgement returns subject and text of an acknowledgement as it would go out.
func (g *Gateway) PreviewAcknowledgement(a Acknowledgement, lang, project string) (subject, text string) {
	return g.ackText(a, lang, 1234, g.say(lang, "mail.ack.example"), g.say(lang, "mail.ack.example_name"), project)
}

func (g *Gateway) ackText(a Acknowledgement, lang string, number int64, title, name, project string) (subject, text string) {
	title = outbound.HarmlessSubject(title)
	text = g.say(lang, "mail.ack.text", "key", issueKey(number))
	if a.Text[lang] != "" {
		text = fillTemplate(a.Text[lang], map[string]string{
			"key": issueKey(number), "subject": title, "name": outbound.HarmlessSubject(name), "project": project,
		})
	}
	return answerSubject(number, title), text
}

// planNotice puts the acknowledgement of a new issue into the outbox, in the transaction of the issue, and records who is
// told and why not: a reader must not wonder about a missing answer.
func (g *Gateway) planNotice(ctx context.Context, d *delivery) error {
	d.queued = false
	if d.mail != nil && d.mail.Bounce != nil {
		if err := g.takeBounce(ctx, d); err != nil {
			return fmt.Errorf("take a bounce: %w", err)
		}
	}
	switch {
	case d.state == models.MessageCommented:
		d.note(models.StepNotify, "notify.comment")
		return nil
	case d.state == models.MessageRejected:
		return g.planRefusal(ctx, d)
	case d.state != models.MessageCreated:
		return nil
	}
	code, err := g.acknowledge(ctx, d)
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	if code != "" {
		d.note(models.StepNotify, code, "address", sender(d.mail))
	}
	return nil
}

// acknowledge fills the outbox, or returns the code of the reason why nobody is told.
func (g *Gateway) acknowledge(ctx context.Context, d *delivery) (silent string, err error) {
	if d.flowed.Silent {
		return "notify.silent_flow", nil
	}
	if d.scripted.Silent {
		return "notify.silent_script", nil
	}
	account, err := g.sendingFor(ctx, d.inbox.ID, d.project())
	if errors.Is(err, models.ErrNotFound) {
		return "notify.no_account", nil
	}
	if err != nil {
		return "", err
	}
	ack, err := g.Acknowledgement(ctx, d.inbox.ID)
	if err != nil {
		return "", err
	}
	from := sender(d.mail)
	may, reason := d.mayAnswer()
	at := now()
	switch {
	case d.row.Archived || d.row.Door == doorImport:
		return "notify.archived", nil
	case ack.Mode == "off":
		return "notify.off", nil
	case d.people.forged || d.auth.State == authenticity.Fail: // SEC-49.
		return "notify.silent_forged", nil
	case !may:
		return "notify.silent_" + reason, nil
	case ack.Mode == "known" && d.people.sender == nil:
		return "notify.unknown_sender", nil
	case !d.mail.Date.IsZero() && d.mail.Date.Before(at.Add(-oldForAnAck)):
		return "notify.old", nil
	}
	if silent, err = g.tooMany(ctx, d.inbox.ID, from, at); silent != "" || err != nil {
		return silent, err
	}
	return "", g.queueAck(ctx, d, account, ack, from, at)
}

// mayAnswer says whether an automatic answer may go back to the sender, with the reason when it may not.
func (d *delivery) mayAnswer() (bool, string) {
	from := sender(d.mail)
	return outbound.MayAnswer(outbound.Incoming{
		From: from, Automatic: d.mail.Auto.Generated || d.mail.Bounce != nil || d.mail.FeedbackReport != nil, List: d.mail.List,
		Own: isOwn(d.people.own, from) || d.people.outgoing, Loop: len(d.mail.Loop) > 0,
		Unwanted: d.mail.Unanswered,
	})
}

// language is the one in which the sender is answered by us.
func (d *delivery) language(account models.SendingAccount) string {
	lang := d.mail.Language
	if d.people.sender != nil && d.people.sender.Language != "" {
		lang = d.people.sender.Language
	}
	if lang == "" {
		lang = outbound.Language(d.mail.Subject + "\n" + d.mail.Reply)
	}
	return cmp.Or(lang, account.Settings.Language)
}

// tooMany reports, with the code of the reason, whether an automatic mail to address must not go out: it is suppressed,
// or there were too many of them.
func (g *Gateway) tooMany(ctx context.Context, inbox int64, address string, at time.Time) (code string, err error) {
	if _, err := g.Store.Suppressed(ctx, address, at); !errors.Is(err, models.ErrNotFound) {
		return "notify.suppressed", err
	}
	place := "inbox:" + itoa(inbox)
	if tripped, err := g.Store.Tripped(ctx, place, at); tripped || err != nil {
		return "notify.breaker", err
	}
	latest, _, err := g.Store.AutomaticSince(ctx, address, 0, at.Add(-30*time.Minute))
	if err != nil {
		return "", err
	}
	hour, ofInbox, err := g.Store.AutomaticSince(ctx, address, inbox, at.Add(-time.Hour))
	switch {
	case err != nil:
		return "", err
	case latest >= acksHalfHour || hour >= acksHour:
		return "notify.limited", nil
	case ofInbox < acksInbox:
		return "", nil
	}
	first, err := g.Store.TripBreaker(ctx, models.Breaker{Place: place, Reason: "inbox", TrippedAt: at, EndsAt: at.Add(breakerPause)})
	if first && err == nil {
		g.Log.LogAttrs(ctx, slog.LevelError, "acknowledgements stopped, too many of them", slog.Int64("inbox_id", inbox))
	}
	return "notify.breaker", err
}

func (g *Gateway) queueAck(ctx context.Context, d *delivery, account models.SendingAccount, ack Acknowledgement, to string, at time.Time) error {
	keys, err := g.signing(ctx)
	if err != nil {
		return err
	}
	project, err := g.Store.ProjectByID(ctx, d.project())
	if err != nil {
		return err
	}
	lang := d.language(account)
	subject, text := g.ackText(ack, lang, d.issue, d.title(), d.mail.From[0].Name, project.Name)
	o := models.Outgoing{
		Kind: models.OutgoingAcknowledgement, AccountID: account.ID, InboxID: &d.inbox.ID, IssueNumber: d.issue, MessageID: &d.row.ID,
		Recipient: to, RecipientName: outbound.Line(d.mail.From[0].Name, 100), Language: lang, State: models.OutgoingQueued,
		RFCMessageID: keys.MessageID("a", d.issue, d.row.ID, to, helloOf(account.Address)),
		Content: models.OutgoingContent{
			Subject: subject, Text: text, To: []string{to}, InReplyTo: d.mail.MessageID, References: append(lastOf(d.mail.References, 20), d.mail.MessageID),
		},
		NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(ackLife),
	}
	if err := g.Store.AddOutgoing(ctx, []*models.Outgoing{&o}); err != nil {
		return err
	}
	if err := g.Store.AddMessageIDs(ctx, d.issue, []string{o.RFCMessageID}, true); err != nil {
		return err
	}
	d.queued = true
	d.note(models.StepNotify, "notify.ack", "address", to, "from", account.Address)
	return nil
}

func lastOf(ids []string, n int) []string {
	out := append([]string(nil), ids[:min(1, len(ids))]...)
	if len(ids) > 1 {
		out = append(out, ids[max(1, len(ids)-n):]...)
	}
	return out
}
