package handlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// messageListView is what the inbound log shows.
type messageListView struct {
	Rows        []messageRow
	Filtered    bool
	Narrow      bool // Something is set beyond text, inbox and state.
	First, Next string
	Inbox       gateway.InboxView // The only one, when one is chosen.
	Inboxes     []option
	Reasons     []option
	Back        string // Address of this list.
}

// messageRow is a message in the inbound log.
type messageRow struct {
	models.Message
	Inbox    string
	Health   health
	Sentence string // What became of it, and why.
}

// aside is the filter for messages that wait for a person: refused or set aside.
const aside = "aside"

// logFilters are the fields by which the inbound log is searched.
func logFilters() []string {
	return []string{"inbox", "state", "q", "reason", "sender", "subject", "message_id", "since", "until"}
}

// messageList shows the inbound log of the inboxes that a person may configure.
func messageList(v *visit) error {
	mine, err := v.inboxesByID()
	if err != nil {
		return err
	}
	f := v.newForm("log", map[string]string{})
	keep := url.Values{}
	data := messageListView{}
	for _, name := range logFilters() {
		f.values[name] = strings.TrimSpace(v.Query(name))
		keep.Set(name, f.values[name])
		data.Filtered = data.Filtered || f.values[name] != ""
		data.Narrow = data.Narrow || f.values[name] != "" && !slices.Contains([]string{"inbox", "state", "q"}, name)
	}
	q, err := v.logQuery(f)
	if err != nil {
		return err
	}
	if q.InboxIDs, err = v.chosenInboxes(f.get("inbox"), mine); err != nil {
		return err
	}
	if f.get("inbox") != "" {
		data.Inbox = mine[q.InboxIDs[0]]
	}
	if (len(mine) > 0 || v.access.Admin()) && !f.Failed() {
		page, err := v.h.Gateway.Messages(v.ctx(), q)
		if err != nil {
			return err
		}
		data.Rows = v.messageRows(page.Items, mine)
		if q.Cursor != "" {
			data.First = address("/messages", keep)
		}
		if page.Next != "" {
			data.Next = address("/messages", keep, "cursor", page.Next)
		}
	}
	data.Back = v.Request.URL.RequestURI()
	data.Inboxes = []option{{"", v.l.T("log.inbox.all")}}
	for _, in := range v.sorted(mine) {
		data.Inboxes = append(data.Inboxes, option{strconv.FormatInt(in.ID, 10), in.Name})
	}
	data.Reasons = v.reasonOptions()
	return v.render(http.StatusOK, "message_list", view{
		Title: v.l.T("nav.messages"), Section: "messages", Live: "message", Form: f, Data: data,
	})
}

// logQuery reads the filters of the inbound log. A day that cannot be read is noted in the form.
func (v *visit) logQuery(f *form) (gateway.MessageQuery, error) {
	q := gateway.MessageQuery{
		Text: f.get("q"), Cursor: v.Query("cursor"), Reason: f.get("reason"), Sender: f.get("sender"), Subject: f.get("subject"),
		RFCID: strings.Trim(f.get("message_id"), "<>"), Limit: 50,
	}
	switch state := f.get("state"); {
	case state == aside:
		q.States = []models.MessageState{models.MessageRejected, models.MessageQuarantined}
	case state != "" && !slices.Contains(messageStates(), state):
		return q, models.ErrNotFound
	default:
		q.State = models.MessageState(state)
	}
	q.Since = f.day("since")
	if q.Until = f.day("until"); !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // The day itself is meant, too.
	}
	return q, nil
}

// day reads a day in the zone of the server; zero when there is none.
func (f *form) day(name string) time.Time {
	if f.get(name) == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, f.get(name), time.Local)
	if err != nil {
		f.refuse(name, "E-FORM-02")
	}
	return t
}

// reasonOptions are the reasons by which the log can be searched.
func (v *visit) reasonOptions() []option {
	out := []option{{"", v.l.T("log.inbox.all")}}
	for _, r := range rule.Reasons() {
		out = append(out, option{string(r), v.l.T("reason." + string(r))})
	}
	return out
}

func messageStates() []string {
	return []string{"known", "received", "created", "commented", "rejected", "ignored", "duplicate", "quarantined", "oversize"}
}

func (v *visit) inboxesByID() (map[int64]gateway.InboxView, error) {
	list, err := v.inboxes()
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]gateway.InboxView, len(list))
	for _, in := range list {
		byID[in.ID] = in
	}
	return byID, nil
}

func (v *visit) sorted(byID map[int64]gateway.InboxView) []gateway.InboxView {
	list := make([]gateway.InboxView, 0, len(byID))
	for _, in := range byID {
		list = append(list, in)
	}
	slices.SortFunc(list, func(a, b gateway.InboxView) int {
		return strings.Compare(strings.ToLower(a.Name)+fmt.Sprint(a.ID), strings.ToLower(b.Name)+fmt.Sprint(b.ID))
	})
	return list
}

// chosenInboxes are the inboxes whose messages are listed: one of mine, all of mine, or nil for really all, which is
// for admins: they also see the messages of inboxes that are gone.
func (v *visit) chosenInboxes(chosen string, mine map[int64]gateway.InboxView) ([]int64, error) {
	if chosen == "" {
		if v.access.Admin() {
			return nil, nil
		}
		ids := make([]int64, 0, len(mine))
		for id := range mine {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return ids, nil
	}
	id, err := strconv.ParseInt(chosen, 10, 64)
	if err != nil {
		return nil, models.ErrNotFound
	}
	if _, ok := mine[id]; !ok {
		return nil, models.ErrNotFound
	}
	return []int64{id}, nil
}

func (v *visit) messageRows(items []models.Message, inboxes map[int64]gateway.InboxView) []messageRow {
	rows := make([]messageRow, 0, len(items))
	for _, m := range items {
		rows = append(rows, messageRow{
			Message: m, Inbox: inboxes[m.InboxID].Name, Health: v.outcome(m), Sentence: v.sentence(m, nil),
		})
	}
	return rows
}

// outcome is the state of a message in words.
func (v *visit) outcome(m models.Message) health {
	text := v.l.T("message.state." + string(m.State))
	switch m.State {
	case models.MessageCreated, models.MessageCommented:
		return health{"ok", "check", text}
	case models.MessageRejected:
		return health{"bad", "cross", text}
	case models.MessageQuarantined, models.MessageOversize:
		return health{"warn", "warn", text}
	case models.MessageKnown, models.MessageReceived:
		if m.ErrorCode != "" {
			return health{"warn", "warn", text}
		}
		return health{"calm", "dots", text}
	default:
		return health{"calm", "dots", text}
	}
}

// trouble says what went wrong with a message at last; "" when nothing did. What a sentence about a connection names is not
// kept with the message, so some codes have another one for it, and some one for when nothing is tried again.
func (v *visit) trouble(m models.Message) string {
	switch key := m.ErrorCode; {
	case key == "":
		return ""
	case m.State.Final() && v.l.Has(key+".aside"):
		return v.l.T(key + ".aside")
	case v.l.Has(key + ".mail"):
		return v.l.T(key + ".mail")
	default:
		return v.l.T(key)
	}
}

// sentence says what became of a message and why. Its placeholders stand in the trace; traces nil looks them up when
// the sentence needs more than the message itself says.
func (v *visit) sentence(m models.Message, traces []models.Trace) string {
	if (m.State == models.MessageCreated || m.State == models.MessageCommented) && m.Reason != string(rule.AcceptedUpdate) {
		return "" // The state and the number of the issue say it.
	}
	if m.Reason == "" {
		return v.trouble(m)
	}
	args := map[string]string{"address": m.FromAddress, "key": "", "size": v.l.Size(m.Size)}
	if m.IssueNumber != nil {
		args["key"] = fmt.Sprintf("#%d", *m.IssueNumber)
	}
	if m.DuplicateOf != nil {
		args["key"] = v.firstOf(*m.DuplicateOf)
	}
	code := "verdict." + m.Reason
	if args["attempts"] = v.l.Number(int64(m.Attempts)); m.Reason == string(rule.Quarantined) && m.Attempts < 2 {
		code = "reason." + m.Reason // Its inbox or its server went away, nothing was tried.
	}
	said := v.l.T(code, args)
	if !strings.Contains(said, "{") {
		return said
	}
	if traces == nil {
		var err error
		if _, traces, err = v.h.Gateway.Message(v.ctx(), m.ID); err != nil {
			v.h.Log.WarnContext(v.ctx(), "trace not loaded", slog.Int64("message_id", m.ID), slog.Any("err", err))
		}
	}
	for _, t := range traces {
		for _, e := range t.Entries {
			if e.Code != code && !strings.HasPrefix(e.Code, "gate.duplicate") {
				continue
			}
			for name, value := range v.traceWords(e.Args) {
				args[name] = value
			}
		}
	}
	return v.l.T(code, args)
}

// firstOf names what the message became of which another one is a duplicate.
func (v *visit) firstOf(id int64) string {
	first, _, err := v.h.Gateway.Message(v.ctx(), id)
	if err == nil && first.IssueNumber != nil {
		return fmt.Sprintf("#%d", *first.IssueNumber)
	}
	return v.l.T("audit.object.message", "id", strconv.FormatInt(id, 10))
}
