package handlers

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiProjectOut is a project in the API.
type apiProjectOut struct {
	ID          int64     `json:"id"`
	Key         string    `json:"key"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Archived    bool      `json:"archived"` // Nothing new comes in.
	CreatedAt   time.Time `json:"created_at"`
	// Number of who has new issues that name nobody; null for nobody.
	DefaultAssignee *int64 `json:"default_assignee"`
	ActiveCase      *int64 `json:"active_case"` // The issue to which inboxes add files of their mail; null for none.
}

// apiProjectIn is what can be set of a project.
type apiProjectIn struct {
	Key         *string `json:"key"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	// In a change only: login of who has new issues that name nobody, "" for nobody; and whether nothing new comes in.
	DefaultAssignee *string `json:"default_assignee"`
	Archived        *bool   `json:"archived"`
}

func apiProjectOf(p models.Project) apiProjectOut {
	return apiProjectOut{ID: p.ID, Key: p.Key, Name: p.Name, Description: p.Description, CreatedAt: apiTime(p.CreatedAt), Archived: p.ArchivedAt != nil, DefaultAssignee: p.DefaultAssigneeID, ActiveCase: p.ActiveIssue}
}

func apiProjectList(h *Handlers, c *gin.Context) error {
	all, err := h.Tracker.Projects(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiPaged(c, all, func(p models.Project) int64 { return p.ID }, apiProjectOf)
}

func apiProjectCreate(h *Handlers, c *gin.Context) error {
	var in apiProjectIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	p, err := h.Tracker.CreateProject(c.Request.Context(), apiUser(c), in.over(tracker.ProjectDraft{}))
	if err != nil {
		return err
	}
	apiCreated(c, "/projects/"+p.Key, apiProjectOf(p))
	return nil
}

func apiProjectShow(h *Handlers, c *gin.Context) error {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiProjectOf(p))
	return nil
}

func apiProjectUpdate(h *Handlers, c *gin.Context) error {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	var in apiProjectIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	draft := in.over(tracker.ProjectDraft{Key: p.Key, Name: p.Name, Description: p.Description})
	if p, err = h.Tracker.UpdateProject(c.Request.Context(), apiUser(c), p.ID, draft); err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiProjectOf(p))
	return nil
}

// over lays what was given over d.
func (in apiProjectIn) over(d tracker.ProjectDraft) tracker.ProjectDraft {
	apiSet(&d.Key, in.Key)
	apiSet(&d.Name, in.Name)
	apiSet(&d.Description, in.Description)
	d.Assignee, d.Archived = in.DefaultAssignee, in.Archived
	return d
}

// apiSet sets *to when a value was given.
func apiSet[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}
