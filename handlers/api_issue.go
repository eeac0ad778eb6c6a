package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiIssueOut is an issue in the API.
type apiIssueOut struct {
	Number      int64  `json:"number"`
	Project     string `json:"project"` // Key.
	Title       string `json:"title"`   // "" when the mail had no subject.
	Description string `json:"description"`
	State       string `json:"state"` // What its state counts as: new, open, waiting, resolved, closed.
	// Name of the state and of the priority, where the project has its own; "" otherwise.
	StateName    string        `json:"state_name"`
	PriorityName string        `json:"priority_name"`
	Reporter     apiPersonOut  `json:"reporter"`
	Assignee     *apiPersonOut `json:"assignee"`
	Priority     string        `json:"priority"`
	Due          string        `json:"due"`         // 2006-01-02, "" for none.
	ActiveCase   bool          `json:"active_case"` // Inboxes add files of their mail to it.
	Labels       []string      `json:"labels"`
	MergedInto   *int64        `json:"merged_into"` // The issue that has taken this one over.
	// Numbers that it had in the systems it was imported from.
	External  []apiExternalOut `json:"external"`
	Message   *int64           `json:"message"` // The message that made it, null when a person did.
	Version   int64            `json:"version"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	ClosedAt  *time.Time       `json:"closed_at"`
}

// apiExternalOut is the number of an issue in an older system.
type apiExternalOut struct {
	System string `json:"system"` // "Redmine".
	Number string `json:"number"`
}

// apiIssueIn is what can be set of an issue.
type apiIssueIn struct {
	Project     *string   `json:"project"`
	Title       *string   `json:"title"`
	Description *string   `json:"description"`
	State       *string   `json:"state"`
	Assignee    *string   `json:"assignee"` // Login, "" for nobody.
	Priority    *string   `json:"priority"`
	Due         *string   `json:"due"` // 2006-01-02, "" for none.
	Labels      *[]string `json:"labels"`
	Reporter    *string   `json:"reporter"` // Address of the customer in whose name it is opened.
}

// apiIssuePatch is apiIssueIn for a change.
type apiIssuePatch struct {
	Project     *string   `json:"project"`
	Title       *string   `json:"title"`
	Description *string   `json:"description"`
	State       *string   `json:"state"`
	Assignee    *string   `json:"assignee"`
	Priority    *string   `json:"priority"`
	Due         *string   `json:"due"`
	Labels      *[]string `json:"labels"`  // Exactly these.
	Version     *int64    `json:"version"` // Refused when it is not the issue's version any more; left out: not checked.
}

func apiIssueOf(i tracker.IssueRow) apiIssueOut {
	out := apiIssueOut{
		Number: i.Number, Project: i.Project.Key, Title: i.Title, Description: i.Description, State: string(i.State),
		Reporter: apiPersonOf(i.Reporter), Message: i.OriginMessageID, Version: i.Version,
		CreatedAt: apiTime(i.CreatedAt), UpdatedAt: apiTime(i.UpdatedAt), ClosedAt: apiTimeOrNil(i.ClosedAt),
		StateName: i.StateWord().Name, PriorityName: i.PriorityWord().Name, ActiveCase: i.ActiveCase(), Priority: i.Priority.String(), Labels: []string{}, MergedInto: i.MergedInto, External: []apiExternalOut{},
	}
	if i.DueOn != nil {
		out.Due = i.DueOn.UTC().Format(time.DateOnly)
	}
	for _, l := range i.Labels {
		out.Labels = append(out.Labels, l.Name)
	}
	for _, n := range i.External {
		out.External = append(out.External, apiExternalOut{n.SystemName, n.NumberText})
	}
	if i.Assignee != nil {
		a := apiPersonOf(*i.Assignee)
		out.Assignee = &a
	}
	return out
}

func apiIssueList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "project", "state", "q", "sort", "group", "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	if q["sort"] != "" && !slices.Contains(tracker.Sorts(), q["sort"]) {
		return apiBadQuery("E-API-07", "sort", strings.Join(tracker.Sorts(), ", "))
	}
	if q["group"] != "" && !slices.Contains(models.ListGroups(), models.ListGroup(q["group"])) {
		return apiBadQuery("E-API-07", "group", strings.Join(listGroups(), ", "))
	}
	f := tracker.IssueFilter{Group: models.ListGroup(q["group"]), ProjectKey: q["project"], Query: q["q"], Sort: q["sort"], Limit: limit, Cursor: q["cursor"]}
	for st := range strings.SplitSeq(q["state"], ",") {
		if st != "" {
			f.States = append(f.States, models.IssueState(st))
		}
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), apiSearch)
	defer cancel()
	page, err := h.Tracker.Issues(ctx, apiUser(c), f)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(page.Items, page.Next, apiIssueOf))
	return nil
}

func apiIssueCreate(h *Handlers, c *gin.Context) error {
	var in apiIssueIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "project", "title"); faults != nil {
		return faults
	}
	var d tracker.IssueDraft
	apiSet(&d.ProjectKey, in.Project)
	apiSet(&d.Title, in.Title)
	apiSet(&d.Description, in.Description)
	apiSet(&d.Assignee, in.Assignee)
	apiSet(&d.Priority, in.Priority)
	apiSet(&d.Due, in.Due)
	apiSet(&d.Labels, in.Labels)
	apiSet(&d.Reporter, in.Reporter)
	if in.State != nil {
		d.State = models.IssueState(*in.State)
	}
	i, err := h.Tracker.OpenIssue(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	apiCreated(c, "/issues/"+strconv.FormatInt(i.Number, 10), apiIssueOf(i))
	return nil
}

func apiIssueShow(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	i, err := h.Tracker.Issue(c.Request.Context(), apiUser(c), number)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiIssueOf(i))
	return nil
}

func apiIssueUpdate(h *Handlers, c *gin.Context) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	var in apiIssuePatch
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	patch := tracker.IssuePatch{ProjectKey: in.Project, Title: in.Title, Description: in.Description, Assignee: in.Assignee, Priority: in.Priority, Due: in.Due, Labels: in.Labels}
	if in.State != nil {
		st := models.IssueState(*in.State)
		patch.State = &st
	}
	i, err := h.Tracker.UpdateIssue(c.Request.Context(), apiUser(c), number, apiExpected(c, in.Version, 0), patch)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiIssueOf(i))
	return nil
}

// apiRequired returns the fields that have to be given and were not, nil when there are none.
func apiRequired(given map[string]bool, names ...string) error {
	var faults models.InvalidList
	for _, name := range names {
		if !given[name] {
			faults = append(faults, apiMissing(name))
		}
	}
	if faults == nil {
		return nil
	}
	return faults
}
