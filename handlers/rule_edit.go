package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// ruleView is what the page of the rules of an inbox shows beside its fields.
type ruleView struct {
	gateway.InboxView
	By       string // Who put the version in force there.
	At       time.Time
	Versions []ruleVersionRow
	Warnings []formError
	Senders  senderTrial
	Servers  []gateway.CheckingServer // Whose results stand in the latest mails.
	Tried    *tried
	Conflict *conflict
	Proposed *models.Message // The mail for which rules are proposed; nil when none.
}

// ruleVersionRow is a version in the list of versions.
type ruleVersionRow struct {
	Version int64
	By      string
	At      time.Time
	Changed string // What changed with it, in words.
	InForce bool
}

// ruleFields are the names of the fields of the rules.
func ruleFields() []string {
	names := []string{"base", "source", "count", "pasted", "proposed"}
	for _, f := range gateway.RuleFields(&models.Rules{}) {
		names = append(names, f.Key)
	}
	return names
}

// ruleValues writes rules into the fields of their form.
func ruleValues(r models.Rules, base int64) map[string]string {
	values := map[string]string{"base": strconv.FormatInt(base, 10), "source": "latest", "count": "50", "pasted": "", "proposed": ""}
	for _, f := range gateway.RuleFields(&r) {
		if values[f.Key] = f.String(); f.Number != nil && *f.Number == 0 {
			values[f.Key] = ""
		}
	}
	for name, usual := range map[string]string{"process": "process", "empty_subject": "placeholder", "spam_mail": "accept", "sender_check": "off", "sender_failed": "unknown", "reject_notice": "off", "attach_to_active": "off"} {
		if values[name] == "" {
			values[name] = usual
		}
	}
	return values
}

// rulesOf returns the rules in force with what the form sets of them; their other parts have pages of their own.
func rulesOf(f *form, r models.Rules) models.Rules {
	for _, field := range gateway.RuleFields(&r) {
		switch {
		case field.Switch != nil:
			*field.Switch = f.yes(field.Key)
		case field.Number != nil:
			*field.Number = amount(f.get(field.Key))
		case field.List != nil:
			*field.List = f.lines(field.Key)
		case field.Key == "domain_pattern":
			*field.Text = strings.Trim(f.text(field.Key), "\n")
		default:
			*field.Text = f.get(field.Key)
		}
	}
	return r
}

// amount reads a number; "" is none, and what is no number is one that is refused.
func amount(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil && text != "" {
		return -1
	}
	return n
}

// ruleEdit shows the rules of an inbox; with a message named it proposes rules under which that message comes through,
// or its sender does not.
func ruleEdit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	values, data := ruleValues(in.Rules, in.RuleVersion), ruleView{}
	if id, err := strconv.ParseInt(v.Query("message"), 10, 64); err == nil {
		if values, err = v.proposeRules(in, id, &data); err != nil {
			return err
		}
	}
	return v.showRules(http.StatusOK, in, v.newForm("inbox", values), data)
}

// proposeRules fills the form with rules for a message of the inbox and tries them on it.
func (v *visit) proposeRules(in gateway.InboxView, id int64, data *ruleView) (map[string]string, error) {
	values := ruleValues(in.Rules, in.RuleVersion)
	m, _, err := v.h.Gateway.Message(v.ctx(), id)
	if err != nil {
		return values, err
	}
	if m.InboxID != in.ID {
		return values, models.ErrNotFound
	}
	data.Proposed = &m
	rules, err := v.h.Gateway.ProposeRules(v.ctx(), id)
	if errors.Is(err, models.ErrNotFound) {
		return values, nil // Its octets are not kept any more: the rules as they are.
	}
	if err != nil {
		return values, err
	}
	t, err := v.h.Gateway.TryRulesOn(v.ctx(), v.me, rules, id)
	if err != nil {
		return values, err
	}
	data.Tried = v.triedOne(t)
	values = ruleValues(rules, in.RuleVersion)
	values["proposed"] = strconv.FormatInt(id, 10)
	return values, nil
}

// ruleUpdate saves rules as a new version, or only tries them.
func ruleUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	if v.ContentType() == "multipart/form-data" {
		if err := v.Request.ParseMultipartForm(maxUpload); err != nil {
			return uploadError(err)
		}
	}
	f, err := v.readForm("inbox", ruleFields()...)
	if err != nil {
		return err
	}
	base, err := f.rulesBase()
	if err != nil {
		return err
	}
	rules := rulesOf(f, in.Rules)
	switch v.Request.PostForm.Get("do") {
	case "lint":
		return v.showRules(http.StatusOK, in, f, ruleView{})
	case "try":
		return v.tryRules(in, f, rules)
	}
	version, err := v.h.Gateway.SaveRules(v.ctx(), v.me, in.ID, base, rules)
	if err == nil {
		return v.rulesSaved(in, "rules", base, version)
	}
	status, err := f.rulesRefused(in, err, nil)
	if err != nil {
		return err
	}
	if status == http.StatusConflict {
		return v.showRuleConflict(in, f, rules)
	}
	return v.showRules(status, in, f, ruleView{})
}

// showRules shows the form of the rules with what is doubtful about those in it.
func (v *visit) showRules(status int, in gateway.InboxView, f *form, data ruleView) error {
	data.InboxView = in
	rules := rulesOf(f, in.Rules)
	found, err := v.h.Gateway.LintRules(v.ctx(), in.ID, rules)
	if err != nil {
		return err
	}
	typing := v.Request.PostForm.Get("do") == "lint" || data.Tried != nil
	found = slices.DeleteFunc(found, func(f rule.Finding) bool { return strings.HasPrefix(f.Code, "E-") && !typing })
	data.Warnings = v.findings(found)
	if data.Senders, err = v.trySenders(in.ID, rules); err != nil {
		return err
	}
	if data.Servers, err = v.h.Gateway.CheckingServers(v.ctx(), in.ID); err != nil {
		return err
	}
	versions, err := v.h.Gateway.RuleVersions(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	if data.Versions, err = v.ruleVersionRows(versions, in.RuleVersion); err != nil {
		return err
	}
	for _, row := range data.Versions {
		if row.InForce {
			data.By, data.At = row.By, row.At
		}
	}
	return v.render(status, "rule_edit", view{
		Title: v.l.T("rules.title", "name", in.Name), Section: "inboxes", Form: f, Data: data,
	})
}

// showRuleConflict shows rules that somebody else has changed meanwhile, with what differs.
func (v *visit) showRuleConflict(in gateway.InboxView, f *form, mine models.Rules) error {
	now, err := v.h.Gateway.RuleVersion(v.ctx(), in.ID, in.RuleVersion)
	if err != nil {
		return err
	}
	rows, err := v.ruleVersionRows([]models.RuleVersion{now}, in.RuleVersion)
	if err != nil {
		return err
	}
	c := &conflict{Text: v.l.T("E-409-INBOX", v.whoAndWhen(models.User{Name: rows[0].By}, rows[0].At))}
	for _, d := range gateway.CompareRules(now.Rules, mine) {
		c.Differs = append(c.Differs, difference{v.l.T("inbox." + d.Field), v.inboxValue(d.Field, d.Before), v.inboxValue(d.Field, d.After)})
	}
	return v.showRules(http.StatusConflict, in, f, ruleView{Conflict: c})
}

// ruleVersionRows describes versions, newest first as they come.
func (v *visit) ruleVersionRows(versions []models.RuleVersion, inForce int64) ([]ruleVersionRow, error) {
	var ids []int64
	for _, one := range versions {
		if one.CreatedBy != nil {
			ids = append(ids, *one.CreatedBy)
		}
	}
	names, err := v.h.Gateway.People(v.ctx(), ids)
	if err != nil {
		return nil, err
	}
	rows := make([]ruleVersionRow, 0, len(versions))
	for i, one := range versions {
		row := ruleVersionRow{Version: one.Version, At: one.CreatedAt, By: v.l.T("person.system"), InForce: one.Version == inForce}
		if one.CreatedBy != nil {
			if row.By = names[*one.CreatedBy]; row.By == "" {
				row.By = v.l.T("person.gone")
			}
		}
		if i+1 < len(versions) {
			var fields []string
			for _, c := range gateway.CompareRules(versions[i+1].Rules, one.Rules) {
				fields = append(fields, v.l.T("inbox."+c.Field))
			}
			row.Changed = strings.Join(fields, ", ")
		}
		rows = append(rows, row)
	}
	return rows, nil
}
