package handlers

import (
	"testing"
	"time"
)

func TestPollIntervalHasAUnit(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(nil)).Header.Get("Location")
	for _, c := range []struct {
		n, unit string
		want    time.Duration
		shown   []string // Number and unit in the form afterwards.
	}{
		{"90", "s", 90 * time.Second, []string{`value="90"`, `value="s" selected`}},
		{"5", "min", 5 * time.Minute, []string{`value="5"`, `value="min" selected`}},
		{"120", "s", 2 * time.Minute, []string{`value="2"`, `value="min" selected`}},
		{"1", "min", time.Minute, []string{`value="60"`, `value="s" selected`}},
		{"24", "h", 24 * time.Hour, []string{`value="24"`, `value="h" selected`}},
		{"45", "", 45 * time.Second, []string{`value="45"`}}, // A form of before.
	} {
		form := s.versioned(page, cookie, s.draft(map[string]string{"poll_interval": c.n, "poll_unit": c.unit, "password": ""}))
		s.post(page+"/edit", cookie, form).want(t, 303)
		in, err := s.h.Gateway.InboxByName(t.Context(), form.Get("name"))
		s.ok(err)
		if in.Settings.PollInterval != c.want {
			t.Errorf("%s %s = %v, want %v", c.n, c.unit, in.Settings.PollInterval, c.want)
		}
		s.get(page+"/edit", cookie).want(t, 200, c.shown...)
	}
	for _, wrong := range [][2]string{{"25", "h"}, {"1441", "min"}, {"0", "h"}, {"5", "days"}} {
		form := s.versioned(page, cookie, s.draft(map[string]string{"poll_interval": wrong[0], "poll_unit": wrong[1], "password": ""}))
		s.post(page+"/edit", cookie, form).want(t, 422, `id="errors"`)
	}
}

func TestFormOfAnInboxShowsWhatSavingWouldChange(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(nil)).Header.Get("Location")
	same := s.versioned(page, cookie, s.draft(map[string]string{"password": "", "do": "changes"}))
	s.post(page+"/edit", cookie, same).want(t, 200, "Saving changes nothing")
	form := s.versioned(page, cookie, s.draft(map[string]string{"name": "Third", "after": "leave", "poll_interval": "60", "poll_unit": "min", "password": "another secret", "do": "changes"}))
	s.post(page+"/edit", cookie, form).want(t, 200, "Saving changes this", ">Third</td>", ">Mark as read</td>", ">Leave</td>", ">another one</td>", ">1\u00a0min</td>", ">1\u00a0h</td>", "!another secret")
	s.get(page, cookie).want(t, 200, "!Third")
}
