package handlers

import (
	"context"
	"net/http"
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

// apiSplitIn is the title of an issue that is made of a comment.
type apiSplitIn struct {
	Title *string `json:"title"`
}

// apiMoveIn says to which issue a comment goes.
type apiMoveIn struct {
	To *int64 `json:"to"`
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

func apiIssueSimilar(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	rows, err := h.Tracker.Alike(c.Request.Context(), apiUser(c), number)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(rows, "", apiIssueOf))
	return nil
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

// apiCommentInPath returns the issue and the comment that the path names.
func apiCommentInPath(c *gin.Context) (number, comment int64, err error) {
	if number, err = apiID(c, "number"); err != nil {
		return 0, 0, err
	}
	comment, err = apiID(c, "comment")
	return number, comment, err
}

// apiCommentSplit makes an issue of its own of a comment.
func apiCommentSplit(h *Handlers, c *gin.Context) error {
	number, comment, err := apiCommentInPath(c)
	if err != nil {
		return err
	}
	var in apiSplitIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "title"); faults != nil {
		return faults
	}
	made, err := h.Tracker.Split(c.Request.Context(), apiUser(c), number, comment, *in.Title)
	if err != nil {
		return err
	}
	apiCreated(c, "/issues/"+strconv.FormatInt(made.Number, 10), apiIssueOf(made))
	return nil
}

// apiCommentMove gives a comment to another issue.
func apiCommentMove(h *Handlers, c *gin.Context) error {
	number, comment, err := apiCommentInPath(c)
	if err != nil {
		return err
	}
	var in apiMoveIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "to"); faults != nil {
		return faults
	}
	if err := h.Tracker.MoveComment(c.Request.Context(), apiUser(c), number, comment, *in.To); err != nil {
		return err
	}
	i, err := h.Tracker.Issue(c.Request.Context(), apiUser(c), *in.To)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiIssueOf(i))
	return nil
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
