package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/internal/i18n"
	"letterbox/models"
)

// apiFlowOut are the flow rules of an inbox.
type apiFlowOut struct {
	Zone        string           `json:"zone"` // IANA name; "" for UTC.
	Rules       []apiFlowRuleOut `json:"rules"`
	RuleVersion int64            `json:"rule_version"` // The version of the rules that holds them.
}

// apiFlowRuleOut is one flow rule.
type apiFlowRuleOut struct {
	Name       string                 `json:"name"`
	Off        bool                   `json:"off"`
	When       string                 `json:"when"` // "all", "any" or "none".
	Conditions []apiFlowConditionPart `json:"conditions"`
	Actions    []apiFlowActionPart    `json:"actions"`
	Comments   bool                   `json:"comments"` // Also sets things when the mail becomes a comment.
	Stop       bool                   `json:"stop"`
}

// apiFlowConditionPart is one condition.
type apiFlowConditionPart struct {
	Field string `json:"field"`
	Name  string `json:"name,omitempty"`
	Op    string `json:"op"`
	Value string `json:"value,omitempty"`
}

// apiFlowActionPart is one action.
type apiFlowActionPart struct {
	Do    string `json:"do"`
	Value string `json:"value,omitempty"`
}

// apiFlowRuleIn is one flow rule that is set. What is left out is as for a new one.
type apiFlowRuleIn struct {
	Name       string                 `json:"name"`
	Off        bool                   `json:"off"`
	When       string                 `json:"when"`
	Conditions []apiFlowConditionPart `json:"conditions"`
	Actions    []apiFlowActionPart    `json:"actions"`
	Comments   bool                   `json:"comments"`
	Stop       bool                   `json:"stop"`
}

// apiFlowIn is what can be set of flow rules. What is not given stays; the list is replaced as a whole.
type apiFlowIn struct {
	Zone  *string          `json:"zone"`
	Rules *[]apiFlowRuleIn `json:"rules"`
}

// apiFlowTryIn are flow rules that are tried: those in force unless it says otherwise.
type apiFlowTryIn struct {
	Zone  *string          `json:"zone"`
	Rules *[]apiFlowRuleIn `json:"rules"`
	Count *int             `json:"count"` // How many of the latest messages, at most 200.
}

// apiFlowTriedOut is what becomes of one message under the flow rules that are tried.
type apiFlowTriedOut struct {
	Message int64         `json:"message"`
	State   string        `json:"state"`
	Reason  string        `json:"reason"`
	Title   string        `json:"title"`
	Differs bool          `json:"differs"` // From what the rules in force make of it.
	Was     string        `json:"was"`     // State under the rules in force.
	Trace   []apiTraceOut `json:"trace"`
}

func apiFlowShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	out := apiFlowOut{Zone: v.Rules.Flow.Zone, Rules: []apiFlowRuleOut{}, RuleVersion: v.RuleVersion}
	for _, r := range v.Rules.Flow.Rules {
		one := apiFlowRuleOut{Name: r.Name, Off: r.Off, When: or(r.When, "all"), Conditions: []apiFlowConditionPart{}, Actions: []apiFlowActionPart{}, Comments: r.Comments, Stop: r.Stop}
		for _, p := range r.Conditions {
			one.Conditions = append(one.Conditions, apiFlowConditionPart(p))
		}
		for _, p := range r.Actions {
			one.Actions = append(one.Actions, apiFlowActionPart(p))
		}
		out.Rules = append(out.Rules, one)
	}
	c.JSON(http.StatusOK, out)
	return nil
}

// apiFlowOf lays what was sent over the flow rules in force.
func apiFlowOf(f models.Flow, zone *string, rules *[]apiFlowRuleIn) models.Flow {
	apiSet(&f.Zone, zone)
	if rules == nil {
		return f
	}
	f.Rules = nil
	for _, r := range *rules {
		one := models.FlowRule{Name: r.Name, Off: r.Off, When: r.When, Comments: r.Comments, Stop: r.Stop}
		if one.When == "all" {
			one.When = ""
		}
		for _, p := range r.Conditions {
			one.Conditions = append(one.Conditions, models.FlowCondition(p))
		}
		for _, p := range r.Actions {
			one.Actions = append(one.Actions, models.FlowAction(p))
		}
		f.Rules = append(f.Rules, one)
	}
	return f
}

func apiFlowSet(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var in apiFlowIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	if _, err := h.Gateway.SaveFlow(c.Request.Context(), apiUser(c), v.ID, v.RuleVersion, apiFlowOf(v.Rules.Flow, in.Zone, in.Rules)); err != nil {
		return err
	}
	return apiFlowShow(h, c)
}

func apiFlowTry(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	in, count, ctx := apiFlowTryIn{}, 50, c.Request.Context()
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&count, in.Count)
	rules := v.Rules
	rules.Flow = apiFlowOf(v.Rules.Flow, in.Zone, in.Rules)
	all, err := h.Gateway.TryRulesOnLatest(ctx, apiUser(c), v.ID, rules, min(max(count, 1), 200))
	if err != nil {
		return err
	}
	lang := i18n.Match(c.GetHeader("Accept-Language"))
	c.Header("Content-Language", lang)
	c.Header("Vary", "Accept-Language")
	c.JSON(http.StatusOK, apiItems(all, "", func(t gateway.Tried) apiFlowTriedOut {
		return apiFlowTriedOut{
			Message: t.Message.ID, State: string(t.Draft.State), Reason: string(t.Draft.Reason), Title: t.Draft.Title, Differs: t.Differs(),
			Was: string(t.InForce.State), Trace: h.apiTraceOf(lang, t.Draft.Trace),
		}
	}))
	return nil
}
