package handlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// issueView is what the page of an issue shows.
type issueView struct {
	tracker.IssueView
	Posts    []post // The description, then the comments.
	Mentions []string
	Assign   []option
	MailIn   int
	Address  string            // Of the inbox that it came from.
	Was      map[string]string // The properties as they are stored.
	Want     map[string]string // What is chosen in the form: what the issue has, or what was entered.
	Conflict *conflict         // Nil when nobody was faster.
	Known    []models.Label    // Of the project.
	Movable  []option          // Projects that it can move to.
	Links    []tracker.Link
	Fields   []models.IssueField // What its mails say.
	History  []tracker.Change
	Customer tracker.Customer
	Watching bool
	Muted    bool
	Draft    bool   // The text is a draft of an earlier visit.
	Preview  string // Text to be shown as it will look, "" for none.
	Lacking  bool   // The text to be shown speaks of a file, and there is none.
	Reply    replyView
	// Texts that an answer may begin with.
	Templates []models.AnswerTemplate
	Works     bool // The person may change the issue; a reporter only comments.
}

// post is one sheet of the thread.
type post struct {
	Anchor      string
	Comment     int64 // 0: the description.
	Written     bool  // Here, by a person: Markdown.
	Author      models.User
	Address     string // Of the sender, when there is one.
	At          time.Time
	Internal    bool
	Shown       string
	Folded      string
	FoldedKey   string // Of the catalogue: what is folded away.
	FoldedLines int
	Files       []models.Attachment
	Intake      *models.Intake // The record of the mail; nil: it has none.
	Mail        *mailOrigin    // Nil when it was written here.
	Sent        []replyMail    // The mails that it went out in.
	Undo        int64          // The comment, while its writer can take it back; else 0.
	Number      int64
}

// mailOrigin is the mail that a post was made of.
type mailOrigin struct {
	Message models.Message
	Inbox   string // Its address, or its name; "" when it is gone.
	Source  string // Address of its HTML; "" when the octets are past retention.
	Story   string // Address of its page in the inbound log; "" for those who do not see the inbox.
	Defects []string
	// Nil when the mail invites to nothing, or its text says what to.
	Invitation *invitation
	// What S/MIME says of it, from the trace, and whether it was encrypted.
	Security  []security
	Decrypted bool
	Pictures  pictureChoice
	Open      bool // The mail as it came is unfolded.
}

// issueShow shows an issue with its thread, and with what the person has begun to write. What it was told of the issue
// is read with that.
func issueShow(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f := v.commentForm(nil)
	d, found, err := v.h.Tracker.Draft(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	if found {
		f.values["body"], f.values["draft"] = d.Body, "true"
		if d.Internal {
			f.values["kind"] = "internal"
		}
	}
	if v.Request.Method == http.MethodGet {
		if err := v.h.Tracker.MarkRead(v.ctx(), v.me, number, 0); err != nil {
			v.h.Log.WarnContext(v.ctx(), "notifications not marked", slog.Any("err", err))
		}
	}
	if err := v.showIssue(http.StatusOK, number, f); err != nil || v.Writer.Status() != http.StatusOK {
		return err
	}
	if err := v.h.Tracker.Visit(v.ctx(), v.me, number); err != nil { // The page is there already.
		v.h.Log.WarnContext(v.ctx(), "visit not noted", slog.Any("err", err))
	}
	return nil
}

func (v *visit) commentForm(values map[string]string) *form {
	if values == nil {
		values = map[string]string{"body": "", "kind": "public"}
	}
	return v.newForm("comment", values)
}

func (v *visit) showIssue(status int, number int64, f *form) error {
	return v.showIssueWith(status, number, f, nil)
}

// showIssueWith shows an issue; c tells of a change by somebody else, nil when there was none.
func (v *visit) showIssueWith(status int, number int64, f *form, c *conflict) error {
	found, err := v.h.Tracker.ShowIssue(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	if found.MergedInto != nil {
		v.say("ok", "flash.merged", "key", fmt.Sprintf("#%d", number))
		return v.redirect(fmt.Sprintf("/issues/%d", *found.MergedInto))
	}
	data := issueView{IssueView: found, Conflict: c, Works: v.access.WorksOn(found.ProjectID)}
	if found.Mentions != "" {
		data.Mentions = strings.Split(found.Mentions, ",")
	}
	// That an issue came by an inbox is no secret for those who see the issue.
	names, err := v.h.Gateway.InboxAddresses(v.ctx())
	if err != nil {
		return err
	}
	first := post{
		Anchor: "description", Author: found.Reporter, At: found.CreatedAt, Files: found.Attachments,
	}
	v.write(&first, found.Description, found.OriginMessageID, names)
	first.Shown, first.Folded = found.Description, "" // The mail that an issue begins with is never shortened.
	if data.Reply, err = v.reply(number); err != nil {
		return err
	}
	if !data.Works {
		data.Reply = replyView{} // What goes out to others is for those who work on the issue.
	}
	first.Sent = data.Reply.Ack
	data.Posts = append(data.Posts, first)
	for _, c := range found.Comments {
		p := post{Anchor: fmt.Sprint("comment-", c.ID), Comment: c.ID, Author: c.Author, At: c.CreatedAt, Internal: c.Internal, Files: c.Attachments, Sent: data.Reply.Mails[c.ID], Number: number}
		if data.Reply.Undo == c.ID {
			p.Undo = c.ID
		}
		v.write(&p, c.Body, c.OriginMessageID, names)
		data.Posts = append(data.Posts, p)
	}
	if data.MailIn, err = v.tellStories(data.Posts); err != nil {
		return err
	}
	if first.Mail != nil {
		data.Address = first.Mail.Inbox
	}
	if data.Works {
		if data.Assign, err = v.assignees(found.ProjectID, found.Assignee); err != nil {
			return err
		}
	}
	if err := v.fillIssue(&data, f); err != nil {
		return err
	}
	title := found.Title
	if title == "" {
		title = v.l.T("issue.no_subject")
	}
	return v.render(status, "issue_show", view{
		Title: fmt.Sprintf("#%d %s", number, title), Section: "issues", Form: f, Live: fmt.Sprintf("issue:%d", number), Data: data,
	})
}
