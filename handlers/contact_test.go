package handlers

import (
	"archive/zip"
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestContactsOfTheProjectAreShown(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	member := s.as("member")
	path := s.path("/contacts/:id", m)
	s.get("/contacts", member).want(t, 200, "Anna Berg", "anna@customer.example", `href="`+path+`"`)
	s.get("/contacts?q=nobody", member).want(t, 200, "No contact fits", "!Anna")
	s.get("/contacts?cursor=x", member).want(t, 404)
	s.get("/contacts?organisation=99", member).want(t, 404)
	s.get(path, member).want(t, 200, "Photo of the fire", "!Erase contact", "!Download data")
	s.get("/contacts", s.as("reporter")).want(t, 403)
	s.get("/issues", s.as("reporter")).want(t, 200, `!href="/contacts"`)
}

func TestOrganisationIsMadeChangedAndRemoved(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, withFile)
	admin := s.as("admin")
	s.post("/organisations", admin, url.Values{"name": {""}, "entries": {"no domain"}}).want(t, 422, "Give the organisation a name", "neither an address nor a domain")
	s.post("/organisations", admin, url.Values{"name": {"Customer Ltd"}, "entries": {"customer.example"}}).want(t, 303)
	s.get("/contacts", admin).want(t, 200, "Customer Ltd")
	s.get("/contacts?organisation=1", s.as("member")).want(t, 200, "Anna Berg")
	s.get("/organisations", s.as("member")).want(t, 200, "@customer.example", "!Create organisation")
	s.post("/organisations/1", admin, url.Values{"name": {"Customer Inc"}, "entries": {"other.example"}}).want(t, 303)
	s.get("/contacts?organisation=1", admin).want(t, 200, "!Anna Berg", "Customer Inc")
	s.post("/organisations/1/delete", admin, url.Values{}).want(t, 303)
	s.get("/organisations/1", admin).want(t, 404)
}

func TestContactsAreMergedByAddress(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	s.mail(s.inbox, strings.ReplaceAll(plainMail, "anna@customer.example", "anna@home.example"))
	admin := s.as("admin")
	path := s.path("/contacts/:id", m)
	s.post(path+"/merge", admin, url.Values{"into": {"nobody@home.example"}}).want(t, 422, "There is no such contact")
	s.post(path+"/merge", admin, url.Values{"into": {"ANNA@home.example"}}).want(t, 303)
	s.get(path, admin).want(t, 404)
	s.get("/contacts", admin).want(t, 200, "anna@customer.example", "anna@home.example")
}

// The mail itself goes with its sender: octets, header fields, traces. That it came, and what became of it, stays.
func TestErasedContactIsGoneFromMailsAndOutbox(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	admin := s.as("admin")
	path := s.path("/contacts/:id", m)
	raw := s.post(path+"/export", admin, url.Values{})
	raw.want(t, 200)
	archive, err := zip.NewReader(bytes.NewReader([]byte(raw.Body)), int64(len(raw.Body)))
	s.ok(err)
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "messages/") || !strings.Contains(got, "files/") || !strings.Contains(got, "contact.json") {
		t.Errorf("archive holds %q, want the mail, its file and contact.json", got)
	}
	s.get(path+"/erase", admin).want(t, 200, "Erase for good", "anna@customer.example")
	s.post(path+"/erase", s.as("lead"), url.Values{"texts": {"true"}}).want(t, 403)
	done := s.post(path+"/erase", admin, url.Values{"texts": {"true"}})
	done.want(t, 303)
	s.get("/contacts", admin+"; "+done.setCookie(flashCookie)).want(t, 200, "The contact is erased: 1 issues", "1 messages", "!anna@customer.example")
	got, traces, err := s.h.Gateway.Message(t.Context(), m.ID)
	s.ok(err)
	if got.BlobID != nil || got.Subject != "" || got.FromAddress != "" || got.FromName != "" || len(traces) != 0 {
		t.Errorf("message = %+v with %d traces, want nothing of the sender", got, len(traces))
	}
	if got.State != m.State || got.IssueNumber == nil || len(got.SHA256) == 0 {
		t.Errorf("message = %+v, want its result and what recognises it", got)
	}
	_, err = s.store.DeleteUnreferencedBlobs(t.Context(), -time.Hour)
	s.ok(err)
	if _, _, err := s.store.OpenBlob(t.Context(), *m.BlobID); err == nil {
		t.Error("the octets are still there after what nobody refers to was deleted")
	}
	for _, page := range []string{"/issues/1", "/issues", s.path("/messages/:id", m), "/messages", "/audit"} {
		s.get(page, admin).want(t, 200, "!anna@customer.example", "!Anna Berg", "!Photo of the fire")
	}
	again := s.mail(s.inbox, withFile)
	if again.ID != m.ID {
		t.Errorf("the same mail again is message %d, want %d: it is still recognised", again.ID, m.ID)
	}
}
