package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// previewOctets is up to which size a message is downloaded to preview it; of a larger one the header is read.
const previewOctets = 1 << 20

// Previewed is what would become of one message that lies on the server.
type Previewed struct {
	Decision
	From       string // Address of the sender, "" when there is none.
	Subject    string
	ReceivedAt time.Time // Zero when the server does not tell.
}

// Preview reads the latest n messages of a mailbox that is not set up yet and returns, newest first, what they would
// become if they arrived now: the same decision as for real mail, thrown away. Nothing is written here and nothing is
// changed on the server. A draft that cannot be taken is a models.InvalidList, a server that cannot be read a
// [*mailbox.Problem].
func (g *Gateway) Preview(ctx context.Context, d InboxDraft, n int) ([]Previewed, error) {
	complete(&d)
	if list := validate(d); len(list) > 0 {
		return nil, list
	}
	ctx, cancel := context.WithTimeout(ctx, d.Settings.ConnectTimeout+time.Minute)
	defer cancel()
	box, err := g.openDraft(ctx, d)
	if err != nil {
		return nil, err
	}
	defer box.Abort() // A maildrop that is left without QUIT stays as it is.
	entries, err := box.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the mailbox: %w", err)
	}
	rules, err := compileRules(0, d.Rules)
	if err != nil {
		return nil, fmt.Errorf("compile the rules: %w", err)
	}
	ib := models.Inbox{Name: d.Name, Address: lower(d.Address), ProjectID: d.ProjectID, Global: d.Global, Settings: d.Settings}
	ib.Settings.ImportSince = "from_now" // What it would become if it arrived now, whatever is done with old mail.
	own, err := g.ownAddresses(ctx)
	if err != nil {
		return nil, err
	}
	own[ib.Address] = true
	var out []Previewed
	for _, e := range latest(entries, n) {
		p, err := g.previewOne(ctx, box, ib, rules, own, e)
		if errors.Is(err, mailbox.ErrNotFound) || errors.Is(err, mailbox.ErrWithheld) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// latest returns the last n messages, newest first.
func latest(entries []mailbox.Entry, n int) []mailbox.Entry {
	all := slices.Clone(entries)
	slices.SortStableFunc(all, func(a, b mailbox.Entry) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	all = all[max(0, len(all)-n):]
	slices.Reverse(all)
	return all
}

func (g *Gateway) previewOne(ctx context.Context, box mailbox.Mailbox, ib models.Inbox, rules *compiledRules, own map[string]bool,
	e mailbox.Entry) (Previewed, error) {
	var raw bytes.Buffer
	var err error
	if e.Size > previewOctets {
		err = box.FetchHeader(ctx, e.Ref, headerMost, &raw)
	} else {
		err = mailbox.ErrNotFound // Until it comes.
		if failed := box.Fetch(ctx, []mailbox.Ref{e.Ref}, func(_ mailbox.Ref, r io.Reader) error {
			_, err = io.Copy(&raw, io.LimitReader(r, 2*previewOctets))
			return err
		}); failed != nil {
			err = failed
		}
	}
	if err != nil {
		return Previewed{}, fmt.Errorf("read a message to preview it: %w", err)
	}
	d := &delivery{inbox: ib, rules: rules, own: own, raw: raw.Bytes(), dry: true, row: models.Message{Size: cmp.Or(e.Size, int64(raw.Len()))}}
	if limit := ib.Settings.MaxMessageSize; d.row.Size > limit {
		d.row.Reason = string(rule.TooLarge)
	}
	if err := g.decide(ctx, d); err != nil {
		if ctx.Err() != nil {
			return Previewed{}, err
		}
		// A message that cannot be decided on is set aside when it is real; it stops no other here either.
		return Previewed{Decision: Decision{State: models.MessageQuarantined}, From: d.row.FromAddress, Subject: d.row.Subject, ReceivedAt: e.ReceivedAt}, nil
	}
	if d.row.Reason == string(rule.TooLarge) && d.hasEffect() {
		d.state, d.reason = models.MessageOversize, rule.TooLarge
	}
	return Previewed{
		Decision: Decision{
			State: d.state, Reason: d.reason, IssueNumber: d.target.comment, ProjectID: ib.ProjectID,
			Title: d.title(), Trace: d.trace, Parsed: d.mail,
		},
		From: d.row.FromAddress, Subject: d.row.Subject, ReceivedAt: e.ReceivedAt,
	}, nil
}

// openDraft opens the mailbox of a draft that has its password with it.
func (g *Gateway) openDraft(ctx context.Context, d InboxDraft) (mailbox.Mailbox, error) {
	password := ""
	if d.Password != nil {
		password = *d.Password
	}
	a, err := accountOf(d.Settings, password, g.Dial)
	if err != nil {
		return nil, err
	}
	if d.Stored != 0 && a.OAuth() {
		stored, err := g.Store.InboxByID(ctx, d.Stored)
		if err != nil {
			return nil, err
		}
		if !losesOAuth(stored.Settings, d.Settings) { // Tokens were given for that server.
			g.bear(&a, OAuthInbox(d.Stored), stored.Settings.OAuth, d.Settings.Receive, false)
		}
	}
	return openAccount(ctx, d.Settings.Receive, a, nil)
}

// CreateFolders makes the folders into which an inbox moves messages, where they are not there yet, and returns how many
// it was asked for. A failure is a [*mailbox.Problem].
func (g *Gateway) CreateFolders(ctx context.Context, d InboxDraft) (int, error) {
	complete(&d)
	names := targets(d.Settings)
	if len(names) == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.Settings.ConnectTimeout+time.Minute)
	defer cancel()
	box, err := g.openDraft(ctx, d)
	if err != nil {
		return 0, err
	}
	defer box.Abort()
	return len(names), createFolders(ctx, box, names)
}

// CreateTargets makes the folders into which a stored inbox moves messages, and has it visited again.
func (g *Gateway) CreateTargets(ctx context.Context, by *models.User, id int64) error {
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return err
	}
	names := targets(ib.Settings)
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return err
	}
	defer box.Abort()
	if err := createFolders(ctx, box, names); err != nil {
		return err
	}
	if err := g.audit(ctx, by, "inbox.folders", "inbox:"+itoa(id), map[string]string{"folders": strconv.Itoa(len(names))}); err != nil {
		return err
	}
	return g.Poll(ctx, id)
}

func createFolders(ctx context.Context, box mailbox.Mailbox, names []string) error {
	lister, ok := box.(mailbox.Lister)
	if !ok {
		return nil
	}
	for _, name := range names {
		if err := lister.CreateFolder(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// targets are the folders into which an inbox moves messages.
func targets(s models.InboxSettings) []string {
	if s.Receive != doorIMAP {
		return nil
	}
	names := []string{s.MoveFailedTo}
	if s.After == "move" {
		names = append(names, s.MoveTo, s.MoveRejectedTo)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	slices.Sort(names)
	return slices.Compact(names)
}
