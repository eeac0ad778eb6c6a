package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// session is one connection. The library calls it from one goroutine at a time.
type session struct {
	ctx  context.Context // Of the server: the library hands none on.
	s    *Server
	conn *smtp.Conn
	from string
	size int64
	to   []recipient
}

// recipient is an address with the inboxes that take its mail.
type recipient struct {
	address string
	targets []Target
}

var _ smtp.LMTPSession = (*session)(nil)

func refusal(code int, status [3]int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(status), Message: text}
}

func tryLater() *smtp.SMTPError {
	return refusal(451, [3]int{4, 3, 0}, "cannot take the message now, try again later")
}

func tooLarge() *smtp.SMTPError {
	return refusal(552, [3]int{5, 3, 4}, "the message is larger than this mailbox takes")
}

// Mail begins a message. Its reverse-path becomes a header line, so it must be one.
func (c *session) Mail(from string, opts *smtp.MailOptions) error {
	if strings.ContainsFunc(from, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(from) > 512 {
		return refusal(553, [3]int{5, 1, 7}, "this is no address")
	}
	if c.from = from; opts != nil {
		c.size = opts.Size
	}
	return nil
}

// Rcpt takes an address that an inbox takes mail for.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.ContainsFunc(to, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(to) > 512 {
		return refusal(553, [3]int{5, 1, 3}, "this is no address")
	}
	targets, err := c.s.Find(c.ctx, to)
	if err != nil {
		c.s.Log.LogAttrs(c.ctx, slog.LevelError, "recipient could not be looked up", slog.Any("err", err))
		return tryLater()
	}
	if len(targets) == 0 {
		return refusal(550, [3]int{5, 1, 1}, "no such mailbox")
	}
	for _, t := range targets {
		switch {
		case t.Paused:
			return refusal(450, [3]int{4, 2, 1}, "the mailbox is paused, try again later")
		case c.size > t.Most:
			return tooLarge()
		}
	}
	c.to = append(c.to, recipient{to, targets})
	return nil
}

// Data takes a message for all recipients with one answer (SMTP): 250 when one of them has it and none is to be tried
// again; what was done already is found again by its octets then.
func (c *session) Data(r io.Reader) error {
	var answers []error
	err := c.take(r, func(_ string, err error) { answers = append(answers, err) })
	if err != nil {
		return err
	}
	var refused *smtp.SMTPError
	for _, err := range answers {
		one, ok := errors.AsType[*smtp.SMTPError](err)
		if ok && one.Code < 500 {
			return one
		}
		if ok && refused == nil {
			refused = one
		}
	}
	if refused == nil || slices.Contains(answers, nil) {
		return nil
	}
	return refused
}

// LMTPData takes a message with an answer for each recipient (RFC 2033, 4.2).
func (c *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return c.take(r, status.SetStatus)
}

// take reads the message and brings it to its result for each recipient, in order. Its error concerns all of them.
func (c *session) take(r io.Reader, each func(address string, err error)) error {
	body, err := mailbox.Spool(c.ctx, r, "", c.s.Most)
	if tooBig, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return tooBig // The library has found that it is too large.
	}
	if errors.Is(err, mailbox.ErrTooLarge) {
		return tooLarge()
	}
	if err != nil {
		c.s.Log.LogAttrs(c.ctx, slog.LevelWarn, "message did not arrive", slog.String("door", c.s.door), slog.Any("err", err))
		return tryLater()
	}
	defer body.Abort()
	entries, err := body.List(c.ctx)
	if err != nil || len(entries) != 1 {
		return tryLater()
	}
	for _, to := range c.to {
		each(to.address, c.deliver(body, entries[0], to))
	}
	return nil
}

// deliver brings the message to its result in each inbox of a recipient. The error is what the client is told.
func (c *session) deliver(body *mailbox.Single, entry mailbox.Entry, to recipient) error {
	var refused error
	taken := false
	for _, t := range to.targets {
		if entry.Size > t.Most {
			refused = tooLarge()
			continue
		}
		var m models.Message
		head := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\n", c.from, to.address)
		err := body.Fetch(c.ctx, []mailbox.Ref{entry.Ref}, func(_ mailbox.Ref, r io.Reader) (err error) {
			m, err = c.s.Receive(c.ctx, t.InboxID, c.s.door, io.MultiReader(strings.NewReader(head), r))
			return err
		})
		if err != nil {
			c.s.Log.LogAttrs(c.ctx, slog.LevelWarn, "message not taken, the mail server keeps it", slog.String("door", c.s.door),
				slog.Int64("inbox_id", t.InboxID), slog.Any("err", err))
			return tryLater()
		}
		if m.State == models.MessageRejected { // The same words whatever the reason: strangers learn nothing from them.
			refused = refusal(550, [3]int{5, 7, 1}, fmt.Sprintf("refused by the rules of this mailbox (message %d)", m.ID))
			continue
		}
		taken = true
	}
	if taken {
		return nil
	}
	return refused
}

// Reset forgets the message.
func (c *session) Reset() { c.from, c.size, c.to = "", 0, nil }

// Logout ends the session.
func (c *session) Logout() error { return nil }
