package models_test

import (
	"testing"
	"time"

	"letterbox/models"
)

func TestMailAboutNewsComesWhenThePersonWantsIt(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	plain := func(s *models.NotifySettings) {}
	night := func(s *models.NotifySettings) { s.QuietFrom, s.QuietTo = "22:00", "07:00" }
	tests := []struct {
		name     string
		change   func(*models.NotifySettings)
		reason   string
		at, want string
		together bool
		never    bool
	}{
		{"at once", plain, "assigned", "2026-11-18 12:00", "2026-11-18 12:00", false, false},
		{"new issues only when asked for", plain, "project", "2026-11-18 12:00", "", false, true},
		{"before the quiet hours", night, "assigned", "2026-11-18 21:59", "2026-11-18 21:59", false, false},
		{"in the evening", night, "assigned", "2026-11-18 22:00", "2026-11-19 07:00", true, false},
		{"after midnight", night, "assigned", "2026-11-19 03:00", "2026-11-19 07:00", true, false},
		{"at their end", night, "assigned", "2026-11-19 07:00", "2026-11-19 07:00", false, false},
		{"at noon", func(s *models.NotifySettings) { s.QuietFrom, s.QuietTo = "12:00", "13:00" }, "watching", "2026-11-18 12:30", "2026-11-18 13:00", true, false},
		{"friday night with a quiet weekend", func(s *models.NotifySettings) { night(s); s.Weekend = true }, "mentioned", "2026-11-20 23:00", "2026-11-23 07:00", true, false},
		{"saturday", func(s *models.NotifySettings) { s.Weekend = true }, "mentioned", "2026-11-21 10:00", "2026-11-23 00:00", true, false},
		{"digest of today", func(s *models.NotifySettings) { s.Watching = "digest" }, "watching", "2026-11-18 07:00", "2026-11-18 08:00", true, false},
		{"digest is closed", func(s *models.NotifySettings) { s.Watching = "digest" }, "watching", "2026-11-18 07:59", "2026-11-19 08:00", true, false},
		{"digest of tomorrow", func(s *models.NotifySettings) { s.Watching = "digest" }, "watching", "2026-11-18 09:00", "2026-11-19 08:00", true, false},
		{"digest in quiet hours", func(s *models.NotifySettings) { night(s); s.Watching, s.DigestAt = "digest", "06:00" }, "watching", "2026-11-18 05:00", "2026-11-18 07:00", true, false},
		{"night in which clocks go forward", night, "assigned", "2027-03-28 01:30", "2027-03-28 07:00", true, false},
		{"night in which clocks go back", night, "assigned", "2026-10-25 02:30", "2026-10-25 07:00", true, false},
	}
	for _, test := range tests {
		s := models.DefaultNotifySettings(1)
		s.TimeZone = "Europe/Berlin"
		test.change(&s)
		due, together, ok := s.When(test.reason, at(test.at))
		if ok == test.never {
			t.Errorf("%s: told by mail %v, want %v", test.name, ok, !test.never)
		}
		if !test.never && (!due.Equal(at(test.want)) || together != test.together) {
			t.Errorf("%s: due %s together %v, want %s and %v", test.name, due.In(berlin), together, test.want, test.together)
		}
	}
}
