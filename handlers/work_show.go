package handlers

import (
	"net/http"

	"letterbox/tracker"
)

// workView is what a person has to do.
type workView struct {
	tracker.Work
	Notices []tracker.Notice
}

// workShow shows what a person has to do: what waits for it, what it has, what it was told and has not read, what it
// watches; and what it looked at last.
func workShow(v *visit) error {
	var data workView
	var err error
	if data.Work, err = v.h.Tracker.Work(v.ctx(), v.me); err != nil {
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
	Here        string // Address of this list.
	First, Next string
}

// noticeList shows what a person was told, newest first.
func noticeList(v *visit) error {
	data := noticeListView{Unread: v.Query("show") != "all", Here: v.Request.URL.RequestURI()}
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

// noticeRead marks what the person was told as read: of one issue, or all up to the newest that the page showed.
func noticeRead(v *visit) error {
	if err := v.h.Tracker.MarkRead(v.ctx(), v.me, issueNumber(v.PostForm("issue")), issueNumber(v.PostForm("last"))); err != nil {
		return err
	}
	if back := v.PostForm("back"); back != "" {
		return v.redirect(local(back))
	}
	return v.redirect("/notifications")
}
