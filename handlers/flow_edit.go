package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// flowView is what the page of the flow rules of an inbox shows beside its fields.
type flowView struct {
	gateway.InboxView
	Rows     []flowRow
	Words    []string // What values are called, for the browser to propose.
	Doubts   []formError
	Tried    *tried
	Conflict bool
}

// flowEdit shows the flow rules of an inbox.
func flowEdit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	return v.showFlow(http.StatusOK, in, v.newForm("flow", map[string]string{
		"base": strconv.FormatInt(in.RuleVersion, 10), "zone": in.Rules.Flow.Zone, "source": "latest", "count": "50", "pasted": "",
	}), in.Rules.Flow, flowView{})
}

// flowUpdate saves flow rules as a new version of the rules, or tries them, or changes their order in the form.
func flowUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readForm("flow", flowNames()...)
	if err != nil {
		return err
	}
	base, err := f.rulesBase()
	if err != nil {
		return err
	}
	mine, data := v.flowOf(f), flowView{}
	do, which, _ := strings.Cut(v.Request.PostForm.Get("do"), ".")
	switch do {
	case "save":
		var version int64
		if version, err = v.h.Gateway.SaveFlow(v.ctx(), v.me, in.ID, base, mine); err == nil {
			return v.rulesSaved(in, "flow", base, version)
		}
	case "try":
		rules := in.Rules
		rules.Flow = mine
		data.Tried, err = v.tryOn(in, f, rules)
	case "add", "more", "up", "down", "remove":
		if mine.Rules, err = rearranged(mine.Rules, do, which); err != nil {
			return err
		}
	default:
		return errUnreadable
	}
	status, err := f.rulesRefused(in, err, func(path string) string {
		if path == "mail" {
			return "pasted"
		}
		return or(flowField(path), path)
	})
	if err != nil {
		return err
	}
	data.Conflict = status == http.StatusConflict
	return v.showFlow(status, in, f, mine, data)
}

// rearranged does with the entries in a form what a button says: a new one, or one of them up, down or away.
func rearranged[T any](list []T, do, which string) ([]T, error) {
	if do == "add" {
		var empty T
		return append(list, empty), nil
	}
	if do == "more" { // Each entry has an empty row at its end anyhow.
		return list, nil
	}
	i, err := strconv.Atoi(which)
	if err != nil || i < 0 || i >= len(list) {
		return nil, errUnreadable
	}
	switch {
	case do == "remove":
		return slices.Delete(list, i, i+1), nil
	case do == "up" && i > 0:
		list[i-1], list[i] = list[i], list[i-1]
	case do == "down" && i+1 < len(list):
		list[i], list[i+1] = list[i+1], list[i]
	}
	return list, nil
}

func (v *visit) showFlow(status int, in gateway.InboxView, f *form, mine models.Flow, data flowView) error {
	wrong := map[string]bool{}
	for _, e := range f.errs {
		wrong[e.Field] = true
		if _, known := f.values[e.Field]; !known {
			f.values[e.Field] = "" // It stands in a row; the summary leads there.
		}
	}
	data.InboxView, data.Rows, data.Words = in, v.flowRows(mine, wrong), v.flowList()
	scripts, err := v.h.Gateway.ScriptsFor(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, s := range scripts {
		data.Words = append(data.Words, s.Name)
	}
	if !f.Failed() {
		rules := in.Rules
		rules.Flow = mine
		found := v.h.Gateway.LintFlow(rules)
		gone, err := v.h.Gateway.LintScripts(v.ctx(), mine)
		if err != nil {
			return err
		}
		found = append(found, gone...)
		found = slices.DeleteFunc(found, func(f rule.Finding) bool { return strings.HasPrefix(f.Code, "E-") }) // Saving says that.
		for i := range found {
			found[i].Field = flowField(found[i].Field)
		}
		data.Doubts = v.findings(found[:min(len(found), 20)])
	}
	return v.render(status, "flow_edit", view{Title: v.l.T("flow.title", "name", in.Name), Section: "inboxes", Form: f, Data: data})
}
