package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/i18n"
)

// apiCheckOut is the result of a check.
type apiCheckOut struct {
	OK     bool          `json:"ok"`
	Phases []apiPhaseOut `json:"phases"`
}

// apiPhaseOut is one phase of a check.
type apiPhaseOut struct {
	Phase    string            `json:"phase"`
	State    string            `json:"state"` // ok, failed or skipped.
	Code     string            `json:"code"`
	Message  string            `json:"message"` // Cause in the language asked for; "" when ok.
	Remedy   string            `json:"remedy"`  // What to do about it; "" when there is nothing to add.
	Args     map[string]string `json:"args"`
	Duration string            `json:"duration"`
}

// apiPollOut says which inbox is visited.
type apiPollOut struct {
	Inbox int64 `json:"inbox"`
}

// apiFolderOut is a folder of an account.
type apiFolderOut struct {
	Name      string `json:"name"`
	Separator string `json:"separator"`
	Use       string `json:"use"`       // "sent", "trash", ...; or "".
	NoSelect  bool   `json:"no_select"` // Holds only subfolders.
	Messages  *int   `json:"messages"`  // Null when not asked.
}

// apiReconcileOut compares the server's list with the ledger.
type apiReconcileOut struct {
	Server      int `json:"server"`
	Ledger      int `json:"ledger"`
	Unaccounted int `json:"unaccounted"`
	Before      int `json:"before"`
}

func apiInboxCheck(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	ctx, me := c.Request.Context(), apiUser(c)
	access, err := h.Tracker.Access(ctx, me)
	if err != nil {
		return err
	}
	report, err := h.Gateway.CheckFor(ctx, me, access.Admin(), gateway.CheckOf{Inbox: v.ID, Project: v.ProjectID}, v.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return h.Gateway.CheckInbox(ctx, v.ID, each)
	})(nil)
	if err != nil {
		return err
	}
	lang := i18n.Match(c.GetHeader("Accept-Language"))
	out := apiCheckOut{OK: report.OK, Phases: make([]apiPhaseOut, 0, len(report.Phases))}
	for _, p := range report.Phases {
		out.Phases = append(out.Phases, h.apiPhaseOf(lang, p))
	}
	c.Header("Content-Language", lang)
	c.Header("Vary", "Accept-Language")
	c.JSON(http.StatusOK, out)
	return nil
}

func (h *Handlers) apiPhaseOf(lang string, p gateway.CheckPhase) apiPhaseOut {
	out := apiPhaseOut{Phase: string(p.Phase), State: p.State, Code: p.Code, Args: p.Args, Duration: p.Duration.String()}
	if p.Code != "" {
		out.Message = h.cat.T(lang, p.Code, p.Args)
		if remedy := "remedy." + p.Code; h.cat.Has(lang, remedy) {
			out.Remedy = h.cat.T(lang, remedy, p.Args)
		}
	}
	if out.Args == nil {
		out.Args = map[string]string{}
	}
	return out
}

func apiInboxPoll(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	if err := h.Gateway.Poll(c.Request.Context(), v.ID); err != nil {
		return err
	}
	c.JSON(http.StatusAccepted, apiPollOut{Inbox: v.ID})
	return nil
}

func apiInboxFolders(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var folders []mailbox.Folder
	err = h.apiDiscreetly(c, v.Settings, func() (err error) {
		folders, err = h.Gateway.Folders(c.Request.Context(), v.ID)
		return err
	})
	if err != nil {
		return err
	}
	place := make(map[string]int64, len(folders)) // In the order of the server.
	for i, f := range folders {
		place[f.Name] = int64(i) + 1
	}
	return apiPaged(c, folders, func(f mailbox.Folder) int64 { return place[f.Name] }, func(f mailbox.Folder) apiFolderOut {
		out := apiFolderOut{Name: f.Name, Separator: f.Separator, Use: f.Use, NoSelect: f.NoSelect}
		if f.Messages >= 0 {
			out.Messages = &f.Messages
		}
		return out
	})
}

func apiInboxReconcile(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var r gateway.Reconciliation
	err = h.apiDiscreetly(c, v.Settings, func() (err error) {
		r, err = h.Gateway.Reconcile(c.Request.Context(), v.ID)
		return err
	})
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiReconcileOut(r))
	return nil
}
