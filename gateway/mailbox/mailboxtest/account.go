package mailboxtest

import (
	"net"
	"strconv"
	"testing"
	"time"

	"letterbox/gateway/mailbox"
)

// Account returns an unencrypted account of user alice with password secret on a server at addr (host:port).
func Account(t testing.TB, addr string) mailbox.Account {
	t.Helper()
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return mailbox.Account{
		Host: host, Port: port, Security: mailbox.SecurityNone, Verify: mailbox.VerifySystem, Auth: "password",
		Username: "alice", Password: "secret", ConnectTimeout: 10 * time.Second, FetchTimeout: 30 * time.Second,
	}
}

// Logins are users of a server that takes long to start: each part of the suite gets a fresh one.
type Logins struct{ used int }

// maxLogins is how many users a server has for one run of the suite.
const maxLogins = 100

// Users returns fresh logins, all with the password secret.
func Users() *Logins { return &Logins{} }

// Passwords returns all logins with their passwords, to start a server with.
func (l *Logins) Passwords() map[string]string {
	all := map[string]string{}
	for i := range maxLogins {
		all["user"+strconv.Itoa(i)] = "secret"
	}
	return all
}

// Next returns a login that was not used before.
func (l *Logins) Next(t testing.TB) string {
	t.Helper()
	if l.used == maxLogins {
		t.Fatal("the suite has more parts than the server has users")
	}
	l.used++
	return "user" + strconv.Itoa(l.used-1)
}
