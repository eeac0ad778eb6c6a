package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/models"
)

// post is the mail server of the customers in a simulation: what arrives there, and what goes wrong with it.
type simPost struct {
	servers *mailtest.Servers

	// Guarded by sim.mu.
	lost  int       // So many mails are taken over and the answer is lost.
	later time.Time // Until then it takes nothing.
}

// acknowledging makes the inboxes acknowledge new issues to everyone.
func (w *sim) acknowledging() {
	w.note("new issues are acknowledged")
	w.post = &simPost{}
	var err error
	w.post.servers, err = mailtest.NewServers(mailtest.Options{Piped: true, CatchAll: "all", Fault: w.postFault})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.post.servers.Close)
	w.post.servers.AddUser("support", canary, "support@here.example")
	w.post.servers.AddUser("all", "x", "all@there.example")
	w.texts = catalogueTexts(w.t)
	g := w.gateway(nil, slog.DiscardHandler)
	s, password := models.DefaultSendingSettings(), canary
	s.Host, s.Port, s.Security, s.Username, s.Tagged = strings.TrimSuffix(mailtest.PipedSMTP, ":25"), 25, "none", "support", true
	_, err = g.CreateSendingAccount(w.t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Name: "Support", Settings: s, Password: &password})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range w.accounts {
		if err := g.SetAcknowledgement(w.t.Context(), nil, a.inbox.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// postFault says what the customers' server does at a stage.
func (w *sim) postFault(stage, _ string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case stage == "mail" && w.post.later.After(time.Now()):
		return "451 4.3.0 later"
	case stage == "end" && w.post.lost > 0:
		w.post.lost--
		return "drop"
	}
	return ""
}

func (w *sim) losePostAnswers(int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.post.lost = 1 + w.r.IntN(3)
}

func (w *sim) refusePost(int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.post.later = time.Now().Add(time.Duration(w.r.IntN(600)) * time.Second)
}

// dial connects a process with the customers' server.
func (p *process) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := p.at("dial"); err != nil {
		return nil, err
	}
	c, err := p.w.post.servers.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return simConn{c, p}, nil
}

// simConn is a connection that ends with its process, and waits with it.
type simConn struct {
	net.Conn
	p *process
}

func (c simConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if dead := c.p.step(); dead != nil {
		_ = c.Close()
		return 0, dead
	}
	return n, err
}

func (c simConn) Write(b []byte) (int, error) {
	if dead := c.p.step(); dead != nil {
		_ = c.Close()
		return 0, dead
	}
	return c.Conn.Write(b)
}

// waiting says how much outgoing mail is not through yet; "" when all is.
func (w *sim) waiting() string {
	if w.post == nil {
		return ""
	}
	if n := len(w.rows("SELECT id FROM outbox WHERE state NOT IN ('accepted', 'cancelled')")); n > 0 {
		return fmt.Sprintf("%d outgoing mails are not through", n)
	}
	return ""
}

// answers is I6: an issue is acknowledged once at most, each acknowledgement has arrived, and more than once no oftener than
// it was tried again.
func (w *sim) answers() {
	if w.post == nil {
		return
	}
	w.none("I6: issues with more than one acknowledgement", "SELECT issue_number, count(*) FROM outbox WHERE kind = 'ack' GROUP BY 1 HAVING count(*) > 1")
	copies := map[string]int{}
	for _, raw := range w.post.servers.Mails("all") {
		_, rest, _ := strings.Cut(strings.ToLower(string(raw)), "message-id: <")
		id, _, _ := strings.Cut(rest, ">")
		copies[id]++
	}
	for _, r := range w.rows("SELECT lower(rfc_message_id), attempts, state FROM outbox") {
		id, n, tries := r[0], copies[r[0]], 0
		_, _ = fmt.Sscan(r[1], &tries)
		delete(copies, id)
		if r[2] == string(models.OutgoingAccepted) && n == 0 || n > tries {
			w.fail("I6: an acknowledgement that is %s after %d attempts has arrived %d times", r[2], tries, n)
		}
	}
	for id, n := range copies {
		w.fail("I6: %d mails <%s> have arrived that are not in the outbox", n, id)
	}
}
