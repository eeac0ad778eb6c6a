package handlers

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiMergeIn says where an issue goes.
type apiMergeIn struct {
	Into *int64 `json:"into"`
}

// apiLinkOut is a link of an issue, seen from it.
type apiLinkOut struct {
	Kind  string `json:"kind"`
	Back  bool   `json:"back"` // It was made from the other issue: "blocked by", not "blocks".
	Issue int64  `json:"issue"`
}

// apiLinkIn is a new link.
type apiLinkIn struct {
	Kind  *string `json:"kind"` // "relates" when it is left out.
	Issue *int64  `json:"issue"`
}

// apiChangeOut is one line of the history of an issue.
type apiChangeOut struct {
	ID     int64         `json:"id"`
	At     time.Time     `json:"at"`
	Author *apiPersonOut `json:"author"` // Null: Letterbox itself.
	Kind   string        `json:"kind"`
	Was    string        `json:"was"`
	Became string        `json:"became"`
}

// apiLabelOut is a label of a project.
type apiLabelOut struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func apiIssueMerge(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	var in apiMergeIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "into"); faults != nil {
		return faults
	}
	var into int64
	apiSet(&into, in.Into)
	if err := h.Tracker.Merge(c.Request.Context(), apiUser(c), number, into); err != nil {
		return err
	}
	i, err := h.Tracker.Issue(c.Request.Context(), apiUser(c), into)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiIssueOf(i))
	return nil
}

// apiIssueActive makes the issue in the path the active case of its project, or takes that back.
func apiIssueActive(on bool) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		number, err := apiID(c, "number")
		if err != nil {
			return err
		}
		i, err := h.Tracker.SetActiveCase(c.Request.Context(), apiUser(c), number, on)
		switch {
		case err != nil:
			return err
		case on:
			c.JSON(http.StatusOK, apiIssueOf(i))
		default:
			c.Status(http.StatusNoContent)
		}
		return nil
	}
}

func apiLinkList(h *Handlers, c *gin.Context) error {
	byNumber := apiOrdered(h.Tracker.Links, func(list []tracker.Link) {
		slices.SortFunc(list, func(a, b tracker.Link) int { return cmp.Compare(a.Number, b.Number) })
	})
	return apiOfIssue(c, byNumber, func(l tracker.Link) int64 { return l.Number }, func(l tracker.Link) apiLinkOut {
		return apiLinkOut{Kind: string(l.Kind), Back: l.Back, Issue: l.Number}
	})
}

func apiLinkCreate(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	var in apiLinkIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "issue"); faults != nil {
		return faults
	}
	kind, other := string(models.LinkRelates), int64(0)
	apiSet(&kind, in.Kind)
	apiSet(&other, in.Issue)
	if err := h.Tracker.AddLink(c.Request.Context(), apiUser(c), number, other, models.LinkKind(kind)); err != nil {
		return err
	}
	apiCreated(c, "/issues/"+strconv.FormatInt(number, 10)+"/links", apiLinkOut{Kind: kind, Issue: other})
	return nil
}

func apiHistoryList(h *Handlers, c *gin.Context) error {
	return apiOfIssue(c, h.Tracker.History, func(x tracker.Change) int64 { return x.ID }, func(x tracker.Change) apiChangeOut {
		out := apiChangeOut{ID: x.ID, At: apiTime(x.At), Kind: string(x.Kind), Was: x.WasName, Became: x.BecameName}
		if x.User != nil {
			p := apiPersonOf(*x.User)
			out.Author = &p
		}
		return out
	})
}

func labelID(l models.Label) int64 { return l.ID }

func apiLabelOf(l models.Label) apiLabelOut { return apiLabelOut{ID: l.ID, Name: l.Name} }

func apiLabelList(h *Handlers, c *gin.Context) error {
	_, list, err := apiOfProject(h, c, h.Tracker.Labels)
	if err != nil {
		return err
	}
	return apiPaged(c, list, labelID, apiLabelOf)
}

func apiLabelShow(h *Handlers, c *gin.Context) error {
	_, list, err := apiOfProject(h, c, h.Tracker.Labels)
	if err != nil {
		return err
	}
	return apiOne(c, list, labelID, apiLabelOf)
}

// apiOrdered sorts a list by number, which is what cursors go by.
func apiOrdered[T any](
	read func(context.Context, *models.User, int64) ([]T, error), sort func([]T),
) func(context.Context, *models.User, int64) ([]T, error) {
	return func(ctx context.Context, by *models.User, number int64) ([]T, error) {
		list, err := read(ctx, by, number)
		sort(list)
		return list, err
	}
}
