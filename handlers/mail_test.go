package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/models/store"
)

func TestMailIsShownInASandboxWithoutRemotePictures(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	path := fmt.Sprintf("/issues/1/mail/%d", m.ID)
	got := s.get(path, s.as("member"))
	got.want(t, 200, "<b>photo</b>", `src="data:image/png;base64,iVBOR`, "!src=\"cid:", "! src=\"http")
	policy := got.Header.Get("Content-Security-Policy")
	for _, want := range []string{"sandbox", "default-src 'none'", "img-src 'self' data:;", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || strings.Contains(policy, "http:") {
		t.Errorf("policy %q lets too much through", policy)
	}
	if got := got.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy = %q, want no-referrer", got)
	}
	asked := s.get(path+"?images=1", s.as("member"))
	asked.want(t, 200, `src="https://tracker.example/pixel.png"`)
	if policy := asked.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "https:") || strings.Contains(policy, "script") {
		t.Errorf("policy when asked = %q, want pictures and no scripts", policy)
	}
	s.mail(s.inbox, plainMail)
	s.get(fmt.Sprintf("/issues/2/mail/%d", m.ID), s.as("member")).want(t, 404) // The mail of another issue.
}

func TestAttachmentIsAlwaysADownload(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, strings.NewReplacer("image/png", "text/html", "fire.png", `x.bat;y=\".txt`).Replace(withFile))
	files, err := s.h.Tracker.Attachments(t.Context(), s.users["member"], 1)
	s.ok(err)
	if len(files) != 1 {
		t.Fatalf("attachments = %d, want 1", len(files))
	}
	got := s.get(fmt.Sprintf("/attachments/%d", files[0].ID), s.as("member"))
	got.want(t, 200)
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
		"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s = %q, want %q", name, value, want)
		}
	}
	if d := got.Header.Values("Content-Disposition"); len(d) != 1 || !strings.HasPrefix(d[0], `attachment; filename="`) {
		t.Errorf("Content-Disposition = %q, want one attachment", d)
	}
}

func TestFileNamesCannotLeaveTheirField(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a.pdf", `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`},
		{`x.bat";y=.txt`, `attachment; filename="x.bat__y=.txt"; filename*=UTF-8''x.bat%22%3By%3D.txt`},
		{"Übersicht 1.pdf", `attachment; filename="_bersicht 1.pdf"; filename*=UTF-8''%C3%9Cbersicht%201.pdf`},
		{"a\r\nX: y", `attachment; filename="a__X: y"; filename*=UTF-8''a%0D%0AX%3A%20y`},
		{"", `attachment; filename="file"; filename*=UTF-8''`},
	}
	for _, test := range tests {
		if got := disposition(test.name); got != test.want {
			t.Errorf("disposition(%q) = %s, want %s", test.name, got, test.want)
		}
	}
}

func TestMessagePageTellsTheStory(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	in := s.mail(s.inbox, plainMail)
	s.get(fmt.Sprintf("/messages/%d", in.ID), cookie).want(t, 200,
		"What happened", "Gate", "Match", "Belongs to no issue: a new one", "New issue #1", `href="/issues/1"`, "Does it burn?", "Header fields")
	out := s.mail(s.inbox, strings.NewReplacer("customer.example", "blocked.example", "printer-1", "blocked-1").Replace(plainMail))
	s.get(fmt.Sprintf("/messages/%d", out.ID), cookie).want(t, 200, "Refused", "anna@blocked.example", "would pass")
	s.get("/messages?state=rejected", cookie).want(t, 200, "anna@blocked.example", "!anna@customer.example")
	s.get("/messages?q=blocked-1", cookie).want(t, 200, "anna@blocked.example", "!anna@customer.example")
	s.get("/messages?state=nonsense", cookie).want(t, 404)
}

func TestRawMessageIsWhatCameInAndIsAudited(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, plainMail)
	got := s.get(fmt.Sprintf("/messages/%d/raw", m.ID), s.as("lead"))
	got.want(t, 200)
	if want := strings.ReplaceAll(plainMail, "\n", "\r\n"); got.Body != want {
		t.Errorf("raw = %q, want %q", got.Body, want)
	}
	if d := got.Header.Get("Content-Disposition"); !strings.Contains(d, fmt.Sprintf("message-%d.eml", m.ID)) {
		t.Errorf("Content-Disposition = %q, want the name of the message", d)
	}
	lines, _, err := s.store.Audits(t.Context(), store.AuditFilter{Object: fmt.Sprintf("message:%d", m.ID)})
	s.ok(err)
	if len(lines) != 1 || lines[0].UserID == nil || *lines[0].UserID != s.users["lead"].ID || lines[0].Action != "message.raw" {
		t.Errorf("audit lines = %+v, want one of lead for message %d", lines, m.ID)
	}
}

func TestReprocessAppliesTodaysRules(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, strings.NewReplacer("customer.example", "blocked.example", "printer-1", "blocked-1").Replace(plainMail))
	if m.State != models.MessageRejected {
		t.Fatalf("state = %s, want rejected", m.State)
	}
	cookie := s.as("lead")
	page := fmt.Sprintf("/inboxes/%d", s.inbox.ID)
	form := url.Values{}
	for name, value := range inboxValues(s.inbox.Inbox, s.inbox.Rules) {
		if value != "" && value != "false" && name != "blocked_senders" {
			form.Set(name, value)
		}
	}
	s.post(page+"/edit", cookie, s.versioned(page, cookie, form)).want(t, 303)
	path := fmt.Sprintf("/messages/%d", m.ID)
	s.post(path+"/reprocess", cookie, url.Values{}).want(t, 303)
	s.get(path, cookie).want(t, 200, "New issue", "Reprocessed, run 1", "Earlier run")
	s.get("/issues/1", cookie).want(t, 200, "The printer burns")
}

func TestHiddenCharactersAreMadeVisible(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, strings.Replace(plainMail, "Subject: The printer burns", "Subject: =?utf-8?q?invoice_=E2=80=AEfdp.exe?=", 1))
	s.get("/issues", s.as("member")).want(t, 200, "invoice", "!\u202e")
}
