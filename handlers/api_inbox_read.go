package handlers

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiReadInbox lays the fields of the request over d and checks that the person may configure what comes out. It
// returns the version that the caller wants to change, 0 when it named none.
func (h *Handlers) apiReadInbox(c *gin.Context, d *gateway.InboxDraft) (version int64, err error) {
	object, err := apiReadObject(c)
	if err != nil {
		return 0, err
	}
	fields := map[string]apiInboxField{}
	known := []string{"project", "password", "version"}
	for _, f := range apiInboxFields() {
		fields[f.key] = f
		known = append(known, f.key)
	}
	var faults models.InvalidList
	for _, key := range slices.Sorted(maps.Keys(object)) {
		raw := object[key]
		field, ok := fields[key]
		switch {
		case slices.Contains(apiInboxReadOnly(), key):
			faults = append(faults, &models.Invalid{Field: key, Code: "E-API-09", Args: map[string]string{"field": key}})
		case string(raw) == "null" && (ok || slices.Contains(known, key)):
		case key == "project":
			// Read below: it needs to know whether the inbox is global.
		case key == "password":
			var password string
			if json.Unmarshal(raw, &password) != nil {
				faults = append(faults, apiWrongType(key, "string"))
			}
			d.Password = &password
		case key == "version":
			if json.Unmarshal(raw, &version) != nil {
				faults = append(faults, apiWrongType(key, "integer"))
			}
		case ok:
			faults = append(faults, field.read(d, raw)...)
		default:
			faults = append(faults, apiUnknownField(key, known))
		}
	}
	fault, err := h.apiInboxProject(c, d, object["project"])
	if err != nil {
		return 0, err
	}
	if faults = append(faults, fault...); len(faults) > 0 {
		return 0, faults
	}
	return version, nil
}

// read sets one setting from its JSON.
func (f apiInboxField) read(d *gateway.InboxDraft, raw json.RawMessage) models.InvalidList {
	want := "string"
	var err error
	switch p := f.to(d).(type) {
	case *string:
		err = json.Unmarshal(raw, p)
	case *time.Duration:
		want = "duration"
		var text string
		if err = json.Unmarshal(raw, &text); err == nil {
			*p, err = time.ParseDuration(text)
		}
	case *[]string:
		want = "array"
		var list []string // A new one: the old one belongs to the inbox as it is.
		if err = json.Unmarshal(raw, &list); err == nil {
			*p = list
		}
	case *bool:
		want = "boolean"
		err = json.Unmarshal(raw, p)
	default:
		want = "integer"
		err = json.Unmarshal(raw, p)
	}
	if err != nil {
		return models.InvalidList{apiWrongType(f.key, want)}
	}
	return nil
}

// apiInboxProject sets the project of d when raw names one, and checks that the person may configure the inbox there.
// A project that it does not see is the same as none; a global inbox is for admins.
func (h *Handlers) apiInboxProject(c *gin.Context, d *gateway.InboxDraft, raw json.RawMessage) (models.InvalidList, error) {
	ctx, by := c.Request.Context(), apiUser(c)
	a, err := h.Tracker.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	if len(raw) > 0 && string(raw) != "null" {
		var key string
		if json.Unmarshal(raw, &key) != nil {
			return models.InvalidList{apiWrongType("project", "string")}, nil
		}
		p, err := h.Tracker.ProjectByKey(ctx, by, key)
		if errors.Is(err, models.ErrNotFound) {
			return models.InvalidList{{Field: "project", Code: "E-PROJECT-04", Args: map[string]string{"key": key}}}, nil
		}
		if err != nil {
			return nil, err
		}
		d.ProjectID = p.ID
	}
	switch {
	case d.ProjectID == 0:
		return models.InvalidList{{Field: "project", Code: "E-INBOX-02"}}, nil
	case d.Global && !a.Admin(), !a.Configures(d.ProjectID):
		return nil, models.ErrForbidden
	}
	return nil, nil
}
