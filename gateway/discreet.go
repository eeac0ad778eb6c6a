package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// noMailServer is what somebody who is no admin of the installation is told of a port where no mail server answers,
// whatever is there instead.
const noMailServer = "E-NET-09"

// betrays reports whether a failure tells a port that refuses, one that keeps silent and one with another service apart.
func betrays(phase mailbox.Phase, code string) bool {
	early := phase == "" || phase == mailbox.PhaseDNS || phase == mailbox.PhaseConnect || phase == mailbox.PhaseTLS
	return early && slices.Contains([]string{"E-NET-01", "E-NET-02", "E-NET-03", "E-NET-05"}, code)
}

// doubted reports whether a failure may be that of a service that is no mail server.
func doubted(code string) bool {
	return slices.Contains([]string{"E-TLS-01", "E-TLS-02", "E-TLS-03", "E-TLS-05", "E-TLS-07", "E-TLS-08"}, code)
}

// hides reports whether a failure is kept from somebody who is no admin: it betrays a port, and no mail server greets there.
func (g *Gateway) hides(ctx context.Context, s models.InboxSettings, phase mailbox.Phase, code string) bool {
	return betrays(phase, code) || doubted(code) && !g.greets(ctx, s, code)
}

// greets reports whether a mail server is there that has failed with code, whatever is wrong with its certificate or the
// way it encrypts. Nothing is sent to it.
func (g *Gateway) greets(ctx context.Context, s models.InboxSettings, code string) bool {
	switch code {
	case "E-TLS-03":
		s.Security = "tls"
	case "E-TLS-05":
		s.Security = "none"
	}
	s.TLSVerify = string(mailbox.VerifyOff)
	a, err := accountOf(s, "", g.Dial)
	if err != nil {
		return false
	}
	a.Username = ""
	return greet(ctx, s.Receive, a) == nil
}

// Discreetly does something with a server for the eyes of a person. Somebody who is no admin must not find out with it
// what listens at a port where no mail server is: whatever is wrong there, the failure is the same *mailbox.Problem, and
// comes after as long.
func (g *Gateway) Discreetly(ctx context.Context, admin bool, s models.InboxSettings, do func() error) error {
	start := time.Now()
	err := do()
	p, ok := errors.AsType[*mailbox.Problem](err)
	if admin || !ok {
		return err
	}
	until, cancel := context.WithDeadline(ctx, start.Add(s.ConnectTimeout))
	defer cancel()
	if !g.hides(until, s, p.Phase, p.Code) {
		return err
	}
	wait(ctx, time.Until(start.Add(s.ConnectTimeout)), nil)
	return noServer(s)
}

// noServer is the failure that all of them look like.
func noServer(s models.InboxSettings) *mailbox.Problem {
	return &mailbox.Problem{Phase: mailbox.PhaseConnect, Code: noMailServer, Args: map[string]string{"host": s.Host, "port": strconv.Itoa(s.Port)}}
}

// evenOut has the first visits to a server that has never worked fail after the same time whatever is there, so that who
// configures the inbox does not learn it from the clock. A service that is no mail server is called that.
func (g *Gateway) evenOut(ctx context.Context, ib models.Inbox, start time.Time, cause error) error {
	p, ok := errors.AsType[*mailbox.Problem](cause)
	if !ok || ib.StartedAt != nil || ib.Global || g.Dial == nil {
		return cause
	}
	until, cancel := context.WithDeadline(ctx, start.Add(ib.Settings.ConnectTimeout))
	defer cancel()
	if !g.hides(until, ib.Settings, p.Phase, p.Code) {
		return cause
	}
	if doubted(p.Code) {
		q := *p
		q.Code, q.Args = "E-NET-05", maps.Clone(p.Args)
		cause = &q
	}
	wait(ctx, time.Until(start.Add(ib.Settings.ConnectTimeout)), nil)
	return cause
}

// DiscreetCode is a code as somebody sees it who is no admin.
func DiscreetCode(code string) string {
	if betrays("", code) {
		return noMailServer
	}
	return code
}

// Discreet is an inbox as somebody sees it who is no admin: its state says that no mail server answers, and not what does.
func (v InboxView) Discreet() InboxView {
	if betrays(mailbox.Phase(v.Status.Phase), v.Status.Code) {
		p := noServer(v.Settings)
		v.Status.Phase, v.Status.Code, v.Status.Args = string(p.Phase), p.Code, p.Args
	}
	return v
}

// Discreet is a line of the audit log as somebody sees it who is no admin.
func (l AuditLine) Discreet() AuditLine {
	if code := l.Values["result"]; betrays("", code) {
		l.Values = maps.Clone(l.Values)
		l.Values["result"] = noMailServer
	}
	return l
}

// DiscreetEvents are the events of an inbox as somebody sees them who is no admin.
func DiscreetEvents(v InboxView, events []models.InboxEvent) []models.InboxEvent {
	out := make([]models.InboxEvent, 0, len(events))
	for _, e := range events {
		if betrays(mailbox.Phase(e.Args["phase"]), e.Code) {
			e.Code, e.Args = noMailServer, noServer(v.Settings).Args
			if n := len(out); n > 0 && out[n-1].Code == noMailServer {
				out = out[:n-1] // The older one of the same trouble is when it began.
			}
		}
		out = append(out, e)
	}
	return out
}
