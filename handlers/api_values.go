package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiValueOut is a state or priority of a project in the API. One that has no id is a usual one.
type apiValueOut struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	CountsAs string `json:"counts_as"` // A state: new, open, waiting, resolved, closed; a priority: low, normal, high, urgent.
	Colour   string `json:"colour"`    // "", "link", "ok", "warn", "bad", "soft".
}

// apiValuesIn is all that a project is to have, in order; none: the usual ones.
type apiValuesIn struct {
	Items  *[]apiValueOut `json:"items"`   // With its id one is changed, without it is added; who is left out goes.
	MoveTo *string        `json:"move_to"` // Name of the one that issues of what goes get; "": the first that counts as the same.
}

// apiValueList lists the states or priorities of the project in the path.
func apiValueList(kind models.ValueKind) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
		if err != nil {
			return err
		}
		return h.apiValues(c, p.ID, kind)
	}
}

func (h *Handlers) apiValues(c *gin.Context, project int64, kind models.ValueKind) error {
	values, err := h.Tracker.Values(c.Request.Context(), apiUser(c), project)
	if err != nil {
		return err
	}
	var list []apiValueOut
	for _, v := range values.Of(kind) {
		list = append(list, apiValueOut{ID: v.ID, Name: v.Name, CountsAs: v.Base, Colour: v.Colour})
	}
	if list == nil {
		for _, base := range kind.Bases() {
			list = append(list, apiValueOut{Name: base, CountsAs: base})
		}
	}
	c.JSON(http.StatusOK, apiItems(list, "", func(v apiValueOut) apiValueOut { return v }))
	return nil
}

// apiValueSet gives the project in the path exactly these states or priorities.
func apiValueSet(kind models.ValueKind) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
		if err != nil {
			return err
		}
		var in apiValuesIn
		given, err := apiDecode(c, &in)
		if err != nil {
			return err
		}
		if faults := apiRequired(given, "items"); faults != nil {
			return faults
		}
		var drafts []tracker.ValueDraft
		for _, v := range *in.Items {
			drafts = append(drafts, tracker.ValueDraft{ID: v.ID, Name: v.Name, Base: v.CountsAs, Colour: v.Colour})
		}
		moveTo := ""
		apiSet(&moveTo, in.MoveTo)
		if err := h.Tracker.SetValues(c.Request.Context(), apiUser(c), p.ID, kind, drafts, moveTo); err != nil {
			return err
		}
		return h.apiValues(c, p.ID, kind)
	}
}
