package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiContactOut is a customer in the API.
type apiContactOut struct {
	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	Addresses    []string  `json:"addresses"`
	Organisation *int64    `json:"organisation"` // Null when it belongs to none.
	CreatedAt    time.Time `json:"created_at"`
}

// apiContactFull is a customer with counts of its issues, as far as the caller sees them.
type apiContactFull struct {
	apiContactOut
	Open int `json:"open"`
	Done int `json:"done"`
}

// apiContactMergeIn says which contact takes the one in the path.
type apiContactMergeIn struct {
	Into *int64 `json:"into"`
}

// apiErasureOut says what was removed.
type apiErasureOut struct {
	Addresses   int `json:"addresses"`
	Issues      int `json:"issues"`
	Comments    int `json:"comments"`
	Attachments int `json:"attachments"`
	Messages    int `json:"messages"`
	Outgoing    int `json:"outgoing"`
}

// apiOrganisationOut is an organisation in the API.
type apiOrganisationOut struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Entries   []string  `json:"entries"` // Addresses, or domains with "@" before them.
	CreatedAt time.Time `json:"created_at"`
}

// apiOrganisationIn is what can be set of an organisation.
type apiOrganisationIn struct {
	Name    *string   `json:"name"`
	Entries *[]string `json:"entries"`
}

func apiContactOf(c tracker.Contact) apiContactOut {
	out := apiContactOut{ID: c.ID, Name: c.Name, Addresses: append([]string{}, c.Addresses...), CreatedAt: apiTime(c.CreatedAt)}
	if c.Organisation != nil {
		out.Organisation = &c.Organisation.ID
	}
	return out
}

func apiContactList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "q", "organisation", "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	f := tracker.ContactFilter{Text: q["q"], Limit: limit, Cursor: q["cursor"]}
	if text := q["organisation"]; text != "" {
		if f.Organisation, err = strconv.ParseInt(text, 10, 64); err != nil || f.Organisation <= 0 {
			return apiBadQuery("E-API-07", "organisation", "1, 2, 3, …")
		}
	}
	list, next, err := h.Tracker.Contacts(c.Request.Context(), apiUser(c), f)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(list, next, apiContactOf))
	return nil
}

func apiContactShow(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	return apiContactAnswer(h, c, id)
}

// apiContactAnswer answers with a contact and its counts.
func apiContactAnswer(h *Handlers, c *gin.Context, id int64) error {
	v, err := h.Tracker.Contact(c.Request.Context(), apiUser(c), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiContactFull{apiContactOf(v.Contact), v.Open, v.Done})
	return nil
}

func apiContactMerge(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	var in apiContactMergeIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "into"); faults != nil {
		return faults
	}
	if err := h.Tracker.MergeContacts(c.Request.Context(), apiUser(c), id, *in.Into); err != nil {
		return err
	}
	return apiContactAnswer(h, c, *in.Into)
}

func apiContactExport(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	return h.exportContact(c, apiUser(c), id)
}

func apiContactErase(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "texts")
	if err != nil {
		return err
	}
	if text := q["texts"]; text != "" && text != "keep" && text != "erase" {
		return apiBadQuery("E-API-07", "texts", "erase, keep")
	}
	e, err := h.Tracker.EraseContact(c.Request.Context(), apiUser(c), id, q["texts"] != "keep")
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiErasureOut(e))
	return nil
}

func apiOrganisationOf(o models.Organisation) apiOrganisationOut {
	return apiOrganisationOut{ID: o.ID, Name: o.Name, Entries: append([]string{}, o.Entries...), CreatedAt: apiTime(o.CreatedAt)}
}

func apiOrganisationList(h *Handlers, c *gin.Context) error {
	all, err := h.Tracker.Organisations(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiPaged(c, all, func(o models.Organisation) int64 { return o.ID }, apiOrganisationOf)
}

func apiOrganisationCreate(h *Handlers, c *gin.Context) error {
	o, err := apiOrganisationSave(h, c, models.Organisation{})
	if err != nil {
		return err
	}
	apiCreated(c, "/organisations/"+strconv.FormatInt(o.ID, 10), apiOrganisationOf(o))
	return nil
}

func apiOrganisationSave(h *Handlers, c *gin.Context, o models.Organisation) (models.Organisation, error) {
	var in apiOrganisationIn
	if _, err := apiDecode(c, &in); err != nil {
		return o, err
	}
	apiSet(&o.Name, in.Name)
	apiSet(&o.Entries, in.Entries)
	return h.Tracker.SaveOrganisation(c.Request.Context(), apiUser(c), o)
}

func apiOrganisationShow(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	o, err := h.Tracker.Organisation(c.Request.Context(), apiUser(c), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiOrganisationOf(o))
	return nil
}

func apiOrganisationUpdate(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	o, err := h.Tracker.Organisation(c.Request.Context(), apiUser(c), id)
	if err != nil {
		return err
	}
	if o, err = apiOrganisationSave(h, c, o); err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiOrganisationOf(o))
	return nil
}

func apiOrganisationDelete(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.DeleteOrganisation(c.Request.Context(), apiUser(c), id))
}
