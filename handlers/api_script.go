package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiScriptOut is the script of an inbox.
type apiScriptOut struct {
	Source      string `json:"source"`       // "" when there is none of its own.
	Uses        string `json:"uses"`         // Name of the shared script that is run instead.
	OnFailure   string `json:"on_failure"`   // "set_aside" or "go_on".
	RuleVersion int64  `json:"rule_version"` // The version of the rules that holds it.
}

// apiScriptIn is what can be set of a script. What is not given stays.
type apiScriptIn struct {
	Source    *string `json:"source"`
	Uses      *string `json:"uses"`
	OnFailure *string `json:"on_failure"`
}

// apiScriptTryIn is a script that is tried: the one in force unless it says otherwise.
type apiScriptTryIn struct {
	Source    *string `json:"source"`
	Uses      *string `json:"uses"`
	OnFailure *string `json:"on_failure"`
	Count     *int    `json:"count"` // How many of the latest messages, at most 20.
}

// apiScriptTriedOut is what a script said to one message.
type apiScriptTriedOut struct {
	Message  int64                `json:"message"`
	State    string               `json:"state"`
	Reason   string               `json:"reason"`
	Title    string               `json:"title"`
	Differs  bool                 `json:"differs"` // From what the rules in force make of it.
	Asked    bool                 `json:"asked"`   // It came as far as the script.
	Failure  *apiScriptFailureOut `json:"failure"` // Null when there is a decision.
	Log      []string             `json:"log"`
	Duration string               `json:"duration"`
}

// apiScriptFailureOut is why a script gave no decision.
type apiScriptFailureOut struct {
	Kind   string `json:"kind"` // syntax, thrown, unusable, slow, memory or crashed.
	Detail string `json:"detail"`
	Line   int    `json:"line"` // 0 when it is not known.
}

func apiScriptShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiScriptOut{v.Rules.Script.Source, v.Rules.Script.Uses, or(v.Rules.Script.OnFailure, "set_aside"), v.RuleVersion})
	return nil
}

func apiScriptSet(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxToScript(c)
	if err != nil {
		return err
	}
	in, s := apiScriptIn{}, v.Rules.Script
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&s.Source, in.Source)
	apiSet(&s.Uses, in.Uses)
	apiSet(&s.OnFailure, in.OnFailure)
	if _, err := h.Gateway.SaveScript(c.Request.Context(), apiUser(c), v.ID, v.RuleVersion, s); err != nil {
		return err
	}
	return apiScriptShow(h, c)
}

// apiInboxToScript is the inbox in the path for who may write scripts. Who sees it and is no admin is told so.
func (h *Handlers) apiInboxToScript(c *gin.Context) (gateway.InboxView, error) {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return v, err
	}
	if apiUser(c).Role != models.RoleAdmin {
		return v, models.ErrForbidden
	}
	return v, nil
}

func apiScriptTry(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxToScript(c)
	if err != nil {
		return err
	}
	in, s, count := apiScriptTryIn{}, v.Rules.Script, 10
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&s.Source, in.Source)
	apiSet(&s.Uses, in.Uses)
	apiSet(&s.OnFailure, in.OnFailure)
	apiSet(&count, in.Count)
	all, err := h.Gateway.TryScriptOnLatest(c.Request.Context(), apiUser(c), v.ID, s, min(max(count, 1), 20))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(all, "", apiScriptTried(s.Uses)))
	return nil
}

// apiScriptTried returns how what a script said to a message is written. name is that of a shared script; "": that of an inbox.
func apiScriptTried(name string) func(gateway.Tried) apiScriptTriedOut {
	return func(t gateway.Tried) apiScriptTriedOut {
		out := apiScriptTriedOut{
			Message: t.Message.ID, State: string(t.Draft.State), Reason: string(t.Draft.Reason), Title: t.Draft.Title, Differs: t.Differs(), Log: []string{},
		}
		if r := t.Draft.ScriptNamed(name); r != nil {
			out.Asked, out.Duration, out.Log = true, r.Took.String(), append(out.Log, r.Log...)
			if f := r.Failure; f != nil {
				out.Failure = &apiScriptFailureOut{string(f.Kind), f.Detail, f.Line}
			}
		}
		return out
	}
}
