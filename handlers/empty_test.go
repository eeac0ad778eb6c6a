package handlers

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"letterbox/models"
	"letterbox/tracker"
)

// emptyPages are the pages that list something: their address and the sentence that stands there while there is nothing.
// Each page of templates/pages that is called a list has an entry.
var emptyPages = map[string][]struct{ path, says string }{
	"account_list":       {{"/sending", "sending.none"}},
	"audit_list":         {{"/audit?since=2099-01-01", "audit.none_filtered"}},
	"board_show":         {{"/board", "issues.none"}},
	"contact_list":       {{"/contacts", "contact.none"}, {"/contacts?q=anna", "contact.none_found"}},
	"exchange_list":      {{"/messages/both", "exchange.none"}, {"/messages/both?direction=in", "log.none_filtered"}},
	"inbox_list":         {{"/inboxes", "inboxes.none"}},
	"issue_list":         {{"/issues", "issues.none"}, {"/issues?q=assignee:me", "issues.none_filtered"}},
	"message_list":       {{"/messages", "log.none"}, {"/messages?state=rejected", "log.none_filtered"}, {"/messages?state=aside", "log.none_aside"}},
	"notice_list":        {{"/notifications", "notices.none"}, {"/notifications?show=all", "notices.none"}},
	"organisation_list":  {{"/organisations", "organisation.none"}},
	"outbox_list":        {{"/outbox", "outbox.none"}, {"/outbox?state=failed", "log.none_filtered"}},
	"project_list":       {{"/projects", "projects.none"}},
	"script_shared_list": {{"/scripts", "scripts.none"}},
	"suppression_list":   {{"/suppressions", "suppression.none"}},
	"triage_list":        {{"/triage", "triage.none"}},
	"webhook_list":       {{"/webhooks", "webhook.none"}},
	"work_show":          {{"/work", "work.none"}},
	// These are never empty, or have the form for the first one below them.
	"integration_list": nil,
	"token_list":       nil,
	"user_list":        nil,
}

func TestEveryListSaysWhatToDoWhenItIsEmpty(t *testing.T) {
	files, err := os.ReadDir("../templates/pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		page := strings.TrimSuffix(f.Name(), ".html")
		if _, ok := emptyPages[page]; strings.HasSuffix(page, "_list") && !ok {
			t.Errorf("the page %s lists something: what does it say when there is nothing? Add it to emptyPages", page)
		}
	}
	s := emptySite(t, nil)
	for name, role := range map[string]models.Role{"admin": models.RoleAdmin, "newcomer": models.RoleMember} {
		u, err := s.h.Tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: name, Name: name, Role: role, Addresses: []string{name + "@example.org"}})
		s.ok(err)
		s.users[name] = &u
	}
	for page, list := range emptyPages {
		for _, one := range list {
			for _, lang := range []string{"en", "de"} {
				want := s.h.cat.Locale(lang).T(one.says, "q", "anna")
				if says := s.empty("admin", lang, one.path); !strings.Contains(says, want) {
					t.Errorf("%s, %s in %s: it says %q, want %q", page, one.path, lang, says, want)
				}
				s.empty("newcomer", lang, one.path)
			}
		}
	}
}

// empty returns what stands in place of a list, and looks that it leads to what somebody may do next. It is "" for those
// who may not see the list.
func (s *site) empty(who, lang, path string) string {
	s.t.Helper()
	cookie := s.as(who)
	got := s.get(path, cookie, "Accept-Language", lang)
	if got.Status != 200 {
		if who == "admin" {
			s.t.Errorf("%s: status %d", path, got.Status)
		}
		return ""
	}
	says, leads := emptyState(s.t, got.Body)
	if len(leads) == 0 {
		s.t.Errorf("%s for %s in %s: %q leads nowhere", path, who, lang, says)
	}
	for _, to := range leads {
		if id, ok := strings.CutPrefix(to, "#"); ok {
			if !strings.Contains(got.Body, `id="`+id+`"`) {
				s.t.Errorf("%s for %s: %s is not on the page", path, who, to)
			}
		} else if next := s.get(to, cookie); next.Status != 200 {
			s.t.Errorf("%s for %s leads to %s: status %d", path, who, to, next.Status)
		}
	}
	return says
}

// emptyState is what a page says in place of a list, and where that leads.
func emptyState(t *testing.T, page string) (says string, leads []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	attr := func(n *html.Node, name string) string {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || !slices.Contains(strings.Fields(attr(n, "class")), "empty") {
			continue
		}
		for in := range n.Descendants() {
			switch {
			case in.Type == html.TextNode:
				says += in.Data
			case in.Data == "a":
				leads = append(leads, attr(in, "href"))
			}
		}
	}
	return strings.Join(strings.Fields(says), " "), leads
}
