package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
	"letterbox/models"
	"letterbox/models/store"
)

// testKind is the kind of a test mail in its signed Message-ID.
const testKind = "t"

// testTime bounds the sending of a test mail.
const testTime = 30 * time.Second

// TestMail is a mail that was sent to an inbox by the account through which its answers go out, to see it come back.
type TestMail struct {
	MessageID string    // Without brackets; signed, so that nobody else can make one.
	SentAt    time.Time // When its server took it.
	To        string
}

// SendTestMail sends a test mail to the address of an inbox, by the account through which its answers go out, and has the
// inbox looked into. models.ErrNotFound when there is no such account or inbox; a *mailbox.Problem says why it could not be
// sent. When it arrives it becomes no issue: see [Gateway.ArrivedTestMail]. It is audited, ends with ctx, and never takes
// longer than half a minute.
func (g *Gateway) SendTestMail(ctx context.Context, by *models.User, inboxID int64) (TestMail, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return TestMail{}, err
	}
	a, err := g.sendingFor(ctx, ib.ID, ib.ProjectID)
	if err != nil {
		return TestMail{}, err
	}
	keys, err := g.signing(ctx)
	if err != nil {
		return TestMail{}, err
	}
	if err := g.audit(ctx, by, "inbox.test_mail", "inbox:"+itoa(inboxID), nil); err != nil {
		return TestMail{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	at := now()
	t := TestMail{MessageID: keys.MessageID(testKind, 0, at.UnixMicro(), ib.Address, helloOf(a.Address)), To: ib.Address}
	mail := outbound.Mail{
		From: outbound.Address{Name: a.Name, Address: a.Address}, To: []outbound.Address{{Address: ib.Address}}, Date: at.Local(), MessageID: t.MessageID,
		Subject: g.say(a.Settings.Language, "mail.test.subject"), Text: g.say(a.Settings.Language, "mail.test.text", "name", ib.Name),
		Language: a.Settings.Language, Automatic: "auto-generated", UTF8: outbound.NeedsUTF8(ib.Address),
	}
	s, _, err := g.openSending(ctx, a)
	if err != nil {
		return TestMail{}, asProblem(err, mailbox.PhaseConnect)
	}
	defer s.Close()
	out := s.Send(ctx, outbound.Envelope{From: a.Address, To: ib.Address, Size: mail.Size()}, mail.Write)
	g.Log.LogAttrs(ctx, slog.LevelInfo, "test mail sent", slog.Int64("inbox_id", inboxID), slog.Int64("account_id", a.ID), slog.String("verdict", string(out.Verdict)), slog.String("code", out.Code))
	if out.Verdict != outbound.Accepted {
		return TestMail{}, &mailbox.Problem{Phase: PhaseSending, Code: out.Code, Args: out.Args, Err: out.Err}
	}
	t.SentAt = now()
	return t, g.Poll(ctx, inboxID)
}

// ArrivedTestMail returns what became of a test mail of an inbox; models.ErrNotFound while it has not arrived, and for what
// is no test mail of ours.
func (g *Gateway) ArrivedTestMail(ctx context.Context, inboxID int64, messageID string) (models.Message, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return models.Message{}, err
	}
	if test, err := g.signedTest(ctx, messageID, ib.Address); err != nil || !test {
		return models.Message{}, noTest(err)
	}
	list, _, err := g.Store.Messages(ctx, store.MessageFilter{InboxIDs: []int64{inboxID}, RFCID: messageID, Limit: 1})
	if err != nil || len(list) == 0 {
		return models.Message{}, noTest(err)
	}
	return list[0], nil
}

func noTest(err error) error {
	if err == nil {
		err = fmt.Errorf("test mail: %w", models.ErrNotFound)
	}
	return err
}

// signedTest reports whether a Message-ID is that of a test mail that we have sent to address.
func (g *Gateway) signedTest(ctx context.Context, messageID, address string) (bool, error) {
	if !strings.HasPrefix(messageID, testKind+".") {
		return false, nil // As nearly every mail.
	}
	keys, ok, err := g.trusted(ctx)
	return ok && keys.SignedAs(messageID, testKind, address), err
}

// markTest finishes a test mail of ours as what it is, unless a person has let it in.
func (g *Gateway) markTest(ctx context.Context, d *delivery) error {
	if d.told != nil {
		return nil
	}
	test, err := g.signedTest(ctx, d.mail.MessageID, d.inbox.Address)
	if err != nil || !test {
		return err
	}
	d.finish(models.MessageIgnored, rule.TestMail)
	d.note(models.StepGate, "verdict."+string(rule.TestMail))
	return nil
}
