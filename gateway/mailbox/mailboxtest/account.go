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
