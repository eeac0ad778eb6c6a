package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"letterbox/gateway/message"
	"letterbox/models"
	"letterbox/tracker"
)

// issueView is what the page of an issue shows.
type issueView struct {
	tracker.IssueView
	Posts    []post // The description, then the comments.
	Mentions []string
	States   []models.IssueState
	Assign   []option
	MailIn   int
	Address  string // Of the inbox that it came from.
	Given    string // Login of the one who has it, "" for nobody.
	// What is chosen in the form: what the issue has, or what was entered.
	WantState, WantGiven string
	Conflict             *conflict // Nil when nobody was faster.
	Reply                replyView
}

// post is one sheet of the thread.
type post struct {
	Anchor      string
	Author      models.User
	Address     string // Of the sender, when there is one.
	At          time.Time
	Internal    bool
	Shown       string
	Folded      string
	FoldedKey   string // Of the catalogue: what is folded away.
	FoldedLines int
	Files       []models.Attachment
	Mail        *mailOrigin // Nil when it was written here.
	Sent        []replyMail // The mails that it went out in.
	Undo        int64       // The comment, while its writer can take it back; else 0.
	Number      int64
}

// mailOrigin is the mail that a post was made of.
type mailOrigin struct {
	Message models.Message
	Inbox   string // Its address, or its name; "" when it is gone.
	Source  string // Address of its HTML; "" when the octets are past retention.
	Defects []string
	// What S/MIME says of it, from the trace, and whether it was encrypted.
	Security  []security
	Decrypted bool
}

// issueShow shows an issue with its thread.
func issueShow(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	return v.showIssue(http.StatusOK, number, v.commentForm(nil))
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
	data := issueView{IssueView: found, States: models.IssueStates(), Conflict: c, WantState: string(found.State)}
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
	first.Sent = data.Reply.Ack
	data.Posts = append(data.Posts, first)
	for _, c := range found.Comments {
		p := post{Anchor: fmt.Sprint("comment-", c.ID), Author: c.Author, At: c.CreatedAt, Internal: c.Internal, Files: c.Attachments, Sent: data.Reply.Mails[c.ID], Number: number}
		if data.Reply.Undo == c.ID {
			p.Undo = c.ID
		}
		v.write(&p, c.Body, c.OriginMessageID, names)
		data.Posts = append(data.Posts, p)
	}
	for _, p := range data.Posts {
		if p.Mail != nil {
			data.MailIn++
		}
	}
	if first.Mail != nil {
		data.Address = first.Mail.Inbox
	}
	if data.Assign, err = v.assignees(found); err != nil {
		return err
	}
	if found.Assignee != nil && found.Assignee.Login != nil {
		data.Given = *found.Assignee.Login
	}
	data.WantGiven = data.Given
	if state, ok := f.values["state"]; ok && state != "" {
		data.WantState = state
	}
	if login, ok := f.values["assignee"]; ok && v.Request.PostForm.Has("assignee") {
		data.WantGiven = login
	}
	title := found.Title
	if title == "" {
		title = v.l.T("issue.no_subject")
	}
	return v.render(status, "issue_show", view{
		Title: fmt.Sprintf("#%d %s", number, title), Section: "issues", Form: f, Live: fmt.Sprintf("issue:%d", number), Data: data,
	})
}

// write fills a post with its text, and with the mail it came from. A mail that cannot be looked up leaves the post as
// it is.
func (v *visit) write(p *post, text string, origin *int64, inboxes map[int64]string) {
	if len(p.Author.Addresses) > 0 {
		p.Address = p.Author.Addresses[0]
	}
	if origin == nil {
		p.Shown = text
		return
	}
	shown, quoted, signature := message.Split(text)
	p.Shown = shown
	p.Folded, p.FoldedKey, p.FoldedLines = folded(quoted, signature)
	m, traces, err := v.h.Gateway.Message(v.ctx(), *origin)
	if err != nil {
		if !errors.Is(err, models.ErrNotFound) {
			v.h.Log.WarnContext(v.ctx(), "mail of a comment not loaded", slog.Int64("message_id", *origin), slog.Any("err", err))
		}
		return
	}
	if m.FromAddress != "" {
		p.Address = m.FromAddress
	}
	p.Mail = &mailOrigin{Message: m, Inbox: inboxes[m.InboxID]}
	if m.BlobID != nil && m.IssueNumber != nil {
		p.Mail.Source = fmt.Sprintf("/issues/%d/mail/%d", *m.IssueNumber, m.ID)
	}
	for _, t := range traces {
		if t.Run != traces[len(traces)-1].Run {
			continue
		}
		for _, e := range t.Entries {
			switch e.Code {
			case "parse.defect":
				p.Mail.Defects = append(p.Mail.Defects, v.defect(e.Args["defect"], e.Args["detail"]))
			case "parse.decrypted":
				p.Mail.Decrypted = true
				p.Mail.Security = append(p.Mail.Security, v.decrypted())
			case "parse.signature":
				p.Mail.Security = append(p.Mail.Security, v.signature(e.Args["state"], e.Args["signature"], m.FromAddress))
			}
		}
	}
}

// assignees are those who can have the issue: the members of its project, the one who has it and the person itself.
func (v *visit) assignees(found tracker.IssueView) ([]option, error) {
	members, err := v.h.Tracker.Members(v.ctx(), v.me, found.ProjectID)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	out := []option{{"", v.l.T("issue.nobody")}}
	seen := map[int64]bool{}
	add := func(u models.User) {
		if u.Login != nil && u.DisabledAt == nil && !seen[u.ID] {
			seen[u.ID] = true
			out = append(out, option{*u.Login, u.Name})
		}
	}
	add(*v.me)
	for _, m := range members {
		add(m.User)
	}
	if found.Assignee != nil {
		add(*found.Assignee)
	}
	return out, nil
}

// folded joins what is folded away and returns how it is called and its number of lines.
func folded(quoted, signature string) (text, key string, lines int) {
	key = "mail.quoted"
	if quoted == "" {
		key = "mail.signature"
	}
	if text = strings.Trim(quoted+"\n\n"+signature, "\n"); text != "" {
		lines = strings.Count(text, "\n") + 1
	}
	return text, key, lines
}
