package handlers

import (
	"testing"

	"letterbox/internal/mailtest"
)

func TestCheckOfAnInboxSaysWhetherAnswersWouldGoOut(t *testing.T) {
	servers, err := mailtest.NewServers(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("second", "very secret", "second@letterbox.example")
	host, port := server(t, servers.IMAPAddr)
	check := func(s *site) answer {
		return s.post("/inboxes/new", s.as("admin"), s.draft(map[string]string{
			"host": host, "port": port, "security": "none", "confirm_plain": "UNENCRYPTED", "do": "check", "import_since": "all",
		}))
	}
	s := newSite(t)
	check(s).want(t, 200, "All good", "!Sending<span")
	s.sending(servers.SMTPAddr)
	check(s).want(t, 200, "All good", "Sending<span", "support@letterbox.example", "!E-NET")

	s = newSite(t)
	s.sending("") // Nobody listens there.
	check(s).want(t, 200, "All good", "Sending<span", "127.0.0.1 refuses connections on port 1.", "E-NET-01", "!Try port")
}
