package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// auditView is what the audit log shows.
type auditView struct {
	Rows        []auditRow
	Filtered    bool
	First, Next string
	Inbox       *gateway.InboxView // The one whose changes are shown; nil: all objects.
	Self        string             // Address of this list.
	Kinds       []option
}

// auditRow is a line of the audit log in words.
type auditRow struct {
	At           time.Time
	Who          string
	What         string
	Object, Link string
	Values       []auditValue
}

type auditValue struct{ Label, Text string }

// auditList shows who changed what in the whole installation.
func auditList(v *visit) error {
	return v.showAudit("/audit", v.Query("object"), nil)
}

// inboxAudit shows who changed what about one inbox.
func inboxAudit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	return v.showAudit(fmt.Sprintf("/inboxes/%d/audit", in.ID), fmt.Sprintf("inbox:%d", in.ID), &in)
}

func (v *visit) showAudit(self, object string, in *gateway.InboxView) error {
	f := v.newForm("audit", map[string]string{
		"object": strings.TrimSpace(object), "kind": v.Query("kind"), "since": v.Query("since"), "until": v.Query("until"),
	})
	q := gateway.AuditQuery{Object: f.get("object"), Cursor: v.Query("cursor"), Since: f.day("since"), Until: f.day("until"), Limit: 50}
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // The day itself is meant, too.
	}
	if kind := f.get("kind"); slices.Contains(auditKinds(), kind) {
		q.Action = kind + "."
	}
	data := auditView{Inbox: in, Self: self, Filtered: q.Action != "" || !q.Since.IsZero() || !q.Until.IsZero() || in == nil && q.Object != ""}
	data.Kinds = []option{{"", v.l.T("log.inbox.all")}}
	for _, kind := range auditKinds() {
		data.Kinds = append(data.Kinds, option{kind, v.l.T("audit.kind." + kind)})
	}
	lines, next, err := v.h.Gateway.AuditLog(v.ctx(), q)
	if list, ok := invalid(err); ok && list[0].Field == "cursor" {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	words, err := v.auditWords(lines)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if !v.access.Admin() {
			line = line.Discreet()
		}
		data.Rows = append(data.Rows, v.auditRow(line, words))
	}
	keep := url.Values{"kind": {f.get("kind")}, "since": {f.get("since")}, "until": {f.get("until")}}
	if in == nil {
		keep.Set("object", f.get("object"))
	}
	if q.Cursor != "" {
		data.First = address(self, keep)
	}
	if next != "" {
		data.Next = address(self, keep, "cursor", next)
	}
	section := "audit"
	if in != nil {
		section = "inboxes"
	}
	return v.render(http.StatusOK, "audit_list", view{Title: v.l.T("audit.title"), Section: section, Form: f, Data: data})
}

// auditKinds are the things whose changes can be looked for: the first part of an action.
func auditKinds() []string {
	return []string{"inbox", "rules", "message", "sender", "sending", "project", "member", "user", "contact", "organisation", "token", "issue", "retention", "hold", "reading", "webhook", "oauth", "smime", "suppression", "outbox", "diagnosis"}
}

func (v *visit) auditRow(line gateway.AuditLine, words auditWords) auditRow {
	row := auditRow{At: line.At, Who: line.Who, Object: line.Object, What: line.Action}
	if row.Who == "" {
		row.Who = v.l.T("person.system")
	}
	if key := "audit.action." + line.Action; v.l.Has(key) {
		row.What = v.l.T(key)
	}
	kind, id, _ := strings.Cut(line.Object, ":")
	if _, err := strconv.ParseInt(id, 10, 64); err == nil {
		for of, path := range map[string]string{"inbox": "/inboxes/", "message": "/messages/", "issue": "/issues/", "user": "/users/", "project": "/projects/"} {
			if kind == of {
				row.Link = path + id
			}
		}
		if key := "audit.object." + kind; v.l.Has(key) {
			row.Object = v.l.T(key, "id", id)
		}
	}
	names := make([]string, 0, len(line.Values))
	for name := range line.Values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := auditValue{Label: words.label(line.Action, name), Text: words.text(line.Action, name, line.Values[name])}
		if value.Text != "" {
			row.Values = append(row.Values, value)
		}
	}
	return row
}
