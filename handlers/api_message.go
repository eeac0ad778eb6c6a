package handlers

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/internal/i18n"
	"letterbox/models"
)

// apiMessageOut is a message of the inbound log in the API.
type apiMessageOut struct {
	ID           int64      `json:"id"`
	Inbox        int64      `json:"inbox"`
	Door         string     `json:"door"`
	State        string     `json:"state"`
	Step         string     `json:"step"`
	Reason       string     `json:"reason"`
	Subject      string     `json:"subject"`
	From         string     `json:"from"` // Address.
	FromName     string     `json:"from_name"`
	MessageID    string     `json:"message_id"` // Without angle brackets.
	Issue        *int64     `json:"issue"`
	Comment      *int64     `json:"comment"`
	DuplicateOf  *int64     `json:"duplicate_of"`
	Size         int64      `json:"size"`
	SHA256       string     `json:"sha256"` // Of the octets as received; "" when they never came.
	RawKept      bool       `json:"raw_kept"`
	ReceivedAt   time.Time  `json:"received_at"`
	FinishedAt   *time.Time `json:"finished_at"`
	SettleState  string     `json:"settle_state"`
	SettleAction string     `json:"settle_action"`
	SettleError  string     `json:"settle_error"`
	Attempts     int        `json:"attempts"`
	ErrorCode    string     `json:"error_code"`
	RuleVersion  int64      `json:"rule_version"`
	Reprocessed  int        `json:"reprocessed"`
}

// apiMessageFull is a message with its story.
type apiMessageFull struct {
	apiMessageOut
	Trace []apiTraceOut `json:"trace"` // Of the last run.
	Runs  []apiRunOut   `json:"runs"`  // All of them, oldest first.
}

// apiRunOut is the story of one run through the steps.
type apiRunOut struct {
	Run       int           `json:"run"`
	CreatedAt time.Time     `json:"created_at"`
	Trace     []apiTraceOut `json:"trace"`
}

// apiTraceOut is one thing that was looked at or done.
type apiTraceOut struct {
	Step string            `json:"step"`
	Code string            `json:"code"`
	Args map[string]string `json:"args"`
	Text string            `json:"text"` // Its sentence in the language asked for.
	At   time.Time         `json:"at"`
}

func apiMessageOf(m models.Message) apiMessageOut {
	return apiMessageOut{
		ID: m.ID, Inbox: m.InboxID, Door: m.Door, State: string(m.State), Step: string(m.Step), Reason: m.Reason,
		Subject: m.Subject, From: m.FromAddress, FromName: m.FromName, MessageID: m.RFCMessageID,
		Issue: m.IssueNumber, Comment: m.CommentID, DuplicateOf: m.DuplicateOf, Size: m.Size, SHA256: hex.EncodeToString(m.SHA256),
		RawKept: m.BlobID != nil, ReceivedAt: apiTime(m.ReceivedAt), FinishedAt: apiTimeOrNil(m.FinishedAt),
		SettleState: string(m.SettleState), SettleAction: m.SettleAction, SettleError: m.SettleError,
		Attempts: m.Attempts, ErrorCode: m.ErrorCode, RuleVersion: m.RuleVersion, Reprocessed: m.Reprocessed,
	}
}

// apiTraceOf adds the sentences to the entries of a trace.
func (h *Handlers) apiTraceOf(lang string, entries []models.TraceEntry) []apiTraceOut {
	teller := &visit{h: h, l: h.cat.Locale(lang)} // The page tells the same story in the same words.
	out := make([]apiTraceOut, 0, len(entries))
	for _, e := range entries {
		t := apiTraceOut{Step: string(e.Step), Code: e.Code, Args: e.Args, At: apiTime(e.At)}
		t.Text = teller.told(e)
		if t.Args == nil {
			t.Args = map[string]string{}
		}
		out = append(out, t)
	}
	return out
}

// apiMessage returns a message whose inbox the person sees. Messages of inboxes that are gone are for admins.
func (h *Handlers) apiMessage(c *gin.Context) (models.Message, []models.Trace, error) {
	ctx, by := c.Request.Context(), apiUser(c)
	id, err := apiID(c, "id")
	if err != nil {
		return models.Message{}, nil, err
	}
	a, err := h.Tracker.Access(ctx, by)
	if err != nil {
		return models.Message{}, nil, err
	}
	m, traces, err := h.Gateway.Message(ctx, id)
	if err != nil {
		return models.Message{}, nil, err
	}
	if a.Admin() {
		return m, traces, nil
	}
	if _, err := h.apiInbox(ctx, by, m.InboxID); err != nil {
		return models.Message{}, nil, err
	}
	return m, traces, nil
}

func apiMessageList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "inbox", "state", "reason", "q", "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), apiSearch)
	defer cancel()
	if st := q["state"]; st != "" && !slices.Contains(apiMessageStates(), models.MessageState(st)) {
		values := fmt.Sprint(apiMessageStates())
		return &models.Invalid{Field: "state", Code: "E-API-13", Args: map[string]string{"field": "state", "values": values[1 : len(values)-1]}}
	}
	f := gateway.MessageQuery{State: models.MessageState(q["state"]), Reason: q["reason"], Text: q["q"], Limit: limit, Cursor: q["cursor"]}
	if f.InboxIDs, err = h.apiLogInboxes(ctx, apiUser(c), q["inbox"]); err != nil {
		return err
	}
	var page gateway.MessagePage
	if f.InboxIDs == nil || len(f.InboxIDs) > 0 {
		if page, err = h.Gateway.Messages(ctx, f); err != nil {
			return err
		}
	}
	c.JSON(http.StatusOK, apiItems(page.Items, page.Next, apiMessageOf))
	return nil
}

// apiLogInboxes returns the inboxes whose log the person sees, or the one that is named by number or name; nil stands
// for all of them, those that are gone included.
func (h *Handlers) apiLogInboxes(ctx context.Context, by *models.User, name string) ([]int64, error) {
	seen, all, err := h.apiInboxes(ctx, by)
	if err != nil {
		return nil, err
	}
	if name == "" && all {
		return nil, nil
	}
	ids := []int64{}
	for _, v := range seen {
		if name == "" || v.Name == name || strconv.FormatInt(v.ID, 10) == name {
			ids = append(ids, v.ID)
		}
	}
	if name == "" || len(ids) > 0 {
		return ids, nil
	}
	// An admin may ask for the log of an inbox that is gone.
	if id, err := strconv.ParseInt(name, 10, 64); err == nil && all {
		return []int64{id}, nil
	}
	return nil, models.ErrNotFound
}

func apiMessageShow(h *Handlers, c *gin.Context) error {
	m, traces, err := h.apiMessage(c)
	if err != nil {
		return err
	}
	lang := i18n.Match(c.GetHeader("Accept-Language"))
	out := apiMessageFull{apiMessageOut: apiMessageOf(m), Trace: []apiTraceOut{}, Runs: make([]apiRunOut, 0, len(traces))}
	for _, t := range traces {
		run := apiRunOut{Run: t.Run, CreatedAt: apiTime(t.CreatedAt), Trace: h.apiTraceOf(lang, t.Entries)}
		out.Runs = append(out.Runs, run)
		out.Trace = run.Trace
	}
	c.Header("Content-Language", lang)
	c.Header("Vary", "Accept-Language")
	c.JSON(http.StatusOK, out)
	return nil
}

func apiMessageRaw(h *Handlers, c *gin.Context) error {
	m, _, err := h.apiMessage(c)
	if err != nil {
		return err
	}
	r, size, err := h.Gateway.RawMessage(c.Request.Context(), apiUser(c), m.ID)
	if err != nil {
		return err
	}
	defer r.Close()
	return download(c, "message-"+strconv.FormatInt(m.ID, 10)+".eml", "application/octet-stream", size, r)
}

func apiMessageReprocess(h *Handlers, c *gin.Context) error {
	m, _, err := h.apiMessage(c)
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "rules")
	if err != nil {
		return err
	}
	how := gateway.Again{}
	switch q["rules"] {
	case "", "current":
	case "original":
		how.RuleVersion = m.RuleVersion
	default:
		return apiBadQuery("E-API-07", "rules", "current, original")
	}
	if m, err = h.Gateway.ReprocessAs(c.Request.Context(), apiUser(c), m.ID, how); err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiMessageOf(m))
	return nil
}
