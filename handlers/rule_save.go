package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"letterbox/gateway"
	"letterbox/models"
)

// The rules of an inbox are changed on several pages, each of which has one part of them: who may write, text recognition,
// flow rules, the script. What they share stands here.

// rulesBase is the version of the rules that a form began with.
func (f *form) rulesBase() (int64, error) {
	base, err := strconv.ParseInt(f.get("base"), 10, 64)
	if err != nil || base <= 0 {
		return 0, errUnreadable
	}
	return base, nil
}

// rulesSaved tells which version is in force after a part of the rules was saved, and leads back to its page.
func (v *visit) rulesSaved(in gateway.InboxView, page string, base, version int64) error {
	if version == base {
		v.say("ok", "flash.rules_same")
	} else {
		v.say("ok", "flash.rules_saved", "n", strconv.FormatInt(version, 10))
	}
	return v.redirect(fmt.Sprintf("/inboxes/%d/%s", in.ID, page))
}

// rulesRefused puts into a form why rules were not saved or tried, and returns the status of the page that shows it: 200
// when err is nil, 422 when fields are to be checked, 409 when somebody else has changed the rules meanwhile; saving again
// then applies what was entered. name turns the path of a finding into the name of a field; nil: they are the same. Any
// other error comes back.
func (f *form) rulesRefused(in gateway.InboxView, err error, name func(path string) string) (int, error) {
	if list, ok := invalid(err); ok {
		names := map[string]string{}
		for _, e := range list {
			if name != nil {
				names[e.Field] = name(e.Field)
			}
		}
		f.take(list, names)
		return http.StatusUnprocessableEntity, nil
	}
	if errors.Is(err, models.ErrConflict) {
		f.values["base"] = strconv.FormatInt(in.RuleVersion, 10)
		return http.StatusConflict, nil
	}
	return http.StatusOK, err
}
