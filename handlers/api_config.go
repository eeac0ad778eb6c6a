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

// apiConfigOut says how an inbox, the answer templates of a project, or the shared scripts differ from what a file says.
type apiConfigOut struct {
	Applied bool              `json:"applied"` // False of a dry run, and when there was nothing to do.
	Changes []apiConfigChange `json:"changes"`
}

// apiConfigChange is one setting that differs.
type apiConfigChange struct {
	Field  string   `json:"field"` // Of a shared script with its name before it: "Alarm.source".
	Before string   `json:"before"`
	After  string   `json:"after"`
	Added  []string `json:"added"` // Of a list, and of texts by line.
	Gone   []string `json:"gone"`
}

// apiConfigVersionOut is one version. It never changes.
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

// apiConfigAction is a route about what is kept as a file.
type apiConfigAction func(c *gin.Context, of configOf) error

// apiOfInbox, apiOfTemplates and apiOfScripts make such a route one of an inbox, of the answer templates of a project, and of
// the shared scripts.
func apiOfInbox(do apiConfigAction) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		v, err := h.apiInboxInPath(c)
		if err != nil {
			return err
		}
		access, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
		if err != nil {
			return err
		}
		return do(c, h.configOfInbox(c.Request.Context(), apiUser(c), access, v))
	}
}

func apiOfTemplates(do apiConfigAction) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
		if err != nil {
			return err
		}
		access, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
		if err == nil && c.Request.Method != http.MethodGet && !access.Configures(p.ID) {
			err = models.ErrForbidden
		}
		if err != nil {
			return err
		}
		return do(c, h.configOfTemplates(c.Request.Context(), apiUser(c), p))
	}
}

func apiOfScripts(do apiConfigAction) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		return do(c, h.configOfScripts(c.Request.Context(), apiUser(c)))
	}
}

func apiConfigShow(c *gin.Context, of configOf) error {
	raw, err := of.export()
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "application/yaml", raw)
	return nil
}

func apiConfigSet(c *gin.Context, of configOf) error {
	kind, _, err := mime.ParseMediaType(c.ContentType())
	if c.GetHeader("Content-Type") != "" && (err != nil || !slices.Contains([]string{"application/yaml", "application/x-yaml", "text/yaml"}, kind)) {
		return &apiBadRequest{status: http.StatusUnsupportedMediaType, code: "E-CONF-12"}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, inboxfile.MaxOctets))
	if err != nil {
		return apiReadError(err)
	}
	return apiConfigApply(c, of.many, func(dry bool) ([]gateway.ConfigChange, error) { return of.take(raw, dry, "") })
}

// apiConfigApply applies a file or a version, or only says what it would do.
func apiConfigApply(c *gin.Context, many bool, apply func(dry bool) ([]gateway.ConfigChange, error)) error {
	query, err := apiQuery(c, "dry_run")
	if err != nil {
		return err
	}
	dry := query["dry_run"] == "1"
	found, err := apply(dry)
	if err != nil {
		return err
	}
	out := apiConfigOut{Changes: []apiConfigChange{}}
	for _, one := range found {
		out.Applied = out.Applied || !dry && one.Differs()
		for _, change := range apiConfigChanges(one.Changes) {
			if many {
				change.Field = one.Name + "." + change.Field
			}
			out.Changes = append(out.Changes, change)
		}
	}
	c.JSON(http.StatusOK, out)
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

func apiConfigVersionList(c *gin.Context, of configOf) error {
	all, err := of.versions()
	if err != nil {
		return err
	}
	fields := map[int64][]string{}
	for i, one := range all {
		fields[one.Version] = []string{}
		if i+1 < len(all) {
			for _, change := range keptChanges(all[i+1], one) {
				fields[one.Version] = append(fields[one.Version], change.Field)
			}
		}
	}
	newest := func(one kept) int64 { return all[0].Version - one.Version + 1 }
	return apiPaged(c, all, newest, func(one kept) apiConfigVersionOut {
		return apiConfigVersionOut{Version: one.Version, Action: one.Action, CreatedAt: apiTime(one.CreatedAt), CreatedBy: one.Who, Fields: fields[one.Version]}
	})
}

func apiConfigVersionShow(c *gin.Context, of configOf) error {
	n, err := apiID(c, "version")
	if err != nil {
		return err
	}
	one, err := of.version(n)
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
		other, err := of.version(against)
		if err != nil {
			return err
		}
		out.Changes = apiConfigChanges(keptChanges(other, one))
	}
	c.JSON(http.StatusOK, out)
	return nil
}

func apiConfigRestore(c *gin.Context, of configOf) error {
	n, err := apiID(c, "version")
	if err != nil {
		return err
	}
	return apiConfigApply(c, of.many, func(dry bool) ([]gateway.ConfigChange, error) { return of.restore(n, dry) })
}
