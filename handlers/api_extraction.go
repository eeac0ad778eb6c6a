package handlers

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiExtractionOut is how an inbox reads mails that are data.
type apiExtractionOut struct {
	NoMatch     string             `json:"no_match"` // A mail that no profile matches: "go_on", "reject" or "set_aside".
	Correlate   models.Correlation `json:"correlate"`
	Profiles    []models.Profile   `json:"profiles"`     // Tried in order; the first that matches wins.
	RuleVersion int64              `json:"rule_version"` // The version of the rules that holds them.
}

// apiExtractionIn is what can be set of it. What is not given stays.
type apiExtractionIn struct {
	NoMatch   *string                     `json:"no_match"`
	Correlate *apiExact[apiCorrelationIn] `json:"correlate"`
	Profiles  *apiExact[apiProfilesIn]    `json:"profiles"`
}

type (
	apiCorrelationIn = models.Correlation
	apiProfilesIn    = []models.Profile
)

// apiExact is a value whose JSON has no field that it does not know, at any depth.
type apiExact[T any] struct{ Value T }

// UnmarshalJSON is part of json.Unmarshaler.
func (x *apiExact[T]) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(&x.Value)
}

func apiExtractionShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	x := v.Rules.Extraction
	out := apiExtractionOut{or(x.NoMatch, "go_on"), x.Correlate, append([]models.Profile{}, x.Profiles...), v.RuleVersion}
	for i := range out.Profiles {
		if out.Profiles[i].Fields == nil {
			out.Profiles[i].Fields = []models.ProfileField{}
		}
	}
	c.JSON(http.StatusOK, out)
	return nil
}

// apiExtractionSet puts profiles in force, as a new version of the rules.
func apiExtractionSet(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var in apiExtractionIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	rules := v.Rules
	x := &rules.Extraction
	apiSet(&x.NoMatch, in.NoMatch)
	if x.NoMatch == "go_on" { // As the form writes it, so that the same again makes no version.
		x.NoMatch = ""
	}
	if in.Correlate != nil {
		x.Correlate = in.Correlate.Value
	}
	if in.Profiles != nil {
		x.Profiles = in.Profiles.Value
	}
	if _, err := h.Gateway.SaveRules(c.Request.Context(), apiUser(c), v.ID, v.RuleVersion, rules); err != nil {
		return err
	}
	return apiExtractionShow(h, c)
}
