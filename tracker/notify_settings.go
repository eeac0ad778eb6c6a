package tracker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"letterbox/models"
)

// NotifySettings returns of what the person is told by mail, and when.
func (s *Service) NotifySettings(ctx context.Context, by *models.User) (models.NotifySettings, error) {
	if by == nil || by.ID == 0 {
		return models.NotifySettings{}, models.ErrForbidden
	}
	all, err := s.store.NotifySettings(ctx, []int64{by.ID})
	return all[by.ID], err
}

// SetNotifySettings changes of what the person is told by mail, and when. Values that cannot be taken are a
// models.InvalidList.
func (s *Service) SetNotifySettings(ctx context.Context, by *models.User, n models.NotifySettings) error {
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	n.UserID = by.ID
	var c checks
	for _, f := range []struct {
		field string
		value models.NotifyBy
	}{{"assigned", n.Assigned}, {"mentioned", n.Mentioned}, {"watching", n.Watching}, {"new_issue", n.NewIssue}} {
		if f.value != models.NotifyAtOnce && f.value != models.NotifyDigest && f.value != models.NotifyNever {
			c.add(f.field, "E-NOTIFY-01")
		}
	}
	for _, f := range []struct {
		field string
		value *string
		empty bool
	}{{"digest_at", &n.DigestAt, false}, {"quiet_from", &n.QuietFrom, true}, {"quiet_to", &n.QuietTo, true}} {
		if *f.value = strings.TrimSpace(*f.value); *f.value == "" && f.empty {
			continue
		}
		t, err := time.Parse("15:04", *f.value)
		if err != nil {
			c.add(f.field, "E-NOTIFY-02")
			continue
		}
		*f.value = t.Format("15:04")
	}
	if (n.QuietFrom == "") != (n.QuietTo == "") {
		c.add("quiet_to", "E-NOTIFY-03")
	}
	n.TimeZone = strings.TrimSpace(n.TimeZone)
	if _, err := time.LoadLocation(n.TimeZone); err != nil || n.TimeZone == "Local" || len(n.TimeZone) > 64 {
		c.add("time_zone", "E-NOTIFY-04", "zone", cut(line(n.TimeZone), 64))
	}
	if err := c.err(); err != nil {
		return err
	}
	if err := s.store.SetNotifySettings(ctx, n); err != nil {
		return fmt.Errorf("set notification settings: %w", err)
	}
	return nil
}
