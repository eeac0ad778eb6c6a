package handlers

import (
	"net/url"
	"testing"

	"letterbox/models"
)

func TestNotificationSettingsAreKeptAndChecked(t *testing.T) {
	s := newSite(t)
	cookie := s.as("member")
	s.get("/profile/notifications", cookie).want(t, 200, `name="digest_at"`)
	form := url.Values{
		"assigned": {"mail"}, "mentioned": {"digest"}, "watching": {"off"}, "new_issue": {"mail"}, "digest_at": {"7:30"},
		"quiet_from": {"22:00"}, "quiet_to": {"06:00"}, "weekend": {"true"}, "time_zone": {"Europe/Berlin"},
	}
	s.post("/profile/notifications", cookie, form).want(t, 303)
	got, err := s.h.Tracker.NotifySettings(t.Context(), s.users["member"])
	want := models.NotifySettings{
		UserID: s.users["member"].ID, Assigned: "mail", Mentioned: "digest", Watching: "off", NewIssue: "mail", DigestAt: "07:30",
		QuietFrom: "22:00", QuietTo: "06:00", Weekend: true, TimeZone: "Europe/Berlin",
	}
	if err != nil || got != want {
		t.Errorf("kept: got %+v %v, want %+v", got, err, want)
	}
	for field, bad := range map[string]string{"assigned": "sometimes", "digest_at": "25:00", "quiet_from": "", "time_zone": "Europe/Nowhere"} {
		wrong := url.Values{}
		for name, value := range form {
			wrong[name] = value
		}
		wrong.Set(field, bad)
		s.post("/profile/notifications", cookie, wrong).want(t, 422, "Europe/")
	}
}
