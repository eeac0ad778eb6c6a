package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/models"
)

// write fills a post with its text, and with the mail it came from. A mail that cannot be looked up leaves the post as
// it is.
func (v *visit) write(p *post, text string, origin *int64, inboxes map[int64]string) {
	if len(p.Author.Addresses) > 0 {
		p.Address = p.Author.Addresses[0]
	}
	if origin == nil {
		p.Shown, p.Written = text, true
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
		p.Mail.Open = v.Query("mail") == fmt.Sprint(m.ID)
		if p.Mail.Pictures, err = v.pictureChoice(m, traces); err != nil {
			v.h.Log.WarnContext(v.ctx(), "choice of pictures not loaded", slog.Any("err", err))
		} else {
			p.Mail.Pictures.Action = p.Mail.Source + "/pictures"
		}
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
			case "parse.invitation":
				p.Mail.Invitation = &invitation{invitationKey(e.Args["method"]), e.Args["summary"]}
			case "gate.sender_pass", "gate.sender_signed", "gate.sender_fail", "gate.sender_none", "gate.confirmation":
				p.Mail.Security = append(p.Mail.Security, v.senderChecked(e))
			case "parse.signature":
				p.Mail.Security = append(p.Mail.Security, v.signature(e.Args["state"], e.Args["signature"], m.FromAddress))
			}
		}
	}
}

// tellStories leads from mails to their pages in the inbound log, for those who see the inbox, and counts the mails.
func (v *visit) tellStories(posts []post) (mails int, err error) {
	var mine map[int64]gateway.InboxView
	if v.access.ConfiguresAny() {
		if mine, err = v.inboxesByID(); err != nil {
			return 0, err
		}
	}
	for _, p := range posts {
		if p.Mail == nil {
			continue
		}
		mails++
		if _, sees := mine[p.Mail.Message.InboxID]; sees {
			p.Mail.Story = fmt.Sprintf("/messages/%d", p.Mail.Message.ID)
		}
	}
	return mails, nil
}

// invitation is what a calendar part of a mail says: the key of its heading, and what, when, where and who.
type invitation struct{ Key, Text string }

// invitationKey is the heading of an invitation by its method (RFC 5546, 1.4).
func invitationKey(method string) string {
	switch method {
	case "CANCEL":
		return "mail.invitation_cancel"
	case "REPLY", "COUNTER", "REFRESH":
		return "mail.invitation_reply"
	}
	return "mail.invitation"
}

// assignees are those who can have the issue: the members of its project, the one who has it and the person itself.
func (v *visit) assignees(project int64, now *models.User) ([]option, error) {
	members, err := v.h.Tracker.Members(v.ctx(), v.me, project)
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
		if m.Role != models.ProjectReporter {
			add(m.User)
		}
	}
	if now != nil {
		add(*now)
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
