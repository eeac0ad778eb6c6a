package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"letterbox/models"
)

// mostReason is how many characters the reason has for which no mail is read.
const mostReason = 200

// Reading returns whether mail is read at all.
func (g *Gateway) Reading(ctx context.Context) (r models.Reading, err error) {
	text, err := g.Store.Setting(ctx, models.SettingNoReading)
	if errors.Is(err, models.ErrNotFound) || err == nil && text == "" {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	if err != nil {
		return models.Reading{}, fmt.Errorf("read whether mail is read: %w", err)
	}
	return r, nil
}

// SetReading switches reading off for all inboxes at once, or on again: no process visits a server any more, and mail
// servers that hand mail in are told to keep it. What is under way is finished, and the switch of each inbox stays as it
// is. It is in force at once here, and within two seconds in other processes. A reason that is too long is a
// models.InvalidList. A change is audited.
func (g *Gateway) SetReading(ctx context.Context, by *models.User, off bool, reason string) error {
	reason = strings.TrimSpace(strings.ToValidUTF8(reason, "\ufffd"))
	if utf8.RuneCountInString(reason) > mostReason {
		return models.InvalidList{{Field: "reason", Code: "E-READ-01", Args: map[string]string{"max": itoa(mostReason)}}}
	}
	changed := false
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		was, err := g.Reading(ctx)
		if changed = err == nil && (was.Off != off || off && was.Reason != reason); !changed {
			return err
		}
		text, action := "", "reading.on"
		if off {
			r := models.Reading{Off: true, Since: now(), Reason: reason}
			if was.Off { // Only the reason is another one.
				r.Since = was.Since
			}
			if by != nil {
				r.UserID = by.ID
			}
			raw, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("describe that no mail is read: %w", err)
			}
			text, action = string(raw), "reading.off"
		}
		if err := g.Store.SetSetting(ctx, models.SettingNoReading, text); err != nil {
			return err
		}
		return g.audit(ctx, by, action, "reading:0", map[string]string{"reason": reason})
	})
	if err == nil && changed {
		g.readsNothing.Store(off)
		g.lookNow()
		g.Changed("inbox")
	}
	return err
}
