package handlers

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/models"
	"letterbox/tracker"
)

// apiConfigOut says how an inbox differs from what a file says.
type apiConfigOut struct {
	Applied bool              `json:"applied"` // False of a dry run, and when there was nothing to do.
	Changes []apiConfigChange `json:"changes"`
}

// apiConfigChange is one setting that differs.
type apiConfigChange struct {
	Field  string   `json:"field"`
	Before string   `json:"before"`
	After  string   `json:"after"`
	Added  []string `json:"added"` // Of a list, and of texts by line.
	Gone   []string `json:"gone"`
}

// apiConfigVersionOut is one version of an inbox. It never changes.
type apiConfigVersionOut struct {
	Version   int64     `json:"version"`
	Action    string    `json:"action"` // As in the audit log; "" for what was there before versions were kept.
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // "" when a command did.
	Fields    []string  `json:"fields"`     // What it changed.
}

// apiConfigVersionFull is one version, compared.
type apiConfigVersionFull struct {
	Version   int64             `json:"version"`
	Action    string            `json:"action"`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy string            `json:"created_by"`
	Against   int64             `json:"against"` // The version it is compared with; 0 for none.
	Changes   []apiConfigChange `json:"changes"`
}

func apiConfigChanges(list []gateway.RuleChange) []apiConfigChange {
	out := make([]apiConfigChange, 0, len(list))
	for _, c := range list {
		one := apiConfigChange{Field: c.Field, Before: c.Before, After: c.After, Added: c.Added, Gone: c.Gone}
		if one.Added == nil {
			one.Added = []string{}
		}
		if one.Gone == nil {
			one.Gone = []string{}
		}
		out = append(out, one)
	}
	return out
}

func apiConfigShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	raw, err := h.Gateway.ExportInboxes(c.Request.Context(), v.ID)
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "application/yaml", raw)
	return nil
}

func apiConfigSet(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(c.ContentType())
	if c.GetHeader("Content-Type") != "" && (err != nil || !slices.Contains([]string{"application/yaml", "application/x-yaml", "text/yaml"}, kind)) {
		return &apiBadRequest{status: http.StatusUnsupportedMediaType, code: "E-CONF-12"}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, inboxfile.MaxOctets))
	if err != nil {
		return apiReadError(err)
	}
	entries, err := oneInbox(raw)
	if err != nil {
		return err
	}
	return h.apiConfigApply(c, gateway.ConfigImport{Entries: entries, Inbox: v.ID})
}

// oneInbox reads a file that is about one inbox.
func oneInbox(raw []byte) ([]*inboxfile.Entry, error) {
	entries, err := inboxfile.Read(raw)
	if err == nil && len(entries) != 1 {
		err = models.InvalidList{{Field: "inboxes", Code: "E-CONF-13"}}
	}
	return entries, err
}

// apiConfigApply applies an import, or only says what it would do.
func (h *Handlers) apiConfigApply(c *gin.Context, q gateway.ConfigImport) error {
	query, err := apiQuery(c, "dry_run")
	if err != nil {
		return err
	}
	access, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	q.Dry = query["dry_run"] == "1"
	all, err := h.Gateway.ImportInboxes(c.Request.Context(), apiUser(c), h.mayImport(apiUser(c), access, q))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiConfigOut{Applied: !q.Dry && all[0].Differs(), Changes: apiConfigChanges(all[0].Changes)})
	return nil
}

// mayImport has an import keep to what the person may do with an inbox: no secret of the server is read for it, projects
// that it does not see are not there, and it configures the inbox before and after.
func (h *Handlers) mayImport(by *models.User, a tracker.Access, q gateway.ConfigImport) gateway.ConfigImport {
	q.Secret = nil
	q.Project = func(ctx context.Context, key string) (int64, error) {
		p, err := h.Tracker.ProjectByKey(ctx, by, key)
		return p.ID, err
	}
	q.May = func(_ context.Context, before models.InboxSettings, d gateway.InboxDraft) error {
		if d.Global && !a.Admin() || !a.Configures(d.ProjectID) {
			return models.ErrForbidden
		}
		return mayTrust(h.Gateway, a, before, d)
	}
	return q
}

func apiConfigVersionList(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	all, err := h.Gateway.ConfigVersions(c.Request.Context(), v.ID)
	if err != nil {
		return err
	}
	fields := map[int64][]string{}
	for i, one := range all {
		fields[one.Version] = []string{}
		if i+1 < len(all) {
			for _, change := range gateway.CompareConfig(all[i+1].Config, one.Config) {
				fields[one.Version] = append(fields[one.Version], change.Field)
			}
		}
	}
	newest := func(one gateway.ConfigVersion) int64 { return all[0].Version - one.Version + 1 }
	return apiPaged(c, all, newest, func(one gateway.ConfigVersion) apiConfigVersionOut {
		return apiConfigVersionOut{Version: one.Version, Action: one.Action, CreatedAt: apiTime(one.CreatedAt), CreatedBy: one.Who, Fields: fields[one.Version]}
	})
}

func apiConfigVersionShow(h *Handlers, c *gin.Context) error {
	v, n, err := h.apiInboxVersionInPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	one, err := h.Gateway.ConfigVersion(ctx, v.ID, n)
	if err != nil {
		return err
	}
	query, err := apiQuery(c, "against")
	if err != nil {
		return err
	}
	against := n - 1
	if query["against"] != "" {
		if against, err = strconv.ParseInt(query["against"], 10, 64); err != nil || against < 1 {
			return apiBadQuery("E-API-07", "against", "1, 2, 3 …")
		}
	}
	out := apiConfigVersionFull{Version: n, Action: one.Action, CreatedAt: apiTime(one.CreatedAt), CreatedBy: one.Who, Against: against, Changes: []apiConfigChange{}}
	if against > 0 {
		other, err := h.Gateway.ConfigVersion(ctx, v.ID, against)
		if err != nil {
			return err
		}
		out.Changes = apiConfigChanges(gateway.CompareConfig(other.Config, one.Config))
	}
	c.JSON(http.StatusOK, out)
	return nil
}

func apiConfigRestore(h *Handlers, c *gin.Context) error {
	v, n, err := h.apiInboxVersionInPath(c)
	if err != nil {
		return err
	}
	q, err := h.Gateway.Restoring(c.Request.Context(), v.ID, n)
	if err != nil {
		return err
	}
	return h.apiConfigApply(c, q)
}
