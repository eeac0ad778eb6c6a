package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/outbound"
	"letterbox/gateway/thread"
	"letterbox/models"
)

// news is what a mail of notices tells, as its reader may see it now.
type news struct {
	reader models.User
	items  []newsItem
	more   int // Left out of the mail.
}

type newsItem struct {
	models.Notification
	issue models.Issue
	actor string
	state models.Word // As the project of the issue calls it.
	text  string      // "" when there is nothing to read.
}

// newsOf collects what a mail tells. What the reader must not see any more, has muted or, where several come together,
// has read in the pages meanwhile is left out (SEC-53).
func (g *Gateway) newsOf(ctx context.Context, o models.Outgoing) (news, error) {
	var out news
	list, err := g.Store.NotificationsMailedWith(ctx, o.RFCMessageID)
	if err != nil || len(list) == 0 {
		return out, err
	}
	out.reader, err = g.Store.UserByID(ctx, list[0].UserID)
	if errors.Is(err, models.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("read who is told: %w", err)
	}
	u := out.reader
	if !slices.Contains(u.Addresses, o.Recipient) {
		return out, nil // It may be somebody else's by now.
	}
	for _, n := range list {
		if n.UserID != u.ID || o.IssueNumber == 0 && n.ReadAt != nil {
			continue
		}
		if len(out.items) == mostInNotice {
			out.more++
			continue
		}
		item, ok, err := g.newsItem(ctx, u, n)
		if err != nil {
			return out, err
		}
		if ok {
			out.items = append(out.items, item)
		}
	}
	return out, nil
}

func (g *Gateway) newsItem(ctx context.Context, u models.User, n models.Notification) (item newsItem, ok bool, err error) {
	item.Notification = n
	note := false
	if item.issue, err = g.Store.ResolveIssue(ctx, n.IssueNumber); err != nil {
		return item, false, ignoreGone(err)
	}
	if n.ActorID != nil {
		actor, err := g.Store.UserByID(ctx, *n.ActorID)
		if ignoreGone(err) != nil {
			return item, false, err
		}
		item.actor = outbound.Line(actor.Name, 100)
	}
	switch n.Event {
	case "state":
		if item.state, err = g.stateWord(ctx, item.issue); err != nil {
			return item, false, err
		}
	case "new", "assigned":
		item.text = item.issue.Description
	default:
		if n.CommentID == nil {
			return item, false, nil
		}
		c, err := g.Store.CommentByID(ctx, *n.CommentID)
		if err != nil { // Taken back.
			return item, false, ignoreGone(err)
		}
		item.text, note = c.Body, c.Internal
	}
	ok, err = g.Store.MayHear(ctx, item.issue, note, u.ID)
	return item, ok, err
}

// stateWord is the state of an issue as its project calls it.
func (g *Gateway) stateWord(ctx context.Context, i models.Issue) (models.Word, error) {
	all, err := g.Store.ProjectValues(ctx, []int64{i.ProjectID})
	if err != nil {
		return models.Word{}, fmt.Errorf("read the states of the project: %w", err)
	}
	states := models.Values(slices.DeleteFunc(all, func(v models.ProjectValue) bool { return v.Kind != models.ValueState }))
	return states.Word(string(i.State), i.StateID), nil
}

func ignoreGone(err error) error {
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	return err
}

// composeNotice adds what a mail tells, why, and how to end such mails. It reports false when there is nothing to tell
// any more.
func (g *Gateway) composeNotice(ctx context.Context, o models.Outgoing, m *outbound.Mail) (bool, error) {
	n, err := g.newsOf(ctx, o)
	if err != nil || len(n.items) == 0 {
		return false, err
	}
	keys, err := g.signing(ctx)
	if err != nil {
		return false, err
	}
	var foot []string
	off := Unsubscription{Reason: "digest"}
	if o.IssueNumber != 0 {
		item := n.items[0]
		off.Issue, off.Reason = item.issue.Number, item.Reason
		refs, err := g.Store.MessageIDsOf(ctx, item.issue.Number)
		if err != nil {
			return false, err
		}
		refs = slices.DeleteFunc(refs, func(r models.MessageIDRef) bool {
			return r.RFCMessageID == o.RFCMessageID || r.Outgoing && r.CreatedAt.After(o.CreatedAt)
		})
		m.InReplyTo, m.References = threadOf(keys, refs, o.Recipient)
		m.Text = g.lead(o.Language, item) + readable(item.text)
		foot = append(foot, g.say(o.Language, "mail.notice.because."+item.Reason))
		if link := g.linkTo(item.issue.Number); link != "" {
			foot = append(foot, g.say(o.Language, "mail.notice.open", "url", link))
		}
		foot = append(foot, g.say(o.Language, "mail.notice.reply"))
	} else {
		m.Text = g.digest(o.Language, n)
		foot = append(foot, g.say(o.Language, "mail.notice.because.digest"))
	}
	if g.BaseURL != "" {
		token, err := g.UnsubscribeToken(ctx, n.reader.ID, off)
		if err != nil {
			return false, err
		}
		m.Unsubscribe = g.BaseURL + "/unsubscribe/" + token
		foot = append(foot, g.say(o.Language, "mail.notice.unsubscribe", "url", m.Unsubscribe))
	} else {
		foot = append(foot, g.say(o.Language, "mail.notice.settings"))
	}
	m.Text += "\n\n-- \n" + strings.Join(foot, "\n")
	return true, nil
}

// lead is the line above what happened: "Anna Berg wrote:".
func (g *Gateway) lead(lang string, item newsItem) string {
	name := item.actor
	if name == "" {
		name = g.say(lang, "mail.notice.system")
	}
	state := outbound.Line(item.state.Name, 100)
	if state == "" && item.state.Base != "" {
		state = g.say(lang, "state."+item.state.Base)
	}
	return g.say(lang, "mail.notice."+item.Event, "name", name, "state", state)
}

// digest lists what happened, by issue.
func (g *Gateway) digest(lang string, n news) string {
	slices.SortStableFunc(n.items, func(a, b newsItem) int { return int(a.issue.Number - b.issue.Number) })
	var b strings.Builder
	b.WriteString(g.say(lang, "mail.notice.digest.lead"))
	last := int64(0)
	for _, item := range n.items {
		if item.issue.Number != last {
			last = item.issue.Number
			b.WriteString("\n\n" + issueKey(last) + " " + outbound.Line(thread.Title(item.issue.Title), 200))
			if link := g.linkTo(last); link != "" {
				b.WriteString("\n" + link)
			}
		}
		b.WriteString("\n- " + strings.TrimSuffix(g.lead(lang, item), ":"))
		if text := outbound.Line(item.text, 200); text != "" {
			b.WriteString(": " + text)
		}
	}
	if n.more > 0 {
		b.WriteString("\n\n" + g.say(lang, "mail.notice.more", "n", itoa(int64(n.more))))
	}
	return b.String()
}

// readable is the text of a comment below its lead, "" when there is none.
func readable(text string) string {
	if text = strings.TrimSpace(cut(text, 20<<10)); text == "" {
		return ""
	}
	return "\n\n" + text
}

// linkTo is the page of an issue; "" when nobody has said where people reach the server.
func (g *Gateway) linkTo(number int64) string {
	if g.BaseURL == "" {
		return ""
	}
	return g.BaseURL + "/issues/" + itoa(number)
}
