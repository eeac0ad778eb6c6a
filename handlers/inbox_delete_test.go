package handlers

import (
	"fmt"
	"net"
	"testing"

	"letterbox/internal/mailtest"
)

// Before mail is deleted on a server, the check says how much of what is there now that would be.
func TestCheckCountsWhatWouldBeDeleted(t *testing.T) {
	s := newSite(t)
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	s.ok(err)
	servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert})
	s.ok(err)
	t.Cleanup(servers.Close)
	servers.AddUser("second", "very secret", "second@letterbox.example")
	for n := range 3 {
		s.ok(servers.Deliver("second", fmt.Appendf(nil, "From: a@customer.example\r\nSubject: Number %d\r\nMessage-ID: <%d@customer.example>\r\n\r\nText\r\n", n, n)))
	}
	server := func(address string, change map[string]string) map[string]string {
		host, port, err := net.SplitHostPort(address)
		s.ok(err)
		values := map[string]string{
			"do": "check", "host": host, "port": port, "security": "tls", "tls_verify": "pinned", "fingerprint": cert.Fingerprint, "enabled": "",
		}
		for name, value := range change {
			values[name] = value
		}
		return values
	}
	tests := []struct {
		name    string
		address string
		change  map[string]string
		want    string
	}{
		{"all of them", servers.IMAPSAddr, map[string]string{"after": "delete", "import_since": "all"}, "removes 3 existing messages from INBOX once"},
		{"only new ones", servers.IMAPSAddr, map[string]string{"after": "delete"}, "removes 0 existing messages from INBOX"},
		{"marked as read", servers.IMAPSAddr, map[string]string{"import_since": "all"}, "!existing message"},
		{"from tomorrow on", servers.IMAPSAddr, map[string]string{"after": "delete", "import_since": "date", "import_date": "2999-01-01"}, "removes 0 existing messages"},
		{"pop3", servers.POP3SAddr, map[string]string{"receive": "pop3", "pop3_after": "delete", "import_since": "all"}, "removes 3 existing messages from INBOX"},
		{"pop3, kept", servers.POP3SAddr, map[string]string{"receive": "pop3", "after": "delete", "import_since": "all"}, "!existing message"},
	}
	cookie := s.as("lead")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.post("/inboxes/new", cookie, s.draft(server(test.address, test.change))).want(t, 200, `id="report"`, "All good", test.want)
		})
	}
	form := s.draft(server(servers.IMAPSAddr, map[string]string{"after": "delete", "import_since": "all"}))
	form.Del("do")
	page := s.post("/inboxes/new", cookie, form).Header.Get("Location")
	s.post(page+"/check", cookie, nil).want(t, 200, "removes 3 existing messages from INBOX")
}
