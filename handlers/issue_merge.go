package handlers

import (
	"fmt"
)

// issueMerge puts the issue into another one and shows that.
func issueMerge(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	into := issueNumber(v.PostForm("into"))
	err = v.h.Tracker.Merge(v.ctx(), v.me, number, into)
	if _, refused := invalid(err); refused {
		_ = v.orSay(err) // Says it.
		return v.redirect(fmt.Sprintf("/issues/%d", number))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.merged", "key", fmt.Sprintf("#%d", number))
	return v.redirect(fmt.Sprintf("/issues/%d", into))
}

// commentSplit makes an issue of its own of a comment and shows it.
func commentSplit(v *visit) error {
	number, comment, err := v.commentID()
	if err != nil {
		return err
	}
	made, err := v.h.Tracker.Split(v.ctx(), v.me, number, comment, v.PostForm("title"))
	if _, refused := invalid(err); refused {
		_ = v.orSay(err) // Says it.
		return v.redirect(fmt.Sprintf("/issues/%d#comment-%d", number, comment))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.split", "key", fmt.Sprintf("#%d", number))
	return v.redirect(fmt.Sprintf("/issues/%d", made.Number))
}

// commentMove gives a comment to another issue and shows that.
func commentMove(v *visit) error {
	number, comment, err := v.commentID()
	if err != nil {
		return err
	}
	to := issueNumber(v.PostForm("to"))
	err = v.h.Tracker.MoveComment(v.ctx(), v.me, number, comment, to)
	if _, refused := invalid(err); refused {
		_ = v.orSay(err) // Says it.
		return v.redirect(fmt.Sprintf("/issues/%d#comment-%d", number, comment))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.moved", "key", fmt.Sprintf("#%d", to))
	return v.redirect(fmt.Sprintf("/issues/%d#comment-%d", to, comment))
}

func (v *visit) commentID() (number, comment int64, err error) {
	if number, err = v.id("number"); err != nil {
		return 0, 0, err
	}
	comment, err = v.id("comment")
	return number, comment, err
}
