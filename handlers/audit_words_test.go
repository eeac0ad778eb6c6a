package handlers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// What the API, a mail or a page changed of an issue stands in the audit log in words, and what stayed does not.
func TestAuditLogSpeaksInWords(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.mail(s.inbox, strings.NewReplacer("printer-1", "printer-2").Replace(plainMail))
	admin, cookie := s.users["admin"], s.as("admin")
	waiting, who, title, due := models.IssueWaiting, "member", "Changed", "2026-12-24"
	_, err := s.h.Tracker.UpdateIssue(t.Context(), admin, 1, 0, tracker.IssuePatch{State: &waiting, Assignee: &who, Title: &title, Due: &due})
	s.ok(err)
	s.get("/audit?object=issue:1", cookie).want(t, 200, "State:</span> New → Waiting", "Assignee:</span> Nobody → Member", "Title:</span> changed", "Due date:</span> empty → 2026-12-24",
		"!Project:</span>", "!Priority:</span>", "!Description:</span>", "![")
	s.ok(s.h.Tracker.Merge(t.Context(), admin, 2, 1))
	s.get("/audit?object=issue:2", cookie).want(t, 200, "Issues merged", "Into:</span> #1")
	s.ok(s.h.Tracker.SetMember(t.Context(), admin, s.sup.ID, "other", models.ProjectReporter))
	s.get("/audit?kind=member", cookie).want(t, 200, "Role:</span> Reporter", "Person:</span> Other")
	_, err = s.h.Tracker.DisableUser(t.Context(), admin, s.users["other"].ID, true)
	s.ok(err)
	s.get("/audit?kind=user", cookie).want(t, 200, "Access changed", "Deactivated:</span> no → yes")
}

// Every action that is written to the audit log has a name there.
func TestEveryActionOfTheAuditLogHasAName(t *testing.T) {
	s := newSite(t)
	written := regexp.MustCompile(`(?:udit\([^"\n]*|\baction\s*:?=\s*|, action = [^"\n]*|change(?:User|Outgoing)\([^"\n]*|, action := [^"\n]*)"([a-z_]+\.[a-z_]+)"`)
	actions := map[string]string{"project.states": "tracker", "project.prioritys": "tracker"} // Put together there.
	for _, dir := range []string{"../tracker", "../gateway", "../internal/webhook", "."} {
		files, err := filepath.Glob(dir + "/*.go")
		s.ok(err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			s.ok(err)
			for _, found := range written.FindAllStringSubmatch(string(text), -1) {
				actions[found[1]] = name
			}
		}
	}
	if len(actions) < 50 {
		t.Errorf("found %d actions, want those of the whole program", len(actions))
	}
	for _, language := range []string{"de", "en"} {
		for action, name := range actions {
			if !s.h.cat.Locale(language).Has("audit.action." + action) {
				t.Errorf("%s: %s writes %q, which has no name in %s", language, name, action, "audit_pages.json")
			}
		}
	}
}
