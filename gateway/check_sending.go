package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// PhaseSending is the last phase of the check of an inbox: whether its answers would go out.
const PhaseSending mailbox.Phase = "sending"

// sendingTime bounds it.
const sendingTime = 15 * time.Second

// CheckOf says what is checked: an inbox, or one that is not there yet (0) and is to lead into a project.
type CheckOf struct{ Inbox, Project int64 }

func (o CheckOf) object() string {
	if o.Inbox != 0 {
		return "inbox:" + itoa(o.Inbox)
	}
	return "project:" + itoa(o.Project)
}

// withSending adds to a check that went well whether the account by which the answers go out works. Its failure is a
// warning: mail comes in all the same. Where there is no account there is no phase.
func (g *Gateway) withSending(ctx context.Context, of CheckOf, each func(CheckPhase), found CheckReport) CheckReport {
	if !found.OK {
		return found
	}
	a, err := g.sendingFor(ctx, of.Inbox, of.Project)
	if err != nil {
		if !errors.Is(err, models.ErrNotFound) {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "sending account not read for a check", slog.Any("err", err))
		}
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, sendingTime)
	defer cancel()
	run := &checkRun{report: found, each: each, start: time.Now()}
	p := CheckPhase{Phase: PhaseSending, State: "ok", Args: map[string]string{"address": a.Address}}
	tried, err := g.CheckSending(ctx, a.ID, SendingDraft{Place: a.Place, Address: a.Address, Name: a.Name, Settings: a.Settings})
	if err != nil {
		problem := asProblem(err, PhaseSending)
		p.Code, p.Args = problem.Code, problem.Args
	}
	for _, one := range tried.Phases {
		if one.State == "failed" {
			p.Code, p.Args = one.Code, one.Args
		}
	}
	run.add(p)
	return run.report
}
