package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func TestInvitationBesideATextIsSummarised(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, strings.ReplaceAll(`From: Anna Berg <anna@customer.example>
To: support@letterbox.example
Subject: Maintenance
Message-ID: <invitation-1@customer.example>
Content-Type: multipart/alternative; boundary=b

--b

Please come.
--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Maintenance of the printer
DTSTART;TZID=Europe/Berlin:20261202T100000
DTEND;TZID=Europe/Berlin:20261202T113000
LOCATION:Room 4
ORGANIZER;CN=Anna Berg:mailto:anna@customer.example
ATTENDEE;CN=Support:mailto:support@letterbox.example
END:VEVENT
END:VCALENDAR
--b--
`, "\n", "\r\n"))
	for _, path := range []string{"/issues/1", fmt.Sprintf("/messages/%d", m.ID)} {
		s.get(path, s.as("admin")).want(t, 200, "Please come.", "<b>Invitation</b>", "Maintenance of the printer", "2026-12-02 10:00 – 11:30 (Europe/Berlin)", "Room 4", "Support &lt;support@letterbox.example&gt;", "invitation.ics")
	}
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
	// The check that refused it says why; the verdict beside it would only say it again.
	page := s.get(fmt.Sprintf("/messages/%d", out.ID), cookie).Body
	if n := strings.Count(page, "anna@blocked.example is on list"); n != 1 {
		t.Errorf("the reason stands on the page %d times, want once: above the story", n)
	}
	auto := s.mail(s.inbox, strings.NewReplacer("printer-1", "auto-1", "MIME-Version", "Auto-Submitted: auto-replied\nContent-Language: de\nMIME-Version").Replace(plainMail))
	s.get(fmt.Sprintf("/messages/%d", auto.ID), cookie).want(t, 200, "Only as comment on their issue", `dir="auto" lang="de"`, "!values: comment")
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

func TestStoryIsToldInWords(t *testing.T) {
	v := &visit{l: newSite(t).h.cat.Locale("de")}
	at := time.Date(2026, 11, 21, 22, 30, 0, 0, time.UTC).Local()
	got := v.traceWords(map[string]string{
		"door": "pop3", "size": "1234567", "date": "2026-11-21 22:30", "policy": "ignore", "would_pass": "comment, process",
	})
	want := map[string]string{
		"door": "POP3", "size": "1.234.567", "date": at.Format("02.01.2006, 15:04"), "policy": v.l.T("choice.auto_mail.ignore"),
		"would_pass": v.l.T("choice.auto_mail.comment") + ", " + v.l.T("choice.auto_mail.process"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for door, want := range map[string]string{"imap": "INBOX", "pop3": "Mit POP3", "receive": "Übergeben"} {
		folder := map[string]string{"imap": "INBOX"}[door]
		said := v.told(models.TraceEntry{Code: "fetch.downloaded", Args: map[string]string{"door": door, "folder": folder, "uid": "17", "size": "5"}})
		if !strings.Contains(said, want) || strings.Contains(said, "„“") {
			t.Errorf("%s: %q, want %q in it and no empty folder", door, said, want)
		}
	}
	if got := v.traceWords(map[string]string{"would_pass": "anna@a.example"})["would_pass"]; got != "anna@a.example" {
		t.Errorf("an address became %q", got)
	}
}

func TestPicturesAreShownSmallBesideTheirNames(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, withFile)
	s.mail(s.inbox, strings.NewReplacer("photo-1", "photo-2", "image/png", "image/svg+xml").Replace(withFile))
	cookie := s.as("member")
	s.get("/issues/1", cookie).want(t, 200, `class="pictured"><img src="/attachments/1/preview?size=small" alt="" loading="lazy"`, "fire.png", "Look at fire.png")
	s.get("/issues/2", cookie).want(t, 200, "fire.png", "!<img", "!Look at")
	head := s.get("/attachments/1", cookie).Header
	for name, want := range map[string]string{"Content-Type": "image/png", "Content-Security-Policy": sandboxed, "X-Content-Type-Options": "nosniff"} {
		if got := head.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestHiddenCharactersAreMadeVisible(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, strings.Replace(plainMail, "Subject: The printer burns", "Subject: =?utf-8?q?invoice_=E2=80=AEfdp.exe?=", 1))
	s.get("/issues", s.as("member")).want(t, 200, "invoice", "!\u202e")
}

// Only a mail that would load pictures says that they are blocked.
func TestOnlyMailsWithRemotePicturesSayThatTheyAreBlocked(t *testing.T) {
	s := newSite(t)
	const says = "Images from the network are blocked."
	own := strings.NewReplacer("photo-1", "photo-2", ` <img src="https://tracker.example/pixel.png">`, "").Replace(withFile)
	for i, one := range []struct{ name, mail, want string }{
		{"with remote pictures", withFile, says},
		{"text alone", plainMail, "!" + says},
		{"pictures of its own", own, "!" + says},
	} {
		t.Run(one.name, func(t *testing.T) {
			m := s.mail(s.inbox, one.mail)
			s.get(fmt.Sprintf("/issues/%d", i+1), s.as("member")).want(t, 200, "Show original", one.want)
			s.get(fmt.Sprintf("/messages/%d", m.ID), s.as("admin")).want(t, 200, one.want)
			s.get(fmt.Sprintf("/issues/%d", i+1), s.as("member"), "Accept-Language", "de").want(t, 200, strings.Replace(one.want, says, s.h.cat.Locale("de").T("mail.remote_blocked"), 1))
		})
	}
}
