package handlers

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// health is a state in words, with the picture and the colour that go with it.
type health struct{ Kind, Icon, Text string }

// inboxRow is an inbox in the list.
type inboxRow struct {
	gateway.InboxView
	Project string // Key.
	Health  health
	Cause   string // Why it is failing.
	Badges  []badge
	More    gateway.InboxHealth
}

// inboxListView is what the list of inboxes shows.
type inboxListView struct {
	Rows []inboxRow
	Room []string // For each project how many of its inboxes are in use; none without a limit.
	Full bool     // No project of the person has room for one more.
}

// inboxList shows the inboxes that a person may configure, and how they are doing.
func inboxList(v *visit) error {
	inboxes, err := v.inboxes()
	if err != nil {
		return err
	}
	keys, err := v.projectKeys()
	if err != nil {
		return err
	}
	more, err := v.h.Gateway.InboxesHealth(v.ctx())
	if err != nil {
		return err
	}
	data := inboxListView{}
	used := map[int64]int{}
	for _, in := range inboxes {
		row := v.inboxRow(in, keys)
		row.More = more[in.ID]
		data.Rows = append(data.Rows, row)
		if !in.Global {
			used[in.ProjectID]++
		}
	}
	data.countRoom(v, keys, used)
	return v.render(http.StatusOK, "inbox_list", view{Title: v.l.T("nav.inboxes"), Section: "inboxes", Live: "inbox message", Data: data})
}

// countRoom says how many inboxes of each project are in use, where that is limited.
func (l *inboxListView) countRoom(v *visit, keys map[int64]string, used map[int64]int) {
	most := v.h.Gateway.InboxesPerProject
	if most <= 0 {
		return
	}
	l.Full = !v.access.Admin() // An admin may add a global one.
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if !v.access.Configures(id) {
			continue
		}
		l.Full = l.Full && used[id] >= most
		l.Room = append(l.Room, keys[id]+": "+v.l.T("E-INBOX-06", "n", used[id], "max", most))
	}
}

func (v *visit) inboxRow(in gateway.InboxView, keys map[int64]string) inboxRow {
	row := inboxRow{InboxView: in, Project: keys[in.ProjectID], Health: v.health(in), Badges: v.badges(in.Settings)}
	if in.Status.Code != "" {
		args := maps.Clone(in.Status.Args)
		if _, ok := args["time"]; ok && in.Status.NextPollAt != nil {
			args["time"] = v.l.Clock(in.Status.NextPollAt.Local()) // The status has it in UTC.
		}
		row.Cause = v.l.T(in.Status.Code, args)
	}
	return row
}

func (v *visit) projectKeys() (map[int64]string, error) {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return nil, err
	}
	keys := map[int64]string{}
	for _, p := range projects {
		keys[p.ID] = p.Key
	}
	return keys, nil
}

// health says how an inbox is doing, in words and since when.
func (v *visit) health(in gateway.InboxView) health {
	since := v.l.Since(in.Status.Since.Local(), time.Now())
	switch {
	case in.Settings.Receive == "none":
		return health{"calm", "pause", v.l.T("inbox.state.none")}
	case in.Settings.Receive == "push" && in.Enabled:
		return health{"ok", "check", v.l.T("inbox.state.push")}
	case !in.Enabled || in.Status.State == models.InboxPaused:
		return health{"calm", "pause", v.l.T("inbox.state.paused")}
	case in.Status.State == models.InboxActive:
		return health{"ok", "check", v.l.T("inbox.state.active")}
	case in.Status.State == models.InboxRefused:
		return health{"bad", "cross", v.l.T("inbox.state.refused", "since", since)}
	case in.Status.Code == "E-TLS-02":
		return health{"bad", "cross", v.l.T("inbox.state.certificate", "since", since)}
	case in.Status.State == models.InboxFailing && in.Status.Failures < 3:
		return health{"warn", "warn", v.l.T("inbox.state.delayed", "since", since)}
	case in.Status.State == models.InboxFailing:
		return health{"bad", "cross", v.l.T("inbox.state.failing", "since", since)}
	default:
		return health{"calm", "dots", v.l.T("inbox.state.connecting")}
	}
}
