package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// fillIssue adds what stands beside and below the thread of an issue.
func (v *visit) fillIssue(data *issueView, f *form) (err error) {
	number := data.Number
	data.Was = issueValues(data.IssueRow)
	data.Want = issueValues(data.IssueRow)
	for _, name := range issueProperties {
		if value, ok := f.values[name]; ok && v.Request.PostForm.Has(name) {
			data.Want[name] = value
		}
	}
	data.Draft = f.values["draft"] == "true"
	if v.Request.PostForm.Get("do") == "preview" {
		data.Preview = f.values["body"]
		data.Lacking = !v.hasFiles() && lacksFile(data.Preview, v.l.T("attach.words"))
	}
	data.Watching = slices.ContainsFunc(data.Watchers, func(u models.User) bool { return u.ID == v.me.ID })
	if data.Works {
		if err := v.addIntakes(data); err != nil {
			return err
		}
		if data.Templates, err = v.h.Tracker.AnswerTemplates(v.ctx(), v.me, data.ProjectID); err != nil {
			return err
		}
		if data.Known, err = v.h.Tracker.Labels(v.ctx(), v.me, data.ProjectID); err != nil {
			return err
		}
	}
	if data.Fields, err = v.h.Tracker.Fields(v.ctx(), v.me, number); err != nil {
		return err
	}
	if data.Links, err = v.h.Tracker.Links(v.ctx(), v.me, number); err != nil {
		return err
	}
	if data.History, err = v.h.Tracker.History(v.ctx(), v.me, number); err != nil {
		return err
	}
	if data.Customer, err = v.h.Tracker.Customer(v.ctx(), v.me, number); err != nil {
		return err
	}
	if data.Muted, err = v.h.Tracker.Muted(v.ctx(), v.me, number); err != nil {
		return err
	}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, p := range projects {
		if p.ArchivedAt == nil && v.access.WorksOn(p.ID) || p.ID == data.ProjectID {
			data.Movable = append(data.Movable, option{p.Key, p.Key + " · " + p.Name})
		}
	}
	return nil
}

// addIntakes adds to the posts of mails under which numbers they are recorded.
func (v *visit) addIntakes(data *issueView) error {
	list, err := v.h.Tracker.Intakes(v.ctx(), v.me, data.Number)
	if err != nil {
		return err
	}
	for _, in := range list {
		for i, p := range data.Posts {
			if in.CommentID == nil && p.Comment == 0 || in.CommentID != nil && p.Comment == *in.CommentID {
				data.Posts[i].Intake = &in
			}
		}
	}
	return nil
}

// issueWatch has the person follow an issue, or not any more; issueMute has it hear nothing of it, or again.
func issueWatch(v *visit) error {
	return v.follow(func(number int64) error {
		if v.PostForm("on") == "true" {
			return v.h.Tracker.Watch(v.ctx(), v.me, number)
		}
		return v.h.Tracker.Unwatch(v.ctx(), v.me, number)
	})
}

func issueMute(v *visit) error {
	mute := func(number int64) error {
		return v.h.Tracker.Mute(v.ctx(), v.me, number, v.PostForm("on") == "true")
	}
	if v.PostForm("back") == "" {
		return v.follow(mute)
	}
	number, err := v.id("number")
	if err == nil {
		err = mute(number)
	}
	if err != nil {
		return err
	}
	return v.redirect(local(v.PostForm("back")))
}

// issueActive makes an issue the active case of its project, or takes that back.
func issueActive(v *visit) error {
	return v.follow(func(number int64) error {
		_, err := v.h.Tracker.SetActiveCase(v.ctx(), v.me, number, v.PostForm("on") == "true")
		return v.orSay(err)
	})
}

// follow does something with the issue of the path and goes back to it.
func (v *visit) follow(do func(number int64) error) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	if err := do(number); err != nil {
		return err
	}
	return v.redirect("/issues/" + v.Param("number"))
}

// issueDraft keeps what the person has begun to write.
func issueDraft(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("comment", "body", "kind")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.SaveDraft(v.ctx(), v.me, number, f.text("body"), f.get("kind") == "internal"); err != nil {
		return err
	}
	v.Status(http.StatusNoContent)
	return nil
}

// orSay turns an input that cannot be taken into a sentence on the page that follows.
func (v *visit) orSay(err error) error {
	list, ok := invalid(err)
	if !ok || len(list) == 0 {
		return err
	}
	var pairs []string
	for name, value := range list[0].Args {
		pairs = append(pairs, name, value)
	}
	v.say("bad", "flash."+list[0].Code, pairs...)
	return nil
}

// issueLink ties the issue to another one, issueUnlink unties them.
func issueLink(v *visit) error {
	return v.follow(func(number int64) error {
		return v.orSay(v.h.Tracker.AddLink(v.ctx(), v.me, number, issueNumber(v.PostForm("number")), models.LinkKind(v.PostForm("kind"))))
	})
}

func issueUnlink(v *visit) error {
	return v.follow(func(number int64) error {
		return v.orSay(v.h.Tracker.RemoveLink(v.ctx(), v.me, number, issueNumber(v.PostForm("number")), models.LinkKind(v.PostForm("kind")), v.PostForm("back") == "true"))
	})
}

// issueNumber reads "12", "#12"; what is none is 0, an issue that there is not.
func issueNumber(text string) int64 {
	m := jump.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // Digits only.
	return n
}
