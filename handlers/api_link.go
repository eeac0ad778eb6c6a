package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiLinkOut is a link of an issue, seen from it.
type apiLinkOut struct {
	ID    string `json:"id"` // Names it among the links of the issue: "blocks-12", or "blocks-back-12" when it was made from the other one.
	Kind  string `json:"kind"`
	Back  bool   `json:"back"` // It was made from the other issue: "blocked by", not "blocks".
	Issue int64  `json:"issue"`
}

// apiLinkIn is a new link.
type apiLinkIn struct {
	Kind  *string `json:"kind"` // "relates" when it is left out.
	Issue *int64  `json:"issue"`
}

func apiLinkOf(l tracker.Link) apiLinkOut {
	id := string(l.Kind) + "-"
	if l.Back {
		id += "back-"
	}
	return apiLinkOut{ID: id + strconv.FormatInt(l.Number, 10), Kind: string(l.Kind), Back: l.Back, Issue: l.Number}
}

func apiLinkList(h *Handlers, c *gin.Context) error {
	return apiOfIssue(c, h.Tracker.Links, linkPlace, apiLinkOf)
}

// linkPlace orders the links of an issue, also several to the same one.
func linkPlace(l tracker.Link) int64 {
	kinds := append(models.LinkKinds(), models.LinkSplit)
	place := 2 * int64(slices.Index(kinds, l.Kind)+1)
	if l.Back {
		place++
	}
	return l.Number<<8 | place
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
	l := tracker.Link{Kind: models.LinkRelates}
	if in.Kind != nil {
		l.Kind = models.LinkKind(*in.Kind)
	}
	apiSet(&l.Number, in.Issue)
	if err := h.Tracker.AddLink(c.Request.Context(), apiUser(c), number, l.Number, l.Kind); err != nil {
		return err
	}
	out := apiLinkOf(l)
	apiCreated(c, "/issues/"+strconv.FormatInt(number, 10)+"/links/"+out.ID, out)
	return nil
}

// apiLinkInPath returns the link that the path names, when the caller sees its issue.
func (h *Handlers) apiLinkInPath(c *gin.Context) (number int64, l tracker.Link, err error) {
	if number, err = apiID(c, "number"); err != nil {
		return 0, l, err
	}
	list, err := h.Tracker.Links(c.Request.Context(), apiUser(c), number)
	if err != nil {
		return 0, l, err
	}
	at := slices.IndexFunc(list, func(l tracker.Link) bool { return apiLinkOf(l).ID == strings.ToLower(c.Param("link")) })
	if at < 0 {
		return 0, l, models.ErrNotFound
	}
	return number, list[at], nil
}

func apiLinkShow(h *Handlers, c *gin.Context) error {
	_, l, err := h.apiLinkInPath(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiLinkOf(l))
	return nil
}

func apiLinkDelete(h *Handlers, c *gin.Context) error {
	number, l, err := h.apiLinkInPath(c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.RemoveLink(c.Request.Context(), apiUser(c), number, l.Number, l.Kind, l.Back))
}
