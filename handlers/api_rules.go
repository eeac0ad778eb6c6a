package handlers

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiRulesOut are the rules of an inbox, with the names that they have there.
type apiRulesOut models.Rules

// apiRuleVersionOut is one version of the rules of an inbox. It never changes.
type apiRuleVersionOut struct {
	Version   int64       `json:"version"`
	InForce   bool        `json:"in_force"`
	CreatedAt time.Time   `json:"created_at"`
	CreatedBy string      `json:"created_by"` // "" when Letterbox itself did.
	Rules     apiRulesOut `json:"rules"`
}

// apiAuditOut is one line of the audit log.
type apiAuditOut struct {
	ID     int64             `json:"id"`
	At     time.Time         `json:"at"`
	Who    string            `json:"who"`    // "" when Letterbox itself did.
	Action string            `json:"action"` // "rules.update", for example.
	Object string            `json:"object"` // "inbox:3", for example.
	Values map[string]string `json:"values"` // What it was and what it is, by field; never a secret.
}

func apiRuleVersionList(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	versions, err := h.Gateway.RuleVersions(ctx, v.ID)
	if err != nil {
		return err
	}
	var ids []int64
	for _, one := range versions {
		if one.CreatedBy != nil {
			ids = append(ids, *one.CreatedBy)
		}
	}
	names, err := h.Gateway.People(ctx, ids)
	if err != nil {
		return err
	}
	newest := func(one models.RuleVersion) int64 { return math.MaxInt32 - int64(one.Version) } // First.
	return apiPaged(c, versions, newest, func(one models.RuleVersion) apiRuleVersionOut {
		for _, f := range gateway.RuleFields(&one.Rules) {
			if f.List != nil && *f.List == nil {
				*f.List = []string{}
			}
		}
		out := apiRuleVersionOut{Version: one.Version, InForce: one.Version == v.RuleVersion, CreatedAt: apiTime(one.CreatedAt), Rules: apiRulesOut(one.Rules)}
		if one.CreatedBy != nil {
			out.CreatedBy = names[*one.CreatedBy]
		}
		return out
	})
}

func apiRuleVersionRestore(h *Handlers, c *gin.Context) error {
	v, n, err := h.apiInboxVersionInPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	if _, err := h.Gateway.RollBackRules(ctx, apiUser(c), v.ID, v.RuleVersion, n); err != nil {
		return err
	}
	return apiInboxShow(h, c)
}

// apiAuditList lists the audit log: all of it for admins, that of one inbox for those who configure it.
func apiAuditList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "inbox", "action", "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	ctx, me := c.Request.Context(), apiUser(c)
	access, err := h.Tracker.Access(ctx, me)
	if err != nil {
		return err
	}
	query := gateway.AuditQuery{Action: q["action"], Cursor: q["cursor"], Limit: limit}
	switch name := q["inbox"]; {
	case name != "":
		ids, err := h.apiLogInboxes(ctx, me, name)
		if err != nil {
			return err
		}
		query.Object = fmt.Sprint("inbox:", ids[0])
	case !access.Admin():
		return models.ErrForbidden
	}
	lines, next, err := h.Gateway.AuditLog(ctx, query)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(lines, next, func(l gateway.AuditLine) apiAuditOut {
		if !access.Admin() {
			l = l.Discreet()
		}
		if l.Values == nil {
			l.Values = map[string]string{}
		}
		return apiAuditOut{ID: l.ID, At: apiTime(l.At), Who: l.Who, Action: l.Action, Object: l.Object, Values: l.Values}
	}))
	return nil
}
