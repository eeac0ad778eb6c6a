package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// ruleVersionView is what the page of one version of rules shows.
type ruleVersionView struct {
	gateway.InboxView
	Version int64
	By      string
	At      time.Time
	InForce bool
	Before  int64        // The version before; 0 for the first.
	Changes []ruleChange // Against the version before.
	Now     []ruleChange // What restoring it would change.
}

// ruleChange is one setting that differs, in words.
type ruleChange struct {
	Label         string
	Before, After string // Of a setting that is no list.
	Added, Gone   []string
}

// ruleVersion shows what one version of the rules of an inbox changed and what restoring it would change.
func ruleVersion(v *visit) error {
	in, n, err := v.inboxVersion()
	if err != nil {
		return err
	}
	this, err := v.h.Gateway.RuleVersion(v.ctx(), in.ID, n)
	if err != nil {
		return err
	}
	rows, err := v.ruleVersionRows([]models.RuleVersion{this}, in.RuleVersion)
	if err != nil {
		return err
	}
	data := ruleVersionView{InboxView: in, Version: n, By: rows[0].By, At: this.CreatedAt, InForce: rows[0].InForce}
	before := models.Rules{}
	if n > 1 {
		old, err := v.h.Gateway.RuleVersion(v.ctx(), in.ID, n-1)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		if err == nil {
			before, data.Before = old.Rules, n-1
		}
	}
	data.Changes = v.ruleChanges(before, this.Rules)
	data.Now = v.ruleChanges(in.Rules, this.Rules)
	return v.render(http.StatusOK, "rule_version", view{
		Title: v.l.T("rules.version_title", "n", n, "name", in.Name), Section: "inboxes", Data: data,
	})
}

// ruleRestore puts the rules of an earlier version in force again.
func ruleRestore(v *visit) error {
	in, n, err := v.inboxVersion()
	if err != nil {
		return err
	}
	base, err := strconv.ParseInt(v.PostForm("base"), 10, 64)
	if err != nil {
		return errUnreadable
	}
	version, err := v.h.Gateway.RollBackRules(v.ctx(), v.me, in.ID, base, n)
	if list, ok := invalid(err); ok { // A rule that was good once and is not any more.
		f := v.newForm("inbox", ruleValues(in.Rules, in.RuleVersion))
		f.take(list, nil)
		return v.showRules(http.StatusUnprocessableEntity, in, f, ruleView{})
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.rules_restored", "from", strconv.FormatInt(n, 10), "n", strconv.FormatInt(version, 10))
	return v.redirect(fmt.Sprintf("/inboxes/%d/rules", in.ID))
}

// ruleChanges puts the differences of two sets of rules in words.
func (v *visit) ruleChanges(before, after models.Rules) []ruleChange {
	var out []ruleChange
	for _, c := range gateway.CompareRules(before, after) {
		one := ruleChange{Label: v.l.T("inbox." + c.Field), Added: c.Added, Gone: c.Gone}
		if len(c.Added)+len(c.Gone) == 0 {
			one.Before, one.After = v.inboxValue(c.Field, c.Before), v.inboxValue(c.Field, c.After)
		}
		out = append(out, one)
	}
	return out
}
