package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiDiagnosisRoutes are those of what is given to somebody who helps.
func apiDiagnosisRoutes() []apiRoute {
	return []apiRoute{{
		method: http.MethodGet, path: "/diagnosis", handle: apiDiagnosis, query: []string{"names"}, octets: true, status: 200,
		summary: "What runs, how it is set up and what goes wrong how often, as JSON: no secret, nothing of a mail; the download is audited",
	}}
}

func apiDiagnosis(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	q, err := apiQuery(c, "names")
	if err != nil {
		return err
	}
	if text := q["names"]; text != "" && text != "true" && text != "false" {
		return apiBadQuery("E-API-07", "names", "true, false")
	}
	return h.diagnosis(c, apiUser(c), q["names"] == "true")
}

// diagnosis sends a diagnosis as a file, for pages and API.
func (h *Handlers) diagnosis(c *gin.Context, by *models.User, names bool) error {
	d, err := h.Gateway.Diagnose(c.Request.Context(), by, names)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(struct {
		Letterbox string `json:"letterbox"` // The version.
		gateway.Diagnosis
	}{h.Version, d}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the diagnosis: %w", err)
	}
	return download(c, "letterbox-diagnosis-"+d.At.Format(time.DateOnly)+".json", "application/octet-stream", int64(len(raw)), bytes.NewReader(raw))
}
