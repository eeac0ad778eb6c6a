package handlers

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

// maxBulk is how many issues are changed at a time: those of a page.
const maxBulk = 200

// issueBulk changes several issues alike. Those that cannot be changed are named; the others are changed all the same.
func issueBulk(v *visit) error {
	f, err := v.readForm("issue", "state", "assignee", "priority", "labels", "back")
	if err != nil {
		return err
	}
	numbers, err := bulkNumbers(v.Request.PostForm["n"])
	if err != nil {
		return err
	}
	back := local(f.get("back"))
	patch, some := bulkPatch(f)
	if len(numbers) == 0 || !some {
		v.say("warn", "flash.bulk_nothing")
		return v.redirect(back)
	}
	done, left := 0, []string{}
	for _, n := range numbers {
		_, err := v.h.Tracker.UpdateIssue(v.ctx(), v.me, n, 0, patch)
		_, refused := invalid(err)
		switch {
		case err == nil:
			done++
		case refused, errors.Is(err, models.ErrNotFound), errors.Is(err, models.ErrForbidden), errors.Is(err, models.ErrConflict):
			left = append(left, fmt.Sprintf("#%d", n))
		default:
			return err
		}
	}
	if len(left) > 0 {
		v.say("warn", "flash.bulk_partly", "n", strconv.Itoa(done), "left", strings.Join(left[:min(len(left), 20)], ", "))
		return v.redirect(back)
	}
	v.say("ok", "flash.bulk_done", "n", strconv.Itoa(done))
	return v.redirect(back)
}

func bulkNumbers(values []string) ([]int64, error) {
	if len(values) > maxBulk {
		return nil, errUnreadable
	}
	var numbers []int64
	for _, value := range values {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n <= 0 {
			return nil, errUnreadable
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// bulkPatch is what is to change; what stands on "no change" stays.
func bulkPatch(f *form) (tracker.IssuePatch, bool) {
	var p tracker.IssuePatch
	some := false
	if s := models.IssueState(f.get("state")); s != "" {
		p.State, some = &s, true
	}
	if a := f.get("assignee"); a != "" {
		if a == "-" {
			a = ""
		}
		p.Assignee, some = &a, true
	}
	if level := f.get("priority"); level != "" {
		p.Priority, some = &level, true
	}
	if f.get("labels") != "" {
		p.AddLabels, some = strings.Split(f.get("labels"), ","), true
	}
	return p, some
}
