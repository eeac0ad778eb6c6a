package handlers

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/models"
)

// readsServer has an inbox of SUP read a mail server in this process, over IMAP or POP3. It is paused, so that nothing is
// fetched meanwhile.
func (s *site) readsServer(protocol string) (*mailtest.User, gateway.InboxView) {
	s.t.Helper()
	servers, err := mailtest.NewServers(mailtest.Options{})
	s.ok(err)
	s.t.Cleanup(servers.Close)
	at := servers.IMAPAddr
	if protocol == "pop3" {
		at = servers.POP3Addr
	}
	host, port, err := net.SplitHostPort(at)
	s.ok(err)
	d := gateway.InboxDraft{Name: "Post " + protocol, Address: "post@letterbox.example", ProjectID: s.sup.ID, Settings: models.DefaultInboxSettings(), Rules: models.DefaultRules()}
	d.Settings.Receive, d.Settings.Host, d.Settings.Security, d.Settings.Username = protocol, host, "none", "post"
	d.Settings.Port, err = strconv.Atoi(port)
	s.ok(err)
	password := "secret"
	d.Password = &password
	user := servers.AddUser("post", password, d.Address)
	in, err := s.h.Gateway.CreateInbox(s.t.Context(), s.users["lead"], d)
	s.ok(err)
	return user, in
}

func TestMailThatNeverCameIsLookedForOnTheServer(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			s := newSite(t)
			user, in := s.readsServer(protocol)
			deliver := func(folder, raw string) {
				s.ok(user.Append(folder, []byte(strings.ReplaceAll(raw, "\n", "\r\n"))))
			}
			deliver("INBOX", from("w-1", "wait@customer.example", "It waits"))
			s.ok(user.CreateFolder("Junk"))
			deliver("Junk", from("j-1", "junk@customer.example", "Taken for spam"))
			lead := s.as("lead")
			look := func(asked string) answer {
				return s.post("/messages/missing", lead, url.Values{"q": {asked}, "inbox": {fmt.Sprint(in.ID)}})
			}
			look("wait@customer.example").want(t, 200, "Never seen", "1 message is on the server", "It waits", "is fetched by the next poll")
			look("<w-1@customer.example>").want(t, 200, "It waits")
			look("nobody@customer.example").want(t, 200, "It is not on this server")
			if protocol == "imap" {
				look("junk@customer.example").want(t, 200, "Taken for spam", "which this inbox does not read")
			}
			if n := user.Count("INBOX"); n != 1 {
				t.Errorf("%d messages on the server, want 1", n)
			}
			if n, err := s.store.MessageCounts(t.Context(), in.ID, time.Time{}); err != nil || len(n) != 0 {
				t.Errorf("messages %v in the ledger (%v), want none", n, err)
			}
		})
	}
}

func TestServerThatCannotBeAskedIsNamedWithItsCause(t *testing.T) {
	s := newSite(t)
	_, in := s.readsServer("imap")
	in.Settings.Port = 1
	password := "secret"
	_, err := s.h.Gateway.UpdateInbox(t.Context(), nil, in.ID, 0, gateway.InboxDraft{
		Name: in.Name, Address: in.Address, ProjectID: in.ProjectID, Settings: in.Settings, Rules: in.Rules, Password: &password,
	})
	s.ok(err)
	s.post("/messages/missing", s.as("admin"), url.Values{"q": {"a@b.example"}, "inbox": {fmt.Sprint(in.ID)}}).
		want(t, 200, "the server could not be asked", "refuses connections on port 1")
}
