package handlers

import (
	"net/http"

	"letterbox/tracker"
)

// workView is what a person has to do.
type workView struct {
	Assigned, Watched []tracker.IssueRow
	Notices           []tracker.Notice
}

// workShow shows what a person has to do: what it has, what it was told and has not read, what it watches.
func workShow(v *visit) error {
	var data workView
	list := func(query string) ([]tracker.IssueRow, error) {
		page, err := v.h.Tracker.Issues(v.ctx(), v.me, tracker.IssueFilter{Query: query, Sort: tracker.SortUpdated, Limit: 20})
		return page.Items, err
	}
	var err error
	if data.Assigned, err = list("is:open assignee:me"); err != nil {
		return err
	}
	if data.Watched, err = list("is:open watcher:me -assignee:me"); err != nil {
		return err
	}
	if data.Notices, _, err = v.h.Tracker.Notices(v.ctx(), v.me, true, 20, ""); err != nil {
		return err
	}
	return v.render(http.StatusOK, "work_show", view{Title: v.l.T("nav.work"), Section: "work", Live: "issue", Data: data})
}

// noticeListView is what a person was told.
type noticeListView struct {
	Rows        []tracker.Notice
	Unread      bool // Only what was not read.
	Last        int64
	First, Next string
}

// noticeList shows what a person was told, newest first.
func noticeList(v *visit) error {
	data := noticeListView{Unread: v.Query("show") != "all"}
	rows, next, err := v.h.Tracker.Notices(v.ctx(), v.me, data.Unread, 50, v.Query("cursor"))
	if err != nil {
		return err
	}
	data.Rows = rows
	if len(rows) > 0 {
		data.Last = rows[0].ID
	}
	keep := map[string][]string{"show": {v.Query("show")}}
	if v.Query("cursor") != "" {
		data.First = address("/notifications", keep)
	}
	if next != "" {
		data.Next = address("/notifications", keep, "cursor", next)
	}
	return v.render(http.StatusOK, "notice_list", view{Title: v.l.T("nav.notifications"), Section: "work", Live: "issue", Data: data})
}

// noticeRead marks what the person was told as read, up to the newest that the page showed.
func noticeRead(v *visit) error {
	if err := v.h.Tracker.MarkRead(v.ctx(), v.me, 0, issueNumber(v.PostForm("last"))); err != nil {
		return err
	}
	return v.redirect("/notifications")
}

// keysHelp lists the keys.
func keysHelp(v *visit) error {
	return v.render(http.StatusOK, "keys_help", view{Title: v.l.T("keys.title"), Section: "", Data: []option{
		{"?", v.l.T("keys.help")}, {v.l.T("key.ctrl") + " K", v.l.T("keys.palette")}, {"/ f", v.l.T("keys.search")}, {"c", v.l.T("keys.new")}, {"g w", v.l.T("keys.go_work")},
		{"g i", v.l.T("keys.go_issues")}, {"g b", v.l.T("keys.go_board")}, {"g t", v.l.T("keys.go_triage")}, {"g n", v.l.T("keys.go_notifications")},
		{"g m", v.l.T("keys.go_messages")}, {"g p", v.l.T("keys.go_inboxes")}, {"j k", v.l.T("keys.walk")}, {"o " + v.l.T("key.enter"), v.l.T("keys.open")}, {"x", v.l.T("keys.choose")}, {v.l.T("key.shift") + " x", v.l.T("keys.choose_run")},
		{"[ ]", v.l.T("keys.neighbours")},
		{"e", v.l.T("keys.edit")}, {"a", v.l.T("keys.assign")}, {"i", v.l.T("keys.assign_me")}, {"s", v.l.T("keys.state")},
		{"p", v.l.T("keys.priority")}, {"l", v.l.T("keys.labels")}, {"w", v.l.T("keys.watch")}, {"r", v.l.T("keys.comment")},
		{"n", v.l.T("keys.note")}, {"q", v.l.T("keys.quoted")}, {".", v.l.T("keys.copy")}, {v.l.T("key.ctrl") + " " + v.l.T("key.enter"), v.l.T("keys.send")},
		{"Esc", v.l.T("keys.close")},
	}})
}
