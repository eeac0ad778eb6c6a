package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// replyView is what the form of an answer says about its mails, and what became of the mails of each comment.
type replyView struct {
	gateway.AnswerPlan
	Cause string // What is wrong with the account.
	Mails map[int64][]replyMail
	Ack   []replyMail // Mails that belong to no comment.
	Undo  int64       // The comment that its writer can still take back; 0: none.
}

// replyMail is a mail beside the comment that it carries.
type replyMail struct {
	models.Outgoing
	Health   health
	Sentence string
}

// answer adds a comment and, when it is public, puts its mails into the outbox, both in one transaction. recipients are
// those whom the writer has confirmed; nil are those that are proposed.
func (h *Handlers) answer(ctx context.Context, by *models.User, number int64, d tracker.CommentDraft, recipients []string) (tracker.CommentView, int, error) {
	var c tracker.CommentView
	mails := 0
	if issue, err := h.Tracker.Issue(ctx, by, number); err != nil {
		return c, 0, err
	} else if a, err := h.Tracker.Access(ctx, by); err != nil {
		return c, 0, err
	} else if !a.WorksOn(issue.ProjectID) {
		recipients = []string{} // A reporter writes to those who work on the issue, not to customers.
	}
	err := h.Gateway.Atomically(ctx, func(ctx context.Context) (err error) {
		if c, err = h.Tracker.Comment(ctx, by, number, d); err != nil {
			return err
		}
		mails, err = h.Gateway.QueueAnswer(ctx, by, c.Comment, recipients)
		return err
	})
	if err == nil {
		h.Gateway.Told(number)
	}
	return c, mails, err
}

// reply collects what the page of an issue says about its mails.
func (v *visit) reply(number int64) (replyView, error) {
	r := replyView{Mails: map[int64][]replyMail{}}
	var err error
	if r.AnswerPlan, err = v.h.Gateway.PlanAnswer(v.ctx(), number); err != nil {
		return r, fmt.Errorf("plan an answer: %w", err)
	}
	if r.Trouble != "" {
		r.Cause = v.l.T("sending.trouble")
	}
	if v.Request.Method == http.MethodPost && v.Request.PostForm.Has("recipients") { // As the writer has chosen.
		for i := range r.Recipients {
			r.Recipients[i].Chosen = slices.Contains(v.Request.PostForm["to"], r.Recipients[i].Address)
		}
	}
	all, err := v.h.Gateway.OutgoingOfIssue(v.ctx(), number)
	if err != nil {
		return r, err
	}
	for _, o := range all {
		m := replyMail{Outgoing: o, Health: v.outgoingHealth(o), Sentence: v.outgoingSentence(o)}
		if o.CommentID == nil {
			r.Ack = append(r.Ack, m)
			continue
		}
		r.Mails[*o.CommentID] = append(r.Mails[*o.CommentID], m)
		if o.State == models.OutgoingQueued && o.Attempts == 0 && o.CreatedBy != nil && *o.CreatedBy == v.me.ID && o.NextAttemptAt != nil && o.NextAttemptAt.After(time.Now()) {
			r.Undo = *o.CommentID
		}
	}
	return r, nil
}

// recipients are those whom the writer has confirmed; nil when the form does not ask.
func (v *visit) recipients() []string {
	if !v.Request.PostForm.Has("recipients") {
		return nil
	}
	return append([]string{}, v.Request.PostForm["to"]...)
}

// replyUndo takes an answer back that has not begun to go, and gives its text back to the form.
func replyUndo(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	comment, err := v.id("comment")
	if err != nil {
		return err
	}
	if _, err := v.h.Tracker.Issue(v.ctx(), v.me, number); err != nil {
		return err
	}
	text, err := v.h.Gateway.UndoAnswer(v.ctx(), v.me, number, comment)
	if errors.Is(err, models.ErrConflict) {
		v.say("warn", "flash.undo_late")
		return v.redirect(fmt.Sprintf("/issues/%d", number))
	}
	if err != nil {
		return err
	}
	return v.showIssue(http.StatusOK, number, v.commentForm(map[string]string{"body": text, "kind": "public"}))
}
