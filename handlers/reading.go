package handlers

import (
	"strings"

	"letterbox/models"
)

// noMail says on every page that no mail is read.
type noMail struct {
	models.Reading
	By string // Name of who switched it off; "" for a command line, or who is gone.
}

// noMail returns why no mail is read; nil while it is.
func (v *visit) noMail() (*noMail, error) {
	r, err := v.h.Gateway.Reading(v.ctx())
	if err != nil || !r.Off {
		return nil, err
	}
	out := &noMail{Reading: r}
	if r.UserID != 0 {
		names, err := v.h.Gateway.People(v.ctx(), []int64{r.UserID})
		if err != nil {
			return nil, err
		}
		out.By = names[r.UserID]
	}
	return out, nil
}

// readingSwitch has no mail read in any inbox, or mail read again.
func readingSwitch(v *visit) error {
	off, key := v.PostForm("do") == "off", "flash.reading_on"
	if off {
		key = "flash.reading_off"
	}
	err := v.h.Gateway.SetReading(v.ctx(), v.me, off, strings.TrimSpace(v.PostForm("reason")))
	if list, ok := invalid(err); ok {
		v.say("warn", list[0].Code, "max", list[0].Args["max"])
		return v.redirect("/inboxes#reading")
	}
	if err != nil {
		return err
	}
	v.say("ok", key)
	return v.redirect("/inboxes")
}
