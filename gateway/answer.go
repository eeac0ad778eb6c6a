package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"letterbox/gateway/message"
	"letterbox/gateway/outbound"
	"letterbox/gateway/thread"
	"letterbox/models"
)

// mostAnswered bounds who gets one answer.
const mostAnswered = 50

func newInstallation() string { return strings.ToLower(rand.Text()) }

// AnswerPlan is to whom an answer on an issue can go, and how.
type AnswerPlan struct {
	From       string // "" when no account can send it.
	Recipients []AnswerRecipient
	Signs      bool   // Mails are signed.
	Encrypt    string // "if_possible", "required" or "".
	Trouble    string // Code of what is wrong with the account; "" when fine.

	issue   models.Issue
	inbox   int64  // By which the issue came; 0: by none.
	instead string // The customer wants answers elsewhere than at this address.
	account models.SendingAccount
}

// AnswerRecipient is one who may get an answer.
type AnswerRecipient struct {
	Address    string
	Name       string
	Chosen     bool // Gets it unless the writer says otherwise.
	Suppressed bool
	Unsendable bool // No mail can go there: it is no address of SMTP.
	Locked     bool // The mail will be encrypted.
	Customer   bool // The one the issue is from.
}

// PlanAnswer returns to whom an answer on an issue can go: the reporter, and everybody who stood in its mails. Addresses
// of ours are none.
func (g *Gateway) PlanAnswer(ctx context.Context, number int64) (AnswerPlan, error) {
	var p AnswerPlan
	i, inbox, err := g.answered(ctx, number)
	if err != nil {
		return p, err
	}
	p.issue, p.inbox = i, inbox
	p.account, err = g.sendingFor(ctx, inbox, i.ProjectID)
	if err == nil {
		p.From, p.Trouble = p.account.Address, p.account.TroubleCode
	} else if !errors.Is(err, models.ErrNotFound) {
		return p, err
	}
	own, err := g.ownAddresses(ctx)
	if err != nil {
		return p, err
	}
	reporter, err := g.Store.UserByID(ctx, i.ReporterID)
	if err != nil {
		return p, fmt.Errorf("read the reporter: %w", err)
	}
	if err := g.addReporter(ctx, &p, reporter, i, own); err != nil {
		return p, err
	}
	others, err := g.Store.Participants(ctx, number)
	if err != nil {
		return p, err
	}
	for _, address := range others {
		if err := g.addRecipient(ctx, &p, address, own); err != nil {
			return p, err
		}
	}
	return p, g.lock(ctx, &p)
}

// addReporter adds the customer whose issue it is. A person who signs in reads the answer on the page.
func (g *Gateway) addReporter(ctx context.Context, p *AnswerPlan, u models.User, i models.Issue, own map[string]bool) error {
	if u.Role != models.RoleCustomer && i.OriginMessageID == nil || len(u.Addresses) == 0 {
		return nil
	}
	address := u.Addresses[0]
	if i.OriginMessageID != nil {
		if row, err := g.Store.MessageByID(ctx, *i.OriginMessageID); err == nil && slices.Contains(u.Addresses, lower(row.FromAddress)) {
			address = lower(row.FromAddress)
			if wanted := g.replyWanted(ctx, row); wanted != "" {
				p.instead, address = address, wanted
			}
		}
	}
	if address == unknownSender || isOwn(own, address) {
		return nil
	}
	r := AnswerRecipient{Address: address, Name: u.Name, Customer: true, Chosen: u.DisabledAt == nil}
	return g.suppressionOf(ctx, p, r)
}

// replyWanted is where the sender of a mail wants answers: the one address of its Reply-To; "" when it names none or its
// octets are not kept any more. It says where to answer, never who somebody is (SEC-43), and people see it before they
// send.
func (g *Gateway) replyWanted(ctx context.Context, row models.Message) string {
	if row.BlobID == nil {
		return ""
	}
	r, _, err := g.Store.OpenBlob(ctx, *row.BlobID)
	if err != nil {
		return ""
	}
	defer r.Close()
	m, err := message.Parse(io.LimitReader(r, 64<<10), message.Options{WithoutHTML: true, Received: row.ReceivedAt})
	if err != nil || len(m.ReplyTo) != 1 {
		return ""
	}
	return lower(m.ReplyTo[0].Address)
}

func (g *Gateway) addRecipient(ctx context.Context, p *AnswerPlan, address string, own map[string]bool) error {
	known := slices.ContainsFunc(p.Recipients, func(r AnswerRecipient) bool { return r.Address == address })
	if known || isOwn(own, address) || len(p.Recipients) == mostAnswered {
		return nil
	}
	r := AnswerRecipient{Address: address, Chosen: true}
	u, err := g.Store.UserByAddress(ctx, address)
	if err == nil {
		r.Name, r.Chosen = u.Name, u.Role == models.RoleCustomer && u.DisabledAt == nil
	} else if !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if ok, _ := outbound.MayAnswer(outbound.Incoming{From: address}); !ok || address == p.instead { // noreply@ and the like.
		r.Chosen = false
	}
	return g.suppressionOf(ctx, p, r)
}

func (g *Gateway) suppressionOf(ctx context.Context, p *AnswerPlan, r AnswerRecipient) error {
	_, err := g.Store.Suppressed(ctx, r.Address, now())
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	r.Suppressed, r.Unsendable = err == nil, !outbound.Sendable(r.Address)
	r.Chosen = r.Chosen && !r.Suppressed && !r.Unsendable
	p.Recipients = append(p.Recipients, r)
	return nil
}

// answered returns an issue and the inbox that it came by; 0 when it came by none.
func (g *Gateway) answered(ctx context.Context, number int64) (models.Issue, int64, error) {
	i, err := g.Store.IssueByNumber(ctx, number)
	if err != nil || i.OriginMessageID == nil {
		return i, 0, err
	}
	row, err := g.Store.MessageByID(ctx, *i.OriginMessageID)
	if errors.Is(err, models.ErrNotFound) {
		return i, 0, nil
	}
	return i, row.InboxID, err
}

// Atomically runs f in one transaction: what the tracker writes and what the outbox is filled with become durable
// together. f may run again, so it does database work only.
func (g *Gateway) Atomically(ctx context.Context, f func(ctx context.Context) error) error {
	return g.Store.WithTx(ctx, f)
}

// QueueAnswer puts the mails of a public comment into the outbox, one for each recipient, and returns how many. With nil
// recipients it goes to those that PlanAnswer has chosen; others than it names are a models.InvalidList: people confirm
// who gets an answer (SEC-42). It joins the transaction in ctx. Without a sending account nothing goes out and it is no
// error.
func (g *Gateway) QueueAnswer(ctx context.Context, by *models.User, c models.Comment, recipients []string) (int, error) {
	if c.Internal || recipients != nil && len(recipients) == 0 {
		return 0, nil
	}
	plan, err := g.PlanAnswer(ctx, c.IssueNumber)
	if err != nil || plan.From == "" {
		return 0, err
	}
	chosen, err := plan.choose(recipients)
	if err != nil || len(chosen) == 0 {
		return 0, err
	}
	list, err := g.answers(ctx, plan.account, plan.issue, c, chosen)
	if err != nil {
		return 0, err
	}
	ids := make([]string, len(list))
	for n, o := range list {
		ids[n] = o.RFCMessageID
		if plan.inbox != 0 {
			o.InboxID = &plan.inbox
		}
		o.CreatedBy = idOf(by)
	}
	if err := g.Store.AddOutgoing(ctx, list); err != nil {
		return 0, err
	}
	return len(list), g.Store.AddMessageIDs(ctx, plan.issue.Number, ids, true)
}

// choose returns the recipients of a plan that are wanted; nil wants those that are chosen.
func (p AnswerPlan) choose(wanted []string) ([]AnswerRecipient, error) {
	var out []AnswerRecipient
	for _, r := range p.Recipients {
		if wanted == nil && r.Chosen || slices.Contains(wanted, r.Address) {
			out = append(out, r)
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(p.Recipients, func(r AnswerRecipient) bool { return r.Address == w && !r.Unsendable }) {
			return nil, models.InvalidList{{Field: "recipients", Code: "E-SEND-06", Args: map[string]string{"address": outbound.Line(w, 100)}}}
		}
	}
	return out, nil
}

// answers writes the rows of one answer. The customer stands in To, the others in Cc; who gets a copy sees who else does.
func (g *Gateway) answers(ctx context.Context, a models.SendingAccount, i models.Issue, c models.Comment, chosen []AnswerRecipient) ([]*models.Outgoing, error) {
	keys, err := g.signing(ctx)
	if err != nil {
		return nil, err
	}
	content := models.OutgoingContent{Subject: answerSubject(i.Number, thread.Title(i.Title))}
	for n, r := range chosen {
		if n == 0 || r.Customer {
			content.To = append(content.To, r.Address)
		} else {
			content.Cc = append(content.Cc, r.Address)
		}
	}
	refs, err := g.Store.MessageIDsOf(ctx, i.Number)
	if err != nil {
		return nil, err
	}
	at, list := now(), make([]*models.Outgoing, 0, len(chosen))
	next := at.Add(undoTime)
	for _, r := range chosen {
		o := &models.Outgoing{
			Kind: models.OutgoingAnswer, AccountID: a.ID, IssueNumber: i.Number, CommentID: &c.ID, Recipient: r.Address, RecipientName: r.Name,
			RFCMessageID: keys.MessageID("r", i.Number, c.ID, r.Address, helloOf(a.Address)), Language: a.Settings.Language,
			State: models.OutgoingQueued, Content: content, NextAttemptAt: &next, CreatedAt: at, ExpiresAt: at.Add(answerLife),
		}
		if lang := outbound.Language(c.Body); lang != "" {
			o.Language = lang
		}
		o.Content.InReplyTo, o.Content.References = threadOf(keys, refs, r.Address)
		list = append(list, o)
	}
	return list, nil
}

// threadOf are In-Reply-To and References of a mail to a recipient: the mails that came in and those that this recipient
// got from us, of which its mail program knows.
func threadOf(keys outbound.Keys, refs []models.MessageIDRef, recipient string) (inReplyTo string, all []string) {
	for _, r := range refs {
		if r.Outgoing {
			if ref, ok := keys.ReadMessageID(r.RFCMessageID); !ok || !ref.IsFor(recipient) {
				continue
			}
		} else {
			inReplyTo = r.RFCMessageID
		}
		all = append(all, r.RFCMessageID)
	}
	if inReplyTo == "" && len(all) > 0 {
		inReplyTo = all[len(all)-1]
	}
	return inReplyTo, lastOf(all, 20)
}

// UndoAnswer takes an answer back whose mails have not begun to go, and returns its text. models.ErrConflict when it is
// too late, models.ErrForbidden when another person wrote it.
func (g *Gateway) UndoAnswer(ctx context.Context, by *models.User, issue, comment int64) (text string, err error) {
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		c, err := g.Store.CommentByID(ctx, comment)
		switch {
		case err != nil:
			return err
		case c.IssueNumber != issue:
			return models.ErrNotFound
		case by == nil || c.AuthorID != by.ID:
			return models.ErrForbidden
		}
		text = c.Body
		if err := g.Store.DeleteAnswer(ctx, comment); err != nil {
			return err
		}
		return g.audit(ctx, by, "answer.undo", "issue:"+itoa(issue), map[string]string{"comment": itoa(comment)})
	})
	if err == nil {
		g.Changed("issue:" + itoa(issue))
	}
	return text, err
}
