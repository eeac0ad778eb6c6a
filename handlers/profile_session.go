package handlers

import (
	"fmt"
	"strings"

	"letterbox/tracker"
)

// sessionRow is a session in words.
type sessionRow struct {
	tracker.SessionView
	Name string // Browser and system, as far as they say.
}

// sessions are where a person is signed in.
func (v *visit) sessions(id int64) ([]sessionRow, error) {
	list, err := v.h.Tracker.Sessions(v.ctx(), v.me, id, cookie(v.Context, v.h.sessionCookie()))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	rows := make([]sessionRow, 0, len(list))
	for _, s := range list {
		name := browserName(s.Browser.Agent)
		if name == "" {
			name = v.l.T("session.unknown")
		}
		rows = append(rows, sessionRow{SessionView: s, Name: name})
	}
	return rows, nil
}

// browserName reads browser and system from a User-Agent field; "" when it says neither. The order matters: browsers
// name those that they want to be taken for, too.
func browserName(agent string) string {
	first := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Chromium/", "Chromium", "Safari/", "Safari", "curl/", "curl")
	system := first("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	if browser != "" && system != "" {
		return browser + " · " + system
	}
	return browser + system
}

// sessionEnd signs the person out in one other browser, or in all others.
func sessionEnd(v *visit) error {
	f, err := v.readForm("session", "session")
	if err != nil {
		return err
	}
	if id := f.get("session"); id != "" {
		err = v.h.Tracker.EndSessionOf(v.ctx(), v.me, v.me.ID, id)
	} else {
		err = v.h.Tracker.EndOtherSessions(v.ctx(), v.me, v.me.ID, cookie(v.Context, v.h.sessionCookie()))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.session_ended")
	return v.redirect("/profile#sessions")
}

// userSessionsEnd signs a person out everywhere.
func userSessionsEnd(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.EndSessions(v.ctx(), v.me, id); err != nil {
		return err
	}
	v.say("ok", "flash.session_ended")
	return v.redirect(fmt.Sprintf("/users/%d", id))
}
