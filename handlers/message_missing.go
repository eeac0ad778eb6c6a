package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// lookTime bounds a look on a mail server while somebody waits for the page.
const lookTime = 45 * time.Second

// missingView answers where a mail is.
type missingView struct {
	Asked   string
	Rows    []messageRow
	More    string // Address of the log with all of them.
	Inboxes []missingInbox
	Choices []option
	Looked  *lookedView
}

// missingInbox says what one inbox knows about mail that is not in the log.
type missingInbox struct {
	gateway.InboxView
	Health health
	Says   string
}

// lookedView is what a look on the server has found.
type lookedView struct {
	gateway.Looked
	Inbox   string
	Found   []seenRow
	Problem string // Why the server could not be asked.
}

type seenRow struct {
	gateway.Seen
	Says string
}

// messageMissing answers for an address or a Message-ID whether its mail has come, and what became of it.
func messageMissing(v *visit) error { return v.showMissing(v.Query("q"), nil, "") }

// messageLook is messageMissing with a look at what lies on the server of one inbox.
func messageLook(v *visit) error {
	asked := v.PostForm("q")
	mine, err := v.inboxesByID()
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(v.PostForm("inbox"), 10, 64)
	in, ok := mine[id]
	if err != nil || !ok {
		return models.ErrNotFound
	}
	out := &lookedView{Inbox: in.Name}
	if wanted := wantedOf(asked); wanted != "" {
		ctx, cancel := context.WithTimeout(v.ctx(), lookTime)
		defer cancel()
		err = v.discreetly(in.Settings, func() (err error) {
			out.Looked, err = v.h.Gateway.LookOnServer(ctx, in.ID, wanted)
			return err
		})
		var p *mailbox.Problem
		switch {
		case errors.As(err, &p):
			out.Problem = v.l.T(p.Code, p.Args)
		case err != nil && v.ctx().Err() == nil:
			out.Problem = v.l.T("missing.look_failed")
		case err != nil:
			return err
		}
	}
	for _, s := range out.Looked.Found {
		out.Found = append(out.Found, seenRow{s, v.l.T("missing.why."+s.Why, "folder", s.Folder)})
	}
	return v.showMissing(asked, out, v.PostForm("inbox"))
}

// wantedOf is an address or a Message-ID as people paste it: with or without angle brackets.
func wantedOf(asked string) string {
	asked = strings.TrimSpace(asked)
	if at := strings.LastIndexByte(asked, '<'); at >= 0 { // "Anna <anna@example.org>".
		asked, _, _ = strings.Cut(asked[at+1:], ">")
	}
	return strings.Trim(strings.TrimSpace(asked), "<>")
}

func (v *visit) showMissing(asked string, looked *lookedView, chosen string) error {
	wanted := wantedOf(asked)
	data := missingView{Asked: wanted, Looked: looked}
	f := v.newForm("missing", map[string]string{"q": strings.TrimSpace(asked), "inbox": chosen})
	mine, err := v.inboxesByID()
	if err != nil {
		return err
	}
	if wanted != "" {
		ids, err := v.chosenInboxes("", mine)
		if err != nil {
			return err
		}
		page, err := v.h.Gateway.Messages(v.ctx(), gateway.MessageQuery{InboxIDs: ids, Text: wanted, Limit: 20})
		if err != nil {
			return err
		}
		data.Rows = v.messageRows(page.Items, mine)
		if page.Next != "" {
			data.More = address("/messages", map[string][]string{"q": {wanted}})
		}
	}
	for _, in := range v.sorted(mine) {
		data.Inboxes = append(data.Inboxes, missingInbox{InboxView: in, Health: v.health(in), Says: v.missingSays(in)})
		if in.Settings.Receive == "imap" || in.Settings.Receive == "pop3" {
			data.Choices = append(data.Choices, option{strconv.FormatInt(in.ID, 10), in.Name + " · " + in.Settings.Host})
		}
	}
	return v.render(http.StatusOK, "message_missing", view{
		Title: v.l.T("missing.title"), Section: "messages", Form: f, Data: data,
	})
}

// missingSays tells what it means for an inbox that the log does not have a mail.
func (v *visit) missingSays(in gateway.InboxView) string {
	last := v.l.T("missing.never")
	if at := in.Status.LastPollAt; at != nil {
		last = v.l.When(at.Local(), time.Now())
	}
	switch {
	case in.Settings.Receive != "imap" && in.Settings.Receive != "pop3":
		return v.l.T("missing.no_server")
	case !in.Enabled:
		return v.l.T("missing.paused")
	case in.Status.State == models.InboxActive:
		folders := strings.Join(in.Settings.Folders, ", ")
		if in.Settings.Receive == "pop3" {
			folders = in.Settings.Host
		}
		said := v.l.T("missing.not_seen", "last", last, "folders", folders)
		if in.StartedAt != nil && in.Settings.ImportSince == "from_now" {
			said += " " + v.l.T("missing.before", "start", fmt.Sprintf("%s, %s", v.l.Date(in.StartedAt.Local()), v.l.Clock(in.StartedAt.Local())))
		}
		return said
	default:
		return v.l.T("missing.not_reached", "since", v.l.Since(in.Status.Since.Local(), time.Now()))
	}
}
