package handlers

import (
	"fmt"
	"strings"
	"testing"
)

// The name of a sender, the subject and the name of a file are markup on no page (SEC-30), and the address stands beside
// the name (SEC-31).
func TestWhatAMailSaysIsTextOnEveryPage(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, strings.NewReplacer(
		"From: Anna Berg <", `From: "<img src=x id=who> boss@here.example" <`,
		"Photo of the fire", "<img src=x id=what>",
		`"fire.png"`, `"<img src=x id=file>.png"`,
	).Replace(withFile))
	issue, err := s.store.IssueByNumber(t.Context(), *m.IssueNumber)
	s.ok(err)
	admin := s.as("admin")
	for path, wants := range map[string][]string{
		"/issues":         {"who", "what"},
		"/issues?q=photo": {"who", "what"},
		"/issues/1":       {"who", "what", "file", "anna@customer.example"},
		"/issues/1/edit":  {"what"},
		"/board":          {"what"},
		"/contacts":       {"who", "anna@customer.example"},
		fmt.Sprint("/contacts/", issue.ReporterID): {"who", "what", "anna@customer.example"},
		"/messages":                    {"what", "anna@customer.example"},
		fmt.Sprint("/messages/", m.ID): {"who", "what", "file", "anna@customer.example"},
	} {
		got := s.get(path, admin)
		got.want(t, 200, "!<img src=x")
		for _, want := range wants {
			if !strings.Contains(want, "@") {
				want = "img src=x id=" + want
			}
			if !strings.Contains(got.Body, want) {
				t.Errorf("%s does not show %q", path, want)
			}
		}
	}
}

func TestPicturesByContentIDAreThoseOfTheSameMail(t *testing.T) {
	s := newSite(t)
	member := s.as("member")
	first := s.mail(s.inbox, withFile)
	s.get(fmt.Sprintf("/issues/1/mail/%d", first.ID), member).want(t, 200, `src="data:image/png;base64,`)
	// The same picture, named by a reply in the same issue that has none, and one that is a drawing.
	head := "From: Anna Berg <anna@customer.example>\nTo: support@letterbox.example\nSubject: Re: Photo of the fire\nIn-Reply-To: <photo-1@customer.example>\nMIME-Version: 1.0\n"
	for n, body := range []string{
		"Content-Type: text/html\n\n<p>Once <b>more</b>: <img src=\"cid:pic\"></p>\n",
		"Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Once <b>more</b>: <img src=\"cid:pic\"></p>\n" +
			"--b\nContent-Type: image/svg+xml; name=a.svg\nContent-ID: <pic>\n\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n--b--\n",
	} {
		m := s.mail(s.inbox, fmt.Sprintf("Message-ID: <again-%d@customer.example>\n", n)+head+body)
		if m.IssueNumber == nil || *m.IssueNumber != 1 {
			t.Fatalf("mail %d became %s, want a comment on issue 1", n, m.State)
		}
		s.get(fmt.Sprintf("/issues/1/mail/%d", m.ID), member).want(t, 200, "<b>more</b>", "!data:image")
	}
}
