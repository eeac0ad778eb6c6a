package gateway_test

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/extract"
	"letterbox/models"
)

// said is what a dry run says of an issue. What is "" it says nothing of.
type said struct {
	Project              int64
	Title, Text          string
	State, Priority, Due string
	Assignee             string
	Labels, Fields       []string // They are among those of the issue.
	Forwards, Webhooks   []string
}

// effect compares an issue with what the dry run said of it; before and had are what it was, of one that was there.
func (s *sameRuns) effect(number int64, before models.Issue, had []models.IssueField, want gateway.Decision, story []models.TraceEntry) string {
	t, ctx := s.t, s.t.Context()
	t.Helper()
	w := wanted(want, before, had)
	i, err := s.store.IssueByNumber(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	got := said{Project: i.ProjectID, Title: i.Title, Text: i.Description, State: string(i.State), Priority: i.Priority.String(), Labels: s.labels(number)}
	if i.DueOn != nil {
		got.Due = i.DueOn.Format(time.DateOnly)
	}
	if i.AssigneeID != nil {
		u, err := s.store.UserByID(ctx, *i.AssigneeID)
		if err != nil {
			t.Fatal(err)
		}
		got.Assignee = *u.Login
	}
	fields, err := s.store.IssueFields(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		got.Fields = append(got.Fields, f.Name+"="+f.Value)
	}
	for _, e := range story {
		switch {
		case strings.HasPrefix(e.Code, "notify.forward"):
			got.Forwards = append(got.Forwards, e.Args["address"])
		case strings.HasPrefix(e.Code, "notify.webhook"):
			got.Webhooks = append(got.Webhooks, e.Args["name"])
		}
	}
	created := want.State == models.MessageCreated
	among(&got.Labels, &w.Labels, created)
	among(&got.Fields, &w.Fields, created)
	for _, one := range []struct{ got, want *string }{{&got.Text, &w.Text}, {&got.State, &w.State}, {&got.Priority, &w.Priority}, {&got.Due, &w.Due}, {&got.Assignee, &w.Assignee}} {
		if *one.want == "" && !created || one.want == &w.Text && w.Text == "" || one.want == &w.Priority && w.Priority == "" {
			*one.got = ""
		}
	}
	return cmp.Diff(got, w)
}

// among makes two lists comparable: both in order and without regard to case, and of those that an issue has only what is
// wanted unless it is to be all.
func among(got, want *[]string, all bool) {
	fold := func(list []string) []string {
		var out []string
		for _, s := range list {
			out = append(out, strings.ToLower(s))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	*got, *want = fold(*got), fold(*want)
	if !all {
		*got = slices.DeleteFunc(*got, func(s string) bool { return !slices.Contains(*want, s) })
	}
	if len(*got) == 0 {
		*got = nil
	}
}

// wanted is what a dry run says of the issue that a mail opens or joins.
func wanted(d gateway.Decision, before models.Issue, had []models.IssueField) said {
	created, update := d.State == models.MessageCreated, d.Reason == "accepted_update"
	if update { // A mail that says the same as before changes nothing.
		update = slices.ContainsFunc(d.Data.Fields, func(f extract.Field) bool {
			return !slices.ContainsFunc(had, func(h models.IssueField) bool { return strings.EqualFold(h.Name, f.Name) && h.Value == f.Value })
		})
	}
	w := said{Project: before.ProjectID, Title: before.Title}
	told := func(code, name, value string) bool {
		return slices.ContainsFunc(d.Trace, func(e models.TraceEntry) bool { return e.Code == code && (name == "" || e.Args[name] == value) })
	}
	if created {
		w = said{Project: d.ProjectID, Title: d.Title, State: string(models.IssueNew), Priority: "normal"}
		if d.Flow.New.State != "" {
			w.State = string(d.Flow.New.State)
		}
	}
	if d.Data != nil && (created || update) {
		w.Labels = append(w.Labels, d.Data.Labels...)
		if d.Data.Priority != nil {
			w.Priority = d.Data.Priority.String()
		} else if d.Data.PriorityName != "" {
			w.Priority = "" // What its project makes of it.
		}
		if d.Data.Due != nil {
			w.Due = d.Data.Due.Format(time.DateOnly)
		}
		if d.Data.Assignee != "" && !told("match.no_assignee", "", "") {
			w.Assignee = d.Data.Assignee
		}
		for _, f := range d.Data.Fields {
			w.Fields = append(w.Fields, f.Name+"="+f.Value)
		}
		if created {
			w.Text = d.Data.Text
		} else if d.Data.Title != "" {
			w.Title = d.Data.Title
		}
	}
	if sets := d.Flow.Comment; !created && !told("match.active_case", "", "") {
		w.State, w.Labels = string(sets.State), append(w.Labels, sets.Labels...)
		if sets.Priority != "" {
			w.Priority = sets.Priority
		}
		if sets.Due != nil {
			w.Due = sets.Due.Format(time.DateOnly)
		}
		if sets.Assignee != "" && !told("match.flow_nobody", "login", sets.Assignee) {
			w.Assignee = sets.Assignee
		}
	}
	for _, e := range d.Trace {
		if e.Code != "match.command" {
			continue
		}
		switch value := e.Args["value"]; e.Args["command"] {
		case "status":
			w.State = value
		case "priority":
			w.Priority = value
		case "assignee":
			w.Assignee = value
		case "label":
			w.Labels = append(w.Labels, value)
		case "due":
			w.Due = value
		}
	}
	for _, f := range d.Flow.Forward {
		w.Forwards = append(w.Forwards, f.To)
	}
	for _, c := range d.Flow.Call {
		w.Webhooks = append(w.Webhooks, c.Webhook)
	}
	return w
}
