package handlers

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// mostCopies is how many copies the form of a message intake has.
const mostCopies = 4

// intakeShown is the form of a message intake.
type intakeShown struct {
	tracker.IntakeView
	Label  string
	From   string // The sender, with the address.
	By     string // The inbox that it came by.
	Chosen []int  // Copies to be printed.
	All    []int
}

// Prints reports whether a copy is chosen.
func (i intakeShown) Prints(n int) bool { return slices.Contains(i.Chosen, n) }

// Holders are the names of those who have it: the assignee and who watches.
func (i intakeShown) Holders() (names []string) {
	if i.Issue.Assignee != nil {
		names = append(names, i.Issue.Assignee.Name)
	}
	for _, u := range i.Watchers {
		names = append(names, u.Name)
	}
	return names
}

// intakeShow shows the form of a message intake for printing, each copy on a page of its own.
func intakeShow(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	found, err := v.h.Tracker.Intake(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	data := intakeShown{IntakeView: found, Label: found.Issue.Project.Key + " " + found.Intake.Label()}
	for n := 1; n <= mostCopies; n++ {
		data.All = append(data.All, n)
		if asked := v.Request.URL.Query()["copy"]; len(asked) == 0 || slices.Contains(asked, strconv.Itoa(n)) {
			data.Chosen = append(data.Chosen, n)
		}
	}
	if m, _, err := v.h.Gateway.Message(v.ctx(), found.MessageID); err == nil {
		if data.From = m.FromAddress; m.FromName != "" {
			data.From = m.FromName + " <" + m.FromAddress + ">"
		}
		names, err := v.h.Gateway.InboxAddresses(v.ctx())
		if err != nil {
			return err
		}
		data.By = names[m.InboxID]
	}
	return v.render(http.StatusOK, "intake_show", view{Title: v.l.T("intake.title") + " " + data.Label, Section: "issues", Data: data})
}

// apiIntakeOut is the record of a mail in the API.
type apiIntakeOut struct {
	ID      int64  `json:"id"`
	Year    int    `json:"year"`
	Number  int64  `json:"number"` // Gapless for each project and year.
	Message int64  `json:"message"`
	Comment *int64 `json:"comment"` // Null: the mail made the issue.
	CameAt  string `json:"came_at"`
}

func apiIntakeList(h *Handlers, c *gin.Context) error {
	return apiOfIssue(c, h.Tracker.Intakes, func(i models.Intake) int64 { return i.ID }, func(i models.Intake) apiIntakeOut {
		return apiIntakeOut{ID: i.ID, Year: i.Year, Number: i.Number, Message: i.MessageID, Comment: i.CommentID, CameAt: apiTime(i.CameAt).Format("2006-01-02T15:04:05Z07:00")}
	})
}
