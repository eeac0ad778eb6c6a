package handlers

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiTemplateOut is a text for answers in the API.
type apiTemplateOut struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Body string `json:"body"` // Markdown.
}

// apiTemplateIn is what can be set of it.
type apiTemplateIn struct {
	Name *string `json:"name"`
	Body *string `json:"body"`
}

func apiTemplateOf(t models.AnswerTemplate) apiTemplateOut {
	return apiTemplateOut{ID: t.ID, Name: t.Name, Body: t.Body}
}

func templateID(t models.AnswerTemplate) int64 { return t.ID }

func apiTemplateList(h *Handlers, c *gin.Context) error {
	_, list, err := apiOfProject(h, c, h.Tracker.AnswerTemplates)
	if err != nil {
		return err
	}
	return apiPaged(c, list, templateID, apiTemplateOf)
}

func apiTemplateShow(h *Handlers, c *gin.Context) error {
	_, list, err := apiOfProject(h, c, h.Tracker.AnswerTemplates)
	if err != nil {
		return err
	}
	return apiOne(c, list, templateID, apiTemplateOf)
}

func apiTemplateCreate(h *Handlers, c *gin.Context) error {
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	if err != nil {
		return err
	}
	var in apiTemplateIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	t := models.AnswerTemplate{ProjectID: p.ID}
	apiSet(&t.Name, in.Name)
	apiSet(&t.Body, in.Body)
	if t, err = h.Tracker.AddAnswerTemplate(c.Request.Context(), apiUser(c), t); err != nil {
		return err
	}
	apiCreated(c, "/projects/"+p.Key+"/templates/"+strconv.FormatInt(t.ID, 10), apiTemplateOf(t))
	return nil
}

func apiTemplateUpdate(h *Handlers, c *gin.Context) error {
	var in apiTemplateIn
	return apiProjectChange(h, c, &in, func(project, id int64) error {
		_, err := h.Tracker.UpdateAnswerTemplate(c.Request.Context(), apiUser(c), project, id, in.Name, in.Body)
		return err
	}, apiTemplateShow)
}

// apiLabelIn is what can be set of a label.
type apiLabelIn struct {
	Name *string `json:"name"`
}

func apiLabelUpdate(h *Handlers, c *gin.Context) error {
	var in apiLabelIn
	return apiProjectChange(h, c, &in, func(project, id int64) error {
		if in.Name == nil {
			return nil
		}
		_, err := h.Tracker.RenameLabel(c.Request.Context(), apiUser(c), project, id, *in.Name)
		return err
	}, apiLabelShow)
}

// apiProjectChange reads into in and changes a part of the project in the path, which the parameter :id names.
func apiProjectChange(h *Handlers, c *gin.Context, in any, change func(project, id int64) error, show apiFunc) error {
	project, id, err := apiPartInPath(h, c)
	if err != nil {
		return err
	}
	if _, err := apiDecode(c, in); err != nil {
		return err
	}
	if err := change(project, id); err != nil {
		return err
	}
	return show(h, c)
}

// apiProjectPart deletes a part of the project in the path, which the parameter :id names.
func apiProjectPart(remove func(h *Handlers, c *gin.Context, project, id int64) error) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		project, id, err := apiPartInPath(h, c)
		if err != nil {
			return err
		}
		return apiEmpty(c, remove(h, c, project, id))
	}
}

// apiPartInPath returns the project in the path, and the number of its part that the parameter :id names.
func apiPartInPath(h *Handlers, c *gin.Context) (project, id int64, err error) {
	if id, err = apiID(c, "id"); err != nil {
		return 0, 0, err
	}
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), c.Param("key"))
	return p.ID, id, err
}

func apiTemplateDelete(h *Handlers, c *gin.Context, project, id int64) error {
	return h.Tracker.DeleteAnswerTemplate(c.Request.Context(), apiUser(c), project, id)
}

func apiLabelDelete(h *Handlers, c *gin.Context, project, id int64) error {
	return h.Tracker.DeleteLabel(c.Request.Context(), apiUser(c), project, id)
}
