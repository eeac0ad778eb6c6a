package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiAcknowledgementOut is how an inbox acknowledges new issues.
type apiAcknowledgementOut struct {
	Mode    string            `json:"mode"`    // "off", "known" (people who are known already) or "everyone" who is let in.
	Text    map[string]string `json:"text"`    // By language; "": the usual one.
	Refusal map[string]string `json:"refusal"` // Of the notice that a mail was refused, by language; "": the usual one.
}

// apiAcknowledgementIn is what can be set of it. What is not given stays.
type apiAcknowledgementIn struct {
	Mode    *string            `json:"mode"`
	Text    *map[string]string `json:"text"`
	Refusal *map[string]string `json:"refusal"`
}

// apiBreakerOut says whether the acknowledgements of an inbox rest because there were too many of them.
type apiBreakerOut struct {
	Resting bool       `json:"resting"`
	Since   *time.Time `json:"since"` // Null when they do not.
	Until   *time.Time `json:"until"`
}

func apiAcknowledgementShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	a, err := h.Gateway.Acknowledgement(c.Request.Context(), v.ID)
	if err != nil {
		return err
	}
	out := apiAcknowledgementOut{Mode: a.Mode, Text: map[string]string{}, Refusal: map[string]string{}}
	for _, lang := range []string{"de", "en"} {
		out.Text[lang], out.Refusal[lang] = a.Text[lang], a.Refusal[lang]
	}
	c.JSON(http.StatusOK, out)
	return nil
}

func apiAcknowledgementSet(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var in apiAcknowledgementIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	a, err := h.Gateway.Acknowledgement(c.Request.Context(), v.ID)
	if err != nil {
		return err
	}
	apiSet(&a.Mode, in.Mode)
	apiSet(&a.Text, in.Text)
	apiSet(&a.Refusal, in.Refusal)
	if err := h.Gateway.SetAcknowledgement(c.Request.Context(), apiUser(c), v.ID, a); err != nil {
		return err
	}
	return apiAcknowledgementShow(h, c)
}

// apiBreaker returns what has stopped the acknowledgements of the inbox in the path, nil when nothing has. Admins only.
func (h *Handlers) apiBreaker(c *gin.Context) (place string, b *models.Breaker, err error) {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return "", nil, err
	}
	place = "inbox:" + strconv.FormatInt(v.ID, 10)
	all, err := apiAdminsList(h, c, (*gateway.Gateway).Breakers)
	if err != nil {
		return "", nil, err
	}
	at := slices.IndexFunc(all, func(b models.Breaker) bool { return b.Place == place })
	if at < 0 {
		return place, nil, nil
	}
	return place, &all[at], nil
}

func apiBreakerShow(h *Handlers, c *gin.Context) error {
	_, b, err := h.apiBreaker(c)
	if err != nil {
		return err
	}
	out := apiBreakerOut{}
	if b != nil {
		out = apiBreakerOut{true, apiTimeOrNil(&b.TrippedAt), apiTimeOrNil(&b.EndsAt)}
	}
	c.JSON(http.StatusOK, out)
	return nil
}

// apiBreakerReset lets the acknowledgements of an inbox out again.
func apiBreakerReset(h *Handlers, c *gin.Context) error {
	place, b, err := h.apiBreaker(c)
	if err != nil {
		return err
	}
	if b == nil {
		return models.ErrNotFound
	}
	return apiEmpty(c, h.Gateway.ResetBreaker(c.Request.Context(), apiUser(c), place))
}
