package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/internal/i18n"
	"letterbox/models"
)

// apiDryRunOut is what would become of a message.
type apiDryRunOut struct {
	State   string        `json:"state"`
	Reason  string        `json:"reason"`
	Issue   *int64        `json:"issue"`   // For a comment.
	Project *string       `json:"project"` // For a new issue; null when the caller does not see it.
	Title   string        `json:"title"`
	Trace   []apiTraceOut `json:"trace"`
	Parsed  any           `json:"parsed"` // As letterbox inspect --json prints it.
}

func apiMessageDryRun(h *Handlers, c *gin.Context) error {
	ctx := c.Request.Context()
	q, err := apiQuery(c, "inbox")
	if err != nil {
		return err
	}
	if q["inbox"] == "" {
		return apiBadQuery("E-API-14", "inbox", "")
	}
	v, err := h.apiInboxNamed(ctx, apiUser(c), q["inbox"])
	if err != nil {
		return err
	}
	// One octet more than the limit of the inbox is let through, so that the rule about the size is tried, too.
	limit := max(v.Settings.MaxMessageSize, apiBody) + 1
	d, err := h.Gateway.DryRun(ctx, v.ID, http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if err != nil {
		return err
	}
	lang := i18n.Match(c.GetHeader("Accept-Language"))
	out := apiDryRunOut{State: string(d.State), Reason: string(d.Reason), Title: d.Title, Trace: h.apiTraceOf(lang, d.Trace)}
	if d.Parsed != nil {
		out.Parsed = d.Parsed
	}
	if d.IssueNumber != 0 {
		out.Issue = &d.IssueNumber
	}
	if d.ProjectID != 0 {
		keys, err := h.apiProjectKeys(ctx, apiUser(c))
		if err != nil {
			return err
		}
		if key, ok := keys[d.ProjectID]; ok {
			out.Project = &key
		}
	}
	c.Header("Content-Language", lang)
	c.Header("Vary", "Accept-Language")
	c.JSON(http.StatusOK, out)
	return nil
}

// apiInboxNamed returns the inbox with that number or name when the person sees it.
func (h *Handlers) apiInboxNamed(ctx context.Context, by *models.User, name string) (gateway.InboxView, error) {
	seen, _, err := h.apiInboxes(ctx, by)
	if err != nil {
		return gateway.InboxView{}, err
	}
	for _, v := range seen {
		if v.Name == name || strconv.FormatInt(v.ID, 10) == name {
			return v, nil
		}
	}
	return gateway.InboxView{}, models.ErrNotFound
}
