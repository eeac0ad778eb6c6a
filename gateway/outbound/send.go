package outbound

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/wire"
)

// Verdict is what became of one attempt to send a mail.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted" // The server took the mail over.
	Later    Verdict = "later"    // Not now: try again.
	Never    Verdict = "never"    // Not in this form or not to this recipient: give up.
	Hold     Verdict = "hold"     // Not before somebody has put something right; never as it is.
	Trouble  Verdict = "trouble"  // The account, not the mail: no mail gets through.
)

// Outcome is the result of one attempt.
type Outcome struct {
	Verdict Verdict
	Code    string            // Of the message catalogue; "" when accepted.
	Args    map[string]string // Placeholders of its sentence.
	Answer  string            // The server's words, one line.
	Status  string            // Enhanced status code (RFC 3463), "5.1.1"; "" when there was none.
	// Unclear says that the connection broke after the end of the mail: it may have been taken over.
	Unclear bool
	Err     error // For operators; never holds mail text or addresses.
}

// NoSuchMailbox reports whether the answer says that the address does not exist (RFC 3463, 3.2).
func (o Outcome) NoSuchMailbox() bool { return o.Verdict == Never && permanentAddress(o.Status) }

func permanentAddress(status string) bool {
	switch status {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1":
		return true
	}
	return false
}

// Hard reports whether a status code of a bounce says that the address will not work later either.
func Hard(status string) bool { return permanentAddress(status) }

// Envelope is where a mail goes and where its bounces come to.
type Envelope struct {
	From string // "" is the null sender of automatic mail (RFC 3834, 3.3).
	// Instead is the sender for servers that refuse the null one.
	Instead string
	To      string
	Size    int64 // Estimated octets.
}

// Send hands one mail to the server. It returns when the server has answered for it, or ctx is done.
func (s *Session) Send(ctx context.Context, env Envelope, write Writer) Outcome {
	to, ok := onWire(env.To)
	if !ok || !Sendable(env.To) || env.From != "" && !Plain(env.From) {
		return Outcome{Verdict: Never, Code: "E-SMTP-05", Args: map[string]string{"address": env.To}, Err: ErrUnusable}
	}
	if !isASCII(to) && !s.UTF8() {
		return Outcome{Verdict: Never, Code: "E-SMTP-16", Args: map[string]string{"address": env.To, "host": s.account.Host}, Err: errors.New("server does not offer SMTPUTF8")}
	}
	env.To = to
	if most := s.MaxSize(); most > 0 && env.Size > most {
		return Outcome{Verdict: Never, Code: "E-SMTP-03", Args: sizes(env.Size, most), Err: errors.New("larger than the server takes")}
	}
	if out, ok := s.begin(ctx, env); !ok {
		return out
	}
	data, err := s.data(ctx)
	if err != nil {
		return s.outcome("data", err, env)
	}
	limits := wire.Limits{Octets: answerLimit, Idle: acceptTimeout + time.Duration(env.Size/(16<<10))*time.Second}
	sent := false
	var broken error
	err = s.conn.Do(ctx, limits, func() error {
		if broken = write(data); broken != nil {
			return broken
		}
		sent = true
		return data.Close()
	})
	if broken != nil && s.conn.Cause() == nil { // Not the connection: the dot must not follow, or half a mail would go.
		s.dead = true
		s.conn.Abort()
		if errors.Is(broken, ErrUnusable) {
			return Outcome{Verdict: Never, Code: "E-SMTP-05", Args: map[string]string{"address": env.To}, Err: broken}
		}
		return Outcome{Verdict: Later, Code: "E-SMTP-06", Err: broken}
	}
	if err != nil {
		out := s.outcome("end", err, env)
		_, answered := errors.AsType[*smtp.SMTPError](err)
		out.Unclear = sent && !answered
		return out
	}
	s.begun = false
	return Outcome{Verdict: Accepted}
}

func sizes(size, most int64) map[string]string {
	return map[string]string{"size": strconv.FormatInt(size, 10), "max": strconv.FormatInt(most, 10)}
}

// begin names sender and recipient. It reports false with the outcome when the server does not agree.
func (s *Session) begin(ctx context.Context, env Envelope) (Outcome, bool) {
	if s.begun {
		if err := s.do(ctx, s.client.Reset); err != nil {
			return s.outcome("reset", err, env), false
		}
	}
	s.begun = true
	dsn := &smtp.MailOptions{Return: smtp.DSNReturnHeaders, UTF8: !isASCII(env.To)} // RFC 6531, 3.4.
	err := s.do(ctx, func() error { return s.client.Mail(env.From, dsn) })
	if status, ok := errors.AsType[*smtp.SMTPError](err); ok && status.Code/100 == 5 && env.From == "" && env.Instead != "" {
		err = s.do(ctx, func() error { return s.client.Mail(env.Instead, dsn) })
	}
	if err != nil {
		return s.outcome("mail", err, env), false
	}
	var rcpt *smtp.RcptOptions
	if env.From == "" {
		rcpt = &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyNever}}
	}
	if err := s.do(ctx, func() error { return s.client.Rcpt(env.To, rcpt) }); err != nil {
		return s.outcome("rcpt", err, env), false
	}
	return Outcome{}, true
}

func (s *Session) data(ctx context.Context) (data *smtp.DataCommand, err error) {
	err = s.do(ctx, func() error {
		data, err = s.client.Data()
		return err
	})
	return data, err
}

// outcome says what an error at a stage of a mail means: "reset", "mail", "rcpt", "data" or "end".
func (s *Session) outcome(stage string, err error, env Envelope) Outcome {
	status, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok { // The connection.
		s.dead = true
		out := Outcome{Verdict: Later, Code: "E-NET-05", Err: fmt.Errorf("%s: %w", stage, err)}
		if p, isProblem := errors.AsType[*mailbox.Problem](s.problem(err)); isProblem {
			out.Code, out.Args, out.Answer = p.Code, p.Args, p.Args["text"]
		}
		return out
	}
	out := Outcome{Answer: s.words(status), Err: fmt.Errorf("%s: server answered %d", stage, status.Code)}
	if c := status.EnhancedCode; c[0] > 0 {
		out.Status = fmt.Sprintf("%d.%d.%d", c[0], c[1], c[2])
	}
	out.Args = map[string]string{"address": env.To, "text": out.Answer, "host": s.account.Host}
	if status.Code == 421 {
		s.dead = true
	}
	switch {
	case status.Code == 530 || status.Code == 535:
		out.Verdict, out.Code = Trouble, "E-AUTH-05"
	case status.Code/100 == 4:
		out.Verdict, out.Code = Later, "E-SMTP-07"
	case status.Code == 552 && out.Status != "5.2.2" || out.Status == "5.3.4" || out.Status == "5.2.3":
		out.Verdict, out.Code = Never, "E-SMTP-03"
		for name, value := range sizes(env.Size, s.MaxSize()) {
			out.Args[name] = value
		}
	case stage == "mail" || stage == "reset":
		out.Verdict, out.Code = Trouble, "E-SMTP-01"
		out.Args["address"] = strings.TrimSpace(env.From + env.Instead)
	case stage == "rcpt":
		out.Verdict, out.Code = Never, "E-SMTP-02"
	default:
		out.Verdict, out.Code = Never, "E-SMTP-08"
	}
	return out
}
