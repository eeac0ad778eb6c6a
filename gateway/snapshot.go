package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/gateway/thread"
	"letterbox/models"
)

// snapshot is what people and issues look like at the moment of the decision. With it, the decision is a function of
// the mail and the rules.
type snapshot struct {
	sender   *models.User    // Who has the sender's address; nil when nobody.
	forged   bool            // Somebody has the sender's address, but the sender is not verified and the rules want that.
	own      map[string]bool // Addresses of our inboxes.
	outgoing bool            // The Message-ID is one that we sent.
	copies   []int64         // Issues that a mail with the same Message-ID, not ours, went to.
	hints    []hint          // Issues that the mail names, surest first.
	recent   int             // Mails of the sender that the inbox has let in lately; counted only where the rules set a limit.
	others   []models.User   // The recipients that somebody has the address of.
	watchers []int64         // Users among the recipients who may see the project of a new issue.
}

// hint is a candidate of the mail with the issue that it names.
type hint struct {
	thread.Candidate
	issue       *models.Issue // Nil: there is no such issue.
	participant bool          // The sender stood in the issue's mails, reported or watches it.
	member      bool          // The sender is a member of its project, or an admin.
	signed      bool          // The mail carries our own signed reference to it.
	others      bool          // The signed reference was made for another person than the sender.
	notice      bool          // The mail answers a notification that went to the sender.
	external    string        // For ByExternal: the number in the older system, "Redmine #123".
}

func (g *Gateway) snapshot(ctx context.Context, d *delivery) (snapshot, error) {
	s := snapshot{own: d.own}
	if s.own == nil {
		var err error
		if s.own, err = g.ownAddresses(ctx); err != nil {
			return s, err
		}
	}
	if err := g.lookUpPeople(ctx, d, &s); err != nil {
		return s, err
	}
	var err error
	if s.recent, err = g.recent(ctx, d); err != nil {
		return s, err
	}
	return s, g.lookUpHints(ctx, d, &s)
}

// recent counts the mails of the sender that the inbox has let in within the hour before this one came to the server. An
// archive floods nobody.
func (g *Gateway) recent(ctx context.Context, d *delivery) (int, error) {
	limit, from := d.rules.rules.RateLimit, sender(d.mail)
	if limit == 0 || from == "" || d.row.Archived {
		return 0, nil
	}
	at := d.row.ReceivedAt
	switch {
	case d.row.InternalAt != nil:
		at = *d.row.InternalAt
	case at.IsZero():
		at = now() // A mail that is only tried out.
	}
	n, err := g.Store.LetInFrom(ctx, d.inbox.ID, from, at.Add(-rule.RateWindow), at, d.row.ID, limit)
	if err != nil {
		return 0, fmt.Errorf("count the mails of the sender: %w", err)
	}
	return n, nil
}

// mostRecipients is how many of To and Cc are looked up.
const mostRecipients = 100

// lookUpPeople finds the sender among the users, and the users among To and Cc who may see the inbox' project: they
// watch the issue. Customers and strangers gain nothing by being named in a mail.
func (g *Gateway) lookUpPeople(ctx context.Context, d *delivery, s *snapshot) error {
	from, named := sender(d.mail), namedIn(d.mail, s.own)
	users, err := g.Store.UsersByAddress(ctx, named)
	if err != nil {
		return fmt.Errorf("look up sender and recipients: %w", err)
	}
	for i, address := range named {
		u, ok := users[models.FoldAddress(address)]
		if !ok {
			continue
		}
		if i == 0 && from != "" {
			if s.forged = d.unverified(u); !s.forged {
				s.sender = &u
			}
			continue
		}
		s.others = append(s.others, u)
	}
	s.watchers, err = g.watchersOf(ctx, s.others, d.inbox.ProjectID)
	return err
}

// namedIn returns the addresses of a mail that may be those of people: the sender's, if there is one, then those of
// recipients that are not ours.
func namedIn(m *message.Message, own map[string]bool) []string {
	named := []string{}
	if from := sender(m); from != "" {
		named = append(named, from)
	}
	for i, a := range slices.Concat(m.To, m.Cc) {
		if i == mostRecipients {
			break
		}
		if address := lower(a.Address); address != "" && !isOwn(own, address) {
			named = append(named, address)
		}
	}
	return named
}

// watchersOf returns those of the recipients who may see the issues of a project.
func (g *Gateway) watchersOf(ctx context.Context, recipients []models.User, project int64) ([]int64, error) {
	var out []int64
	for _, u := range recipients {
		member, err := g.memberOf(ctx, u, project)
		if err != nil {
			return nil, err
		}
		if member && u.DisabledAt == nil && !slices.Contains(out, u.ID) {
			out = append(out, u.ID)
		}
	}
	return out, nil
}

// ownFor is how long the addresses of our inboxes, and which projects have several, are kept in memory.
const ownFor = 2 * time.Second

// ownAddresses are the addresses of all inboxes and sending accounts. The caller must not change the map.
func (g *Gateway) ownAddresses(ctx context.Context) (map[string]bool, error) {
	if own, age := g.own.get(); age <= ownFor {
		return own, nil
	}
	read := time.Now()
	own, err := g.readOwnAddresses(ctx)
	if err == nil {
		g.own.keep(own, read)
	}
	return own, err
}

func (g *Gateway) readOwnAddresses(ctx context.Context) (map[string]bool, error) {
	inboxes, err := g.Store.InboxAddresses(ctx)
	if err != nil {
		return nil, fmt.Errorf("read inboxes: %w", err)
	}
	own := make(map[string]bool, len(inboxes))
	for _, address := range inboxes {
		own[lower(address)] = true
	}
	accounts, err := g.Store.SendingAccounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sending accounts: %w", err)
	}
	for _, a := range accounts {
		own[a.Address], own[a.Settings.ReplyTo] = true, true
	}
	delete(own, "")
	return own, nil
}

// lookUpHints finds the issues that the mail names by Message-ID and by number.
func (g *Gateway) lookUpHints(ctx context.Context, d *delivery, s *snapshot) error {
	m := d.mail
	if err := g.lookUpSigned(ctx, m, s); err != nil {
		return err
	}
	candidates, elsewhere, err := g.lookUpExternal(ctx, d, candidatesOf(m))
	if err != nil {
		return err
	}
	ids := idsOf(m, candidates)
	known := map[string][]models.MessageIDRef{}
	if len(ids) > 0 {
		var err error
		if known, err = g.Store.IssuesByMessageIDs(ctx, ids); err != nil {
			return fmt.Errorf("look up message ids: %w", err)
		}
	}
	for _, ref := range known[m.MessageID] {
		s.outgoing = s.outgoing || ref.Outgoing
	}
	s.keepCopies(known[m.MessageID])
	for _, c := range candidates {
		numbers := []int64{c.Number}
		if c.Kind == thread.ByMessageID {
			numbers = numbers[:0]
			for _, ref := range known[c.MessageID] {
				numbers = append(numbers, ref.IssueNumber)
			}
		}
		for _, n := range numbers {
			h, err := g.hint(ctx, c, n, s.sender, sender(m))
			if err != nil {
				return err
			}
			if d.requiresSender() && d.auth.State != authenticity.Pass {
				h.participant = false // Anybody can write the address of one who takes part.
			}
			s.hints = append(s.hints, h)
		}
	}
	return g.addExternal(ctx, d, s, elsewhere)
}

// candidatesOf are the issues that a mail may belong to, going by what it names.
func candidatesOf(m *message.Message) []thread.Candidate {
	return thread.Candidates(thread.Hints{Subject: m.Subject, InReplyTo: m.InReplyTo, References: m.References})
}

// idsOf are the Message-IDs that a mail names, its own among them.
func idsOf(m *message.Message, candidates []thread.Candidate) []string {
	ids := []string{}
	if m.MessageID != "" {
		ids = append(ids, m.MessageID)
	}
	for _, c := range candidates {
		if c.Kind == thread.ByMessageID {
			ids = append(ids, c.MessageID)
		}
	}
	return ids
}

func (g *Gateway) hint(ctx context.Context, c thread.Candidate, number int64, who *models.User, address string) (hint, error) {
	h := hint{Candidate: c}
	h.Number = number
	issue, err := g.Store.ResolveIssue(ctx, number) // A merged issue leads to the other one.
	if errors.Is(err, models.ErrNotFound) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("look up issue %d: %w", number, err)
	}
	h.issue = &issue
	if address == "" {
		return h, nil
	}
	if h.participant, err = g.Store.IsParticipant(ctx, issue.Number, address); err != nil {
		return h, fmt.Errorf("look up participants: %w", err)
	}
	if who == nil {
		return h, nil
	}
	h.member, err = g.memberOf(ctx, *who, issue.ProjectID)
	return h, err
}

func (g *Gateway) memberOf(ctx context.Context, u models.User, project int64) (bool, error) {
	if u.Role == models.RoleAdmin {
		return true, nil
	}
	if u.Role != models.RoleMember {
		return false, nil
	}
	all, err := g.Store.MembershipsOf(ctx, u.ID)
	if err != nil {
		return false, fmt.Errorf("look up memberships: %w", err)
	}
	return slices.ContainsFunc(all, func(m models.Member) bool { return m.ProjectID == project && m.Role != models.ProjectReporter }), nil
}
