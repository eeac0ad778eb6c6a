package handlers

import (
	"fmt"
	"slices"

	"letterbox/models"
)

// pictureChoice is what a person has chosen, and may choose, about the pictures that a mail would load from the network.
type pictureChoice struct {
	Action  string // Of the form that changes it, "" when it cannot be changed there.
	Sender  string // Whose pictures they are, "" when nobody is named.
	Chosen  bool   // They are always to be shown...
	Shown   bool   // ...and are: nothing speaks against this mail.
	Refuted bool   // The mail is not by its sender: it is not offered.
	None    bool   // The mail would load none.
}

// pictureChoice returns the choice about a mail, from its sender and its traces. A sender who was verified when it was
// chosen has to be verified in this mail as well; who failed the check is never shown.
func (v *visit) pictureChoice(m models.Message, traces []models.Trace) (pictureChoice, error) {
	verified, refuted := senderState(traces)
	out := pictureChoice{Sender: models.FoldAddress(m.FromAddress), Refuted: refuted, None: noPictures(traces)}
	if !v.picturesRead {
		var err error
		if v.pictureSenders, err = v.h.Tracker.PictureSenders(v.ctx(), v.me); err != nil {
			return out, fmt.Errorf("list senders of pictures: %w", err)
		}
		v.picturesRead = true
	}
	at := slices.IndexFunc(v.pictureSenders, func(p models.PictureSender) bool { return p.Address == out.Sender })
	if at >= 0 && out.Sender != "" {
		out.Chosen = true
		out.Shown = !refuted && (verified || !v.pictureSenders[at].Verified)
	}
	return out, nil
}

// noPictures reports whether the last reading of a message found that it would load no pictures from the network. Messages
// of before that was noted do not tell.
func noPictures(traces []models.Trace) bool {
	for _, t := range slices.Backward(traces) {
		for _, e := range t.Entries {
			if e.Code == "parse.read" {
				return e.Args["pictures"] == "false"
			}
		}
	}
	return false
}

// senderState reads from the last run of a message whether its sender is the one it claims to be, and whether a check
// has failed.
func senderState(traces []models.Trace) (verified, refuted bool) {
	for _, t := range traces {
		if t.Run != traces[len(traces)-1].Run {
			continue
		}
		for _, e := range t.Entries {
			switch e.Code {
			case "gate.sender_pass", "gate.sender_signed":
				verified = true
			case "gate.sender_fail":
				refuted = true
			}
		}
	}
	return verified && !refuted, refuted
}

// issuePictures keeps whether the pictures of the sender of a mail of an issue are always shown to the person.
func issuePictures(v *visit) error {
	m, traces, err := v.mailOfIssue()
	if err != nil {
		return err
	}
	return v.choosePictures(m, traces, fmt.Sprintf("/issues/%d?mail=%d#mail-%d", *m.IssueNumber, m.ID, m.ID))
}

// messagePictures is the same on the page of a message.
func messagePictures(v *visit) error {
	m, traces, _, err := v.message()
	if err != nil {
		return err
	}
	return v.choosePictures(m, traces, fmt.Sprintf("/messages/%d?mail=%d#mail-%d", m.ID, m.ID, m.ID))
}

func (v *visit) choosePictures(m models.Message, traces []models.Trace, back string) error {
	if v.PostForm("always") != "true" {
		if err := v.forgetPictures(models.FoldAddress(m.FromAddress)); err != nil {
			return err
		}
		v.say("ok", "flash.pictures_off", "address", m.FromAddress)
		return v.redirect(back)
	}
	verified, refuted := senderState(traces)
	if refuted {
		return models.ErrForbidden
	}
	_, err := v.h.Tracker.ShowPicturesOf(v.ctx(), v.me, m.FromAddress, verified)
	if err != nil {
		if err := v.orSay(err); err != nil {
			return err
		}
		return v.redirect(back)
	}
	v.say("ok", "flash.pictures_on", "address", m.FromAddress)
	return v.redirect(back)
}

func (v *visit) forgetPictures(sender string) error {
	all, err := v.h.Tracker.PictureSenders(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Address == sender {
			return v.h.Tracker.HidePicturesOf(v.ctx(), v.me, p.ID)
		}
	}
	return models.ErrNotFound
}

// profilePicturesRemove forgets a sender from the page of one's own account.
func profilePicturesRemove(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.HidePicturesOf(v.ctx(), v.me, id); err != nil {
		return err
	}
	v.say("ok", "flash.pictures_removed")
	return v.redirect("/profile#pictures")
}
