package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

// errNothingToTell says that what a notice was about is gone, read or not for its reader any more.
var errNothingToTell = errors.New("nothing is left to tell")

const codeNothingToTell = "E-SMTP-15"

// sendOne makes one attempt at one mail. Whether it may go is decided anew: what was public may be internal by now
// (SEC-53), an address may be suppressed.
func (g *Gateway) sendOne(ctx context.Context, a models.SendingAccount, s *outbound.Session, o models.Outgoing) (out outbound.Outcome) {
	var err error
	defer func() {
		if err != nil {
			out = outbound.Outcome{Verdict: outbound.Later, Code: "E-SMTP-06", Err: err}
		}
	}()
	defer caught("send", &err)
	ctx, cancel := context.WithTimeout(ctx, mostSendTime)
	defer cancel()
	code, err := g.unsendable(ctx, o)
	if err != nil {
		return out
	}
	if code != "" {
		return outbound.Outcome{Verdict: outbound.Never, Code: code}
	}
	mail, err := g.compose(ctx, a, o)
	if errors.Is(err, errNothingToTell) {
		err = nil
		return outbound.Outcome{Verdict: outbound.Never, Code: codeNothingToTell}
	}
	if err != nil {
		return out
	}
	env := outbound.Envelope{From: a.Address, To: o.Recipient, Size: mail.Size()}
	if o.Kind.Replies() {
		env.From, env.Instead = "", a.Address
	}
	write, held, err := g.protect(ctx, a, o, mail)
	if err != nil {
		return out
	}
	if held != "" {
		return outbound.Outcome{Verdict: outbound.Hold, Code: held, Args: map[string]string{"recipient": o.Recipient, "address": a.Address}}
	}
	return s.Send(ctx, env, write)
}

// unsendable returns the code of the reason why a mail must not go any more; "" when it may.
func (g *Gateway) unsendable(ctx context.Context, o models.Outgoing) (string, error) {
	at := g.believed()
	if at.After(o.ExpiresAt) {
		return "E-SMTP-10", nil
	}
	if _, err := g.Store.Suppressed(ctx, o.Recipient, at); err == nil {
		return "E-SMTP-09", nil
	} else if !errors.Is(err, models.ErrNotFound) {
		return "", err
	}
	if o.CommentID == nil || o.Kind != models.OutgoingAnswer {
		return "", nil // What a notice may tell is decided when it is put together.
	}
	c, err := g.Store.CommentByID(ctx, *o.CommentID)
	if errors.Is(err, models.ErrNotFound) || err == nil && c.Internal {
		return "E-SMTP-14", nil
	}
	return "", err
}

// compose writes a mail of the outbox from what stands in the database.
func (g *Gateway) compose(ctx context.Context, a models.SendingAccount, o models.Outgoing) (outbound.Mail, error) {
	m := outbound.Mail{
		From: outbound.Address{Name: a.Name, Address: a.Address}, Subject: o.Content.Subject, Date: o.CreatedAt.Local(), MessageID: o.RFCMessageID,
		InReplyTo: o.Content.InReplyTo, References: o.Content.References, Text: o.Content.Text, UTF8: outbound.NeedsUTF8(o.Recipient),
	}
	m.To, m.Cc = named(o, o.Content.To), named(o, o.Content.Cc)
	var err error
	if m.ReplyTo, err = g.replyTo(ctx, a, o); err != nil {
		return m, err
	}
	if o.Kind.Automatic() {
		m.Automatic, m.Language = "auto-generated", o.Language
		if o.Kind.Replies() {
			m.Automatic = "auto-replied"
		}
		if m.Loop, err = g.installation(ctx); err != nil {
			return m, err
		}
	}
	sig := strings.TrimSpace(a.Settings.Signature)
	switch {
	case o.Kind == models.OutgoingAnswer && o.CommentID != nil:
		if err := g.composeAnswer(ctx, a, o, &m); err != nil {
			return m, err
		}
	case o.Kind == models.OutgoingForward:
		if ok, err := g.attachOriginal(ctx, o, &m); err != nil || !ok {
			return m, cmp.Or(err, errNothingToTell)
		}
	case o.Kind == models.OutgoingNotice:
		if ok, err := g.composeNotice(ctx, o, &m); err != nil || !ok {
			return m, cmp.Or(err, errNothingToTell)
		}
	case o.Kind == models.OutgoingAccess:
		if ok, err := g.composeLink(ctx, o, &m); err != nil || !ok {
			return m, cmp.Or(err, errNothingToTell)
		}
	case sig != "" && o.Kind != models.OutgoingAlarm:
		m.Text += "\n\n-- \n" + sig
	}
	m.HTML = outbound.HTML(m.Text, m.Language)
	return m, nil
}

func named(o models.Outgoing, addresses []string) []outbound.Address {
	out := make([]outbound.Address, 0, len(addresses))
	for _, address := range addresses {
		a := outbound.Address{Address: address}
		if address == o.Recipient {
			a.Name = o.RecipientName
		}
		out = append(out, a)
	}
	return out
}

// composeAnswer adds the text of the answer, the signature, the last mail as a quotation, and the files.
func (g *Gateway) composeAnswer(ctx context.Context, a models.SendingAccount, o models.Outgoing, m *outbound.Mail) error {
	c, err := g.Store.CommentByID(ctx, *o.CommentID)
	if err != nil {
		return err
	}
	m.Text = strings.TrimRight(c.Body, "\n ")
	if sig := strings.TrimSpace(a.Settings.Signature); sig != "" {
		m.Text += "\n\n-- \n" + sig
	}
	quote, err := g.lastMail(ctx, o)
	if err != nil {
		return err
	}
	if quote != "" {
		m.Text += "\n\n" + quote
	}
	all, err := g.Store.Attachments(ctx, o.IssueNumber)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.CommentID == nil || *f.CommentID != c.ID {
			continue
		}
		m.Files = append(m.Files, outbound.File{Name: f.Name, ContentType: f.ContentType, Size: f.Size, Open: func() (io.ReadCloser, error) {
			r, _, err := g.Store.OpenBlob(ctx, f.BlobID)
			return r, err
		}})
	}
	return nil
}

// lastMail is the newest mail of the issue that came before the answer, as a quotation; "" when there is none.
func (g *Gateway) lastMail(ctx context.Context, o models.Outgoing) (string, error) {
	var author int64
	var text string
	var origin *int64
	c, err := g.Store.LastMailedComment(ctx, o.IssueNumber, *o.CommentID)
	switch {
	case err == nil:
		author, text, origin = c.AuthorID, c.Body, c.OriginMessageID
	case !errors.Is(err, models.ErrNotFound):
		return "", err
	default:
		i, err := g.Store.IssueByNumber(ctx, o.IssueNumber)
		if err != nil {
			return "", err
		}
		author, text, origin = i.ReporterID, i.Description, i.OriginMessageID
	}
	if origin == nil {
		return "", nil
	}
	u, err := g.Store.UserByID(ctx, author)
	if err != nil {
		return "", fmt.Errorf("read who wrote last: %w", err)
	}
	at := c.CreatedAt
	if row, err := g.Store.MessageByID(ctx, *origin); err == nil {
		if at = row.ReceivedAt; row.Date != nil {
			at = *row.Date
		}
	}
	intro := g.say(o.Language, "mail.quote", "date", at.Local().Format(g.say(o.Language, "mail.quote_date")), "name", outbound.Line(u.Name, 100))
	return outbound.Quote(intro, text), nil
}

// replyTo is where a reply to a mail goes: where the account says, else the inbox that the issue came by, signed when the
// account's server delivers subaddresses. "" is where the mail comes from.
func (g *Gateway) replyTo(ctx context.Context, a models.SendingAccount, o models.Outgoing) (string, error) {
	base := a.Address
	if o.InboxID != nil {
		ib, err := g.Store.InboxByID(ctx, *o.InboxID)
		if err == nil && outbound.Plain(ib.Address) {
			base = ib.Address
		} else if err != nil && !errors.Is(err, models.ErrNotFound) {
			return "", err
		}
	}
	if a.Settings.ReplyTo != "" {
		base = a.Settings.ReplyTo
	}
	if a.Settings.Tagged {
		keys, err := g.signing(ctx)
		if err != nil {
			return "", err
		}
		base, _ = keys.Address(base, o.IssueNumber, o.Recipient)
	}
	if base == a.Address {
		return "", nil
	}
	return base, nil
}

// installation names this installation in the loop field of automatic mail.
func (g *Gateway) installation(ctx context.Context) (string, error) {
	const name = "installation"
	id, err := g.Store.Setting(ctx, name)
	if errors.Is(err, models.ErrNotFound) {
		id, err = g.Store.FirstSetting(ctx, name, newInstallation())
	}
	return id, err
}
