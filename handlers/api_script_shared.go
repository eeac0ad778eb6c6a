package handlers

import (
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiSharedScriptOut is a shared script as it is in force.
type apiSharedScriptOut struct {
	ID        int64             `json:"id"`
	Name      string            `json:"name"` // It never changes: rules name it.
	Source    string            `json:"source"`
	OnFailure string            `json:"on_failure"` // "set_aside" or "go_on"; where flow rules run it.
	Everyone  bool              `json:"everyone"`   // Flow rules of all who configure inboxes may run it.
	Version   int64             `json:"version"`
	ChangedAt time.Time         `json:"changed_at"`
	UsedBy    []apiScriptUseOut `json:"used_by"`
}

// apiScriptUseOut is an inbox whose rules in force name a shared script.
type apiScriptUseOut struct {
	Inbox int64    `json:"inbox"`
	Rules []string `json:"rules"` // The flow rules that run it.
	Own   bool     `json:"own"`   // It is the script of the inbox.
}

// apiSharedScriptIn is a new shared script.
type apiSharedScriptIn struct {
	Name      string `json:"name"`
	Source    string `json:"source"`
	OnFailure string `json:"on_failure"`
	Everyone  bool   `json:"everyone"`
}

// apiSharedScriptChange is what can be changed of a shared script. What is not given stays.
type apiSharedScriptChange struct {
	Source    *string `json:"source"`
	OnFailure *string `json:"on_failure"`
	Everyone  *bool   `json:"everyone"`
}

// apiSharedScriptTryIn is a shared script that is tried: as it is in force unless it says otherwise.
type apiSharedScriptTryIn struct {
	Inbox     int64   `json:"inbox"` // Whose latest messages it is tried on.
	Source    *string `json:"source"`
	OnFailure *string `json:"on_failure"`
	Count     *int    `json:"count"` // How many of them, at most 20.
}

// apiScriptVersionOut is one version of a shared script. It never changes.
type apiScriptVersionOut struct {
	Version   int64     `json:"version"`
	Source    string    `json:"source"`
	OnFailure string    `json:"on_failure"`
	Everyone  bool      `json:"everyone"`
	Action    string    `json:"action"` // What has made it, as in the audit log: "shared_script.import"; "" where that is not known any more.
	CreatedAt time.Time `json:"created_at"`
}

// apiSharedScriptRoutes are the routes about shared scripts, for admins.
func apiSharedScriptRoutes() []apiRoute {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	out, page := reflect.TypeFor[apiSharedScriptOut](), []string{"limit", "cursor"}
	all := []apiRoute{
		{method: get, path: "/scripts", handle: apiSharedScriptList, summary: "List the shared scripts", query: page, out: out, list: true, status: 200},
		{method: post, path: "/scripts", handle: apiSharedScriptCreate, summary: "Add a shared script", in: reflect.TypeFor[apiSharedScriptIn](), out: out, status: 201},
		{method: get, path: "/scripts/file", handle: apiOfScripts(apiConfigShow), summary: "Show the shared scripts as the file of \"letterbox script export\"",
			octets: true, yaml: true, status: 200},
		{method: put, path: "/scripts/file", handle: apiOfScripts(apiConfigSet), summary: "Add and change shared scripts as such a file says, in one transaction; none is removed. Answers with what differed",
			query: []string{"dry_run"}, raw: true, yaml: true, out: reflect.TypeFor[apiConfigOut](), status: 200},
		{method: get, path: "/scripts/:id", handle: apiSharedScriptShow, summary: "Show a shared script", out: out, status: 200},
		{method: patch, path: "/scripts/:id", handle: apiSharedScriptUpdate, summary: "Put what is given of a shared script in force for the next mail, as a new version",
			in: reflect.TypeFor[apiSharedScriptChange](), out: out, status: 200},
		{method: del, path: "/scripts/:id", handle: apiSharedScriptDelete, summary: "Remove a shared script that no rules in force name", status: 204},
		{method: get, path: "/scripts/:id/versions", handle: apiSharedScriptVersions, summary: "List the versions of a shared script, newest first", query: page,
			out: reflect.TypeFor[apiScriptVersionOut](), list: true, status: 200},
		{method: post, path: "/scripts/:id/versions/:version/restore", handle: apiSharedScriptRestore, summary: "Put a version of a shared script in force again, as a new one",
			out: out, status: 200},
		{method: post, path: "/scripts/:id/try", handle: apiSharedScriptTry, summary: "Try a shared script on the latest stored messages of an inbox, for 20 seconds at most; nothing is written",
			in: reflect.TypeFor[apiSharedScriptTryIn](), out: reflect.TypeFor[apiScriptTriedOut](), list: true, status: 200},
	}
	for i := range all {
		all[i].handle = apiWebhook(all[i].handle)
	}
	return all
}

// apiSharedScriptOf returns how a shared script is written.
func (h *Handlers) apiSharedScriptOf(c *gin.Context) (func(models.SharedScript) apiSharedScriptOut, error) {
	uses, err := h.Gateway.ScriptUses(c.Request.Context())
	return func(s models.SharedScript) apiSharedScriptOut {
		out := apiSharedScriptOut{
			ID: s.ID, Name: s.Name, Source: s.Source, OnFailure: or(s.OnFailure, "set_aside"), Everyone: s.Everyone, Version: s.Version,
			ChangedAt: apiTime(s.CreatedAt), UsedBy: []apiScriptUseOut{},
		}
		for _, u := range uses[s.Folded] {
			out.UsedBy = append(out.UsedBy, apiScriptUseOut{u.InboxID, append([]string{}, u.Rules...), u.Own})
		}
		return out
	}, err
}

func apiSharedScriptList(h *Handlers, c *gin.Context) error {
	all, err := h.Gateway.SharedScripts(c.Request.Context())
	if err != nil {
		return err
	}
	each, err := h.apiSharedScriptOf(c)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b models.SharedScript) int { return int(a.ID - b.ID) })
	return apiPaged(c, all, func(s models.SharedScript) int64 { return s.ID }, each)
}

func apiSharedScriptCreate(h *Handlers, c *gin.Context) error {
	var in apiSharedScriptIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	made, err := h.Gateway.AddSharedScript(c.Request.Context(), apiUser(c), models.SharedScript{Name: in.Name, Source: in.Source, OnFailure: in.OnFailure, Everyone: in.Everyone})
	if err != nil {
		return err
	}
	each, err := h.apiSharedScriptOf(c)
	if err != nil {
		return err
	}
	apiCreated(c, "/scripts/"+number(made.ID), each(made))
	return nil
}

// apiSharedScriptNamed returns the shared script in the path.
func (h *Handlers) apiSharedScriptNamed(c *gin.Context) (models.SharedScript, error) {
	id, err := apiID(c, "id")
	if err != nil {
		return models.SharedScript{}, err
	}
	return h.Gateway.SharedScript(c.Request.Context(), id)
}

func apiSharedScriptShow(h *Handlers, c *gin.Context) error {
	s, err := h.apiSharedScriptNamed(c)
	if err != nil {
		return err
	}
	each, err := h.apiSharedScriptOf(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, each(s))
	return nil
}

func apiSharedScriptUpdate(h *Handlers, c *gin.Context) error {
	s, err := h.apiSharedScriptNamed(c)
	if err != nil {
		return err
	}
	var in apiSharedScriptChange
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&s.Source, in.Source)
	apiSet(&s.OnFailure, in.OnFailure)
	apiSet(&s.Everyone, in.Everyone)
	if _, err := h.Gateway.ChangeSharedScript(c.Request.Context(), apiUser(c), s.ID, apiExpected(c, nil, s.Version), s); err != nil {
		return err
	}
	return apiSharedScriptShow(h, c)
}

func apiSharedScriptDelete(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err == nil {
		err = h.Gateway.DeleteSharedScript(c.Request.Context(), apiUser(c), id)
	}
	if err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

func apiSharedScriptVersions(h *Handlers, c *gin.Context) error {
	s, err := h.apiSharedScriptNamed(c)
	if err != nil {
		return err
	}
	all, err := h.Gateway.SharedScriptVersions(c.Request.Context(), s.ID)
	if err != nil {
		return err
	}
	return apiPaged(c, all, func(one models.SharedScript) int64 { return s.Version - one.Version + 1 }, func(s models.SharedScript) apiScriptVersionOut {
		return apiScriptVersionOut{s.Version, s.Source, or(s.OnFailure, "set_aside"), s.Everyone, s.Action, apiTime(s.CreatedAt)}
	})
}

func apiSharedScriptRestore(h *Handlers, c *gin.Context) error {
	s, err := h.apiSharedScriptNamed(c)
	if err != nil {
		return err
	}
	n, err := apiID(c, "version")
	if err != nil {
		return err
	}
	if _, err := h.Gateway.RestoreSharedScript(c.Request.Context(), apiUser(c), s.ID, s.Version, n); err != nil {
		return err
	}
	return apiSharedScriptShow(h, c)
}

func apiSharedScriptTry(h *Handlers, c *gin.Context) error {
	s, err := h.apiSharedScriptNamed(c)
	if err != nil {
		return err
	}
	in, count := apiSharedScriptTryIn{}, 10
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&s.Source, in.Source)
	apiSet(&s.OnFailure, in.OnFailure)
	apiSet(&count, in.Count)
	all, err := h.Gateway.TrySharedOnLatest(c.Request.Context(), in.Inbox, s, min(max(count, 1), 20))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(all, "", apiScriptTried(s.Name)))
	return nil
}
