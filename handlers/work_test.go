package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// letter is a mail of its own for each word.
func letter(word string) string {
	return strings.NewReplacer("printer-1", word, "The printer burns", "About "+word).Replace(plainMail)
}

func TestTriageSortsWhatNobodyHas(t *testing.T) {
	s := newSite(t)
	for _, word := range []string{"apples", "pears", "plums", "wasps"} {
		s.mail(s.global, letter(word))
	}
	s.mail(s.inbox, letter("other"))
	s.ok(s.h.Tracker.SetMember(t.Context(), s.users["admin"], s.sup.ID, "other", models.ProjectMember))
	cookie := s.as("other")
	s.get("/triage", cookie).want(t, 200, "About apples", `href="/triage?similar=`, "About wasps", "It burns again", "!About other", `>4<span class="hidden"> to be sorted`)
	sort := func(number, do string, more ...string) answer {
		form := url.Values{"do": {do}, "version": {"1"}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return s.post("/triage/"+number, cookie, form)
	}
	sort("1", "accept").want(t, 303)
	sort("2", "move", "project", "SUP").want(t, 303)
	sort("3", "link", "other", "1").want(t, 303)
	s.get("/triage", cookie).want(t, 200, "About plums") // It still has to be sorted.
	sort("3", "merge", "into", "#1").want(t, 303)
	sort("4", "spam").want(t, 303)
	s.get("/triage", cookie).want(t, 200, "All sorted.", "!About apples", "!About wasps", "!to be sorted")
	for number, want := range map[int64]string{1: "open OPS other", 2: "new SUP ", 3: "closed OPS ", 4: "closed OPS "} {
		i, err := s.h.Tracker.Issue(t.Context(), s.users["admin"], number)
		s.ok(err)
		got := string(i.State) + " " + i.Project.Key + " "
		if i.Assignee != nil {
			got += *i.Assignee.Login
		}
		if got != want {
			t.Errorf("issue %d is %q, want %q", number, got, want)
		}
	}
	// Somebody else was faster: nothing is changed, and it is told.
	sort("1", "move", "project", "SUP").want(t, 303)
	i, err := s.h.Tracker.Issue(t.Context(), s.users["admin"], 1)
	s.ok(err)
	if i.Project.Key != "OPS" {
		t.Errorf("issue 1 is in %s, want OPS: it was taken before", i.Project.Key)
	}
	s.post("/triage/2", s.as("lead"), url.Values{"do": {"burn"}, "version": {"2"}}).want(t, 400)
	s.post("/triage/1", s.as("lead"), url.Values{"do": {"accept"}, "version": {"2"}}).want(t, 404)
}

// Two people press different buttons beside the same issues at the same time: each issue is sorted by one of them, the
// other one is told, and every text is still there.
func TestNothingIsLostWhenTwoPeopleTriageAtOnce(t *testing.T) {
	s := newSite(t)
	const issues = 6
	for n := range issues {
		s.mail(s.global, letter(fmt.Sprint("word", n)))
	}
	s.ok(s.h.Tracker.SetMember(t.Context(), s.users["admin"], s.sup.ID, "other", models.ProjectMember))
	cookies := map[string]string{"other": s.as("other"), "admin": s.as("admin")}
	for n := 2; n <= issues; n++ {
		version := s.versionOf(int64(n))
		forms := map[string]url.Values{
			"other": {"do": {"move"}, "project": {"SUP"}, "version": {version}},
			"admin": {"do": {[]string{"accept", "merge"}[n%2]}, "into": {"1"}, "version": {version}},
		}
		var both sync.WaitGroup
		for who, form := range forms {
			both.Go(func() { s.post(fmt.Sprintf("/triage/%d", n), cookies[who], form).want(t, 303) })
		}
		both.Wait()
		i, err := s.h.Tracker.Issue(t.Context(), s.users["admin"], int64(n))
		s.ok(err)
		moved, taken := i.Project.Key == "SUP", i.Assignee != nil || i.MergedInto != nil
		if n%2 == 0 && moved == taken {
			t.Errorf("issue %d: moved %t and accepted %t, want one of them", n, moved, taken)
		}
		if !moved && !taken {
			t.Errorf("issue %d is as before, want that one of them has sorted it", n)
		}
		s.get(fmt.Sprintf("/issues?state=all&q=word%d", n-1), cookies["admin"]).want(t, 200, "About word")
	}
}

func (s *site) versionOf(number int64) string {
	s.t.Helper()
	i, err := s.h.Tracker.Issue(s.t.Context(), s.users["admin"], number)
	s.ok(err)
	return fmt.Sprint(i.Version)
}

func TestSpamBlocksTheSenderForThoseWhoConfigure(t *testing.T) {
	s := newSite(t)
	s.mail(s.global, letter("spam"))
	s.post("/triage/1", s.as("admin"), url.Values{"do": {"spam"}, "version": {"1"}}).want(t, 303)
	in, err := s.h.Gateway.Inbox(t.Context(), s.global.ID)
	s.ok(err)
	if !strings.Contains(strings.Join(in.Rules.BlockedSenders, " "), "anna@customer.example") {
		t.Errorf("blocked senders are %v, want anna@customer.example among them", in.Rules.BlockedSenders)
	}
}

func TestMyWorkAndNotifications(t *testing.T) {
	s := newSite(t)
	s.get("/work", s.as("lead")).want(t, 200, "Nothing to do. New issues appear here.")
	s.mail(s.inbox, plainMail)
	who := "lead"
	_, err := s.h.Tracker.UpdateIssue(t.Context(), s.users["member"], 1, 0, tracker.IssuePatch{Assignee: &who})
	s.ok(err)
	lead := s.as("lead")
	s.get("/work", lead).want(t, 200, "The printer burns", "Assigned to you", "because it is assigned to you", ">Member: assigned<")
	s.get("/issues/1", lead).want(t, 200)
	s.get("/work", lead).want(t, 200, "Assigned to you", "!because it is assigned to you")
	s.get("/notifications", lead).want(t, 200, "No new notifications.")
	s.get("/notifications?show=all", lead).want(t, 200, "because it is assigned to you")
	_, err = s.h.Tracker.Comment(t.Context(), s.users["member"], 1, tracker.CommentDraft{Body: "@lead look"})
	s.ok(err)
	s.get("/notifications", lead).want(t, 200, "because you are mentioned")
	s.get("/issues?q=erw%C3%A4hnt:ich", lead).want(t, 200, "The printer burns")
	s.get("/issues?q=mentions:me", s.as("member")).want(t, 200, "!The printer burns")
	s.get("/issues?q=mentions:lead", s.as("member")).want(t, 422, "cannot be the value of the filter mentions")
	s.post("/notifications/read", lead, url.Values{"issue": {"2"}, "back": {"/work"}}).want(t, 303)
	s.get("/notifications", lead).want(t, 200, "because you are mentioned", "Read: all of #1", `action="/issues/1/mute"`)
	read := s.post("/notifications/read", lead, url.Values{"issue": {"1"}, "back": {"/notifications?show=all"}})
	if to := read.Header.Get("Location"); to != "/notifications?show=all" {
		t.Errorf("after reading one: to %q, want where it was", to)
	}
	s.get("/notifications", lead).want(t, 200, "No new notifications.")
	muted := s.post("/issues/1/mute", lead, url.Values{"on": {"true"}, "back": {"//elsewhere.example"}})
	if to := muted.Header.Get("Location"); to != "/issues" {
		t.Errorf("after muting: to %q, want no other site", to)
	}
	s.get("/notifications?show=all", lead).want(t, 200, "Unmute", "!Read: all of #1")
	_, err = s.h.Tracker.Comment(t.Context(), s.users["member"], 1, tracker.CommentDraft{Body: "@lead again"})
	s.ok(err)
	s.get("/notifications", lead).want(t, 200, "No new notifications.")
	s.post("/issues/1/mute", lead, url.Values{"on": {"false"}, "back": {"/notifications"}}).want(t, 303)
	_, err = s.h.Tracker.Comment(t.Context(), s.users["member"], 1, tracker.CommentDraft{Body: "@lead look again"})
	s.ok(err)
	s.get("/work", lead).want(t, 200, "because you are mentioned", "Read: all of #1")
	s.post("/notifications/read", lead, url.Values{"last": {"99"}}).want(t, 303)
	s.get("/notifications", lead).want(t, 200, "No new notifications.")
	s.get("/help/keys", lead).want(t, 200, "Assign to me")
}

func TestHelpOnKeysIsSearched(t *testing.T) {
	s := newSite(t)
	lead := s.as("lead")
	hidden := func(path string) int { return strings.Count(s.get(path, lead).Body, "<tr hidden>") }
	all := strings.Count(s.get("/help/keys", lead).Body, "<kbd>")
	for path, want := range map[string]int{"/help/keys": 0, "/help/keys?q=assign+me": all - 1, "/help/keys?q=.": all - 1, "/help/keys?q=unicorn": all} {
		if got := hidden(path); got != want {
			t.Errorf("%s hides %d of %d keys, want %d", path, got, all, want)
		}
	}
	s.get("/help/keys?q=unicorn", lead).want(t, 200, `id="keys-none">No key does that.`)
	s.mail(s.global, plainMail)
	triage := s.get("/triage", s.as("admin")).Body
	for key, does := range map[string]string{"a": "accept", "m": "choose the project to move to", "d": "enter the number to merge into", "l": "enter the number to link to", "s": "close as spam"} {
		if !strings.Contains(triage, `data-triage="`+key+`"`) {
			t.Errorf("triage has no key %s", key)
		}
		s.get("/help/keys", lead).want(t, 200, `<kbd>`+key+`</kbd></td><td data-label="Effect">In triage: `+does)
	}
	s.get("/help/keys?q=assign", lead).want(t, 200, `id="keys-none" hidden>`, `value="assign"`, `data-keys role="group"`)
}

func TestSessionSaysWhenItEnds(t *testing.T) {
	s := newSite(t)
	s.get("/issues/new", s.as("lead")).want(t, 200, `data-left="287`, `data-most="6047`)
	s.post("/session", s.as("lead"), nil).want(t, 200, `{"left":287`, `"most":6047`)
	s.post("/session", "", nil).want(t, 303)
	s.get("/signin", "").want(t, 200, "!data-left")
}

// What is sent after the sign-in has ended comes back with the answer and can be sent again.
func TestFormOutlivesTheSession(t *testing.T) {
	s := newSite(t)
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "One"})
	s.ok(err)
	form := url.Values{"body": {"A long <answer>"}, "kind": {"internal"}}
	s.post("/issues/1/comments", "", form).want(t, 401, "Your sign-in has ended", `action="/issues/1/comments"`, `name="body" value="A long &lt;answer&gt;"`, `href="/signin" target="_blank"`)
	s.post("/profile/password", "", url.Values{"current": {"old secret"}, "password": {"new secret"}}).want(t, 303)
	s.post("/issues/1/comments", s.as("member"), form).want(t, 303)
}

func TestMyWorkSaysThatThereIsMore(t *testing.T) {
	s := newSite(t)
	cookie := s.as("member")
	for n := range 21 {
		if n == 20 {
			s.get("/work", cookie).want(t, 200, "Waiting for you", "!longest are shown")
		}
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: fmt.Sprint("wish-", n, "."), Reporter: "anna@customer.example", Assignee: "member"})
		s.ok(err)
	}
	s.get("/work", cookie).want(t, 200, "The 20 that have waited longest are shown; there are more.", "wish-0.", "wish-19.", "!wish-20.")
	s.get("/work", cookie, "Accept-Language", "de").want(t, 200, "Gezeigt sind die 20, die am längsten warten")
}
