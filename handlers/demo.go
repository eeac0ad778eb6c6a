package handlers

import (
	"fmt"

	"letterbox/models"
)

// demoMail sends one more sample mail to the demo inbox.
func demoMail(v *visit) error {
	if v.h.Demo == nil {
		return models.ErrNotFound
	}
	if err := v.h.Demo(v.ctx()); err != nil {
		return fmt.Errorf("send sample mail: %w", err)
	}
	v.say("ok", "flash.demo_sent")
	return v.redirect("/issues")
}
