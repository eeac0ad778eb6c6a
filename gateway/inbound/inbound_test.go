package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
	"letterbox/models"
)

const mail = "From: nora@kunde.example\r\nSubject: Printer\r\n\r\nText\r\n.dot\r\n"

// desk is a Server on loopback whose recipients decide what becomes of a mail: "rejected@..." is rejected.
type desk struct {
	t       *testing.T
	address string
	mu      sync.Mutex
	taken   []string // "inbox door octets".
}

func newDesk(t *testing.T, change func(*Deps)) *desk {
	t.Helper()
	d := &desk{t: t}
	names := []string{"created", "rejected", "quarantined", "ignored", "trouble", "small", "paused"}
	deps := Deps{Domain: "here.example", Most: 4000,
		Find: func(_ context.Context, address string) ([]Target, error) {
			name, _, _ := strings.Cut(address, "@")
			if name == "database" {
				return nil, errors.New("gone away")
			}
			at := slices.Index(names, name)
			if at < 0 {
				return nil, nil
			}
			return []Target{{InboxID: int64(at), Most: map[bool]int64{true: 10, false: 3000}[name == "small"], Paused: name == "paused"}}, nil
		},
		Receive: func(_ context.Context, inbox int64, door string, r io.Reader) (models.Message, error) {
			raw, err := io.ReadAll(r)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.taken = append(d.taken, names[inbox]+" "+door+" "+string(raw))
			if names[inbox] == "trouble" {
				return models.Message{}, errors.New("try again later")
			}
			return models.Message{ID: 7, State: models.MessageState(names[inbox]), Reason: "unknown_sender"}, err
		},
	}
	if change != nil {
		change(&deps)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.address = l.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(deps).Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	return d
}

// dial returns a connection that has read the greeting.
func (d *desk) dial() *textproto.Conn {
	d.t.Helper()
	c, err := textproto.Dial("tcp", d.address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	if _, _, err := c.ReadResponse(220); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// say sends a command and returns the answer.
func (d *desk) say(c *textproto.Conn, text string) string {
	d.t.Helper()
	if err := c.PrintfLine("%s", text); err != nil {
		d.t.Fatal(err)
	}
	return d.hear(c)
}

func (d *desk) hear(c *textproto.Conn) string {
	d.t.Helper()
	line, err := c.ReadLine()
	for err == nil && len(line) > 3 && line[3] == '-' {
		line, err = c.ReadLine()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return line
}

// data sends a message after DATA.
func (d *desk) data(c *textproto.Conn, raw string) {
	d.t.Helper()
	if got := d.say(c, "DATA"); !strings.HasPrefix(got, "354") {
		d.t.Fatalf("DATA = %s", got)
	}
	w := c.DotWriter()
	if _, err := io.WriteString(w, raw); err != nil {
		d.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func TestAnswerIsTheResultOfTheMessage(t *testing.T) {
	d := newDesk(t, nil)
	for _, tc := range []struct {
		to   []string
		want string // Of the message, or of the last recipient when that was refused.
	}{
		{[]string{"created"}, "250"}, {[]string{"quarantined"}, "250"}, {[]string{"ignored"}, "250"},
		{[]string{"rejected"}, "550 5.7.1 refused by the rules of this mailbox (message 7)"},
		{[]string{"trouble"}, "451 4.3.0"}, {[]string{"created", "trouble"}, "451 4.3.0"}, {[]string{"rejected", "created"}, "250"},
		{[]string{"small"}, "552 5.3.4"}, {[]string{"nobody"}, "550 5.1.1"}, {[]string{"paused"}, "450 4.2.1"}, {[]string{"database"}, "451 4.3.0"},
	} {
		c := d.dial()
		d.say(c, "EHLO client.example")
		d.say(c, "MAIL FROM:<nora@kunde.example>")
		answer := ""
		for _, to := range tc.to {
			answer = d.say(c, "RCPT TO:<"+to+"@here.example>")
		}
		if strings.HasPrefix(answer, "250") {
			d.data(c, mail)
			answer = d.hear(c)
		}
		if !strings.HasPrefix(answer, tc.want) {
			t.Errorf("to %v: %s, want %s", tc.to, answer, tc.want)
		}
		if got := d.say(c, "QUIT"); !strings.HasPrefix(got, "221") {
			t.Errorf("QUIT = %s", got)
		}
	}
}

func TestEachRecipientHasItsAnswerOverLMTP(t *testing.T) {
	d := newDesk(t, func(deps *Deps) { deps.LMTP = true })
	c := d.dial()
	d.say(c, "LHLO client.example")
	d.say(c, "MAIL FROM:<nora@kunde.example>")
	for _, to := range []string{"created", "rejected", "trouble", "created"} {
		d.say(c, "RCPT TO:<"+to+"@here.example>")
	}
	d.data(c, mail)
	for _, want := range []string{"250", "550 5.7.1", "451 4.3.0", "250"} {
		if got := d.hear(c); !strings.HasPrefix(got, want) {
			t.Errorf("answer %s, want %s", got, want)
		}
	}
	d.say(c, "QUIT")
}

// A mail server that did not hear the answer sends the message again.
func TestMessageThatIsSentAgainHasTheSameOctets(t *testing.T) {
	d := newDesk(t, nil)
	for range 2 {
		c := d.dial()
		d.say(c, "EHLO client.example")
		d.say(c, "MAIL FROM:<>")
		d.say(c, "RCPT TO:<created@here.example>")
		d.data(c, mail)
		d.hear(c)
		d.say(c, "QUIT")
	}
	one := "created smtp Return-Path: <>\r\nDelivered-To: created@here.example\r\n" + mail
	if diff := cmp.Diff([]string{one, one}, d.taken); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsTooLargeIsNotTaken(t *testing.T) {
	d := newDesk(t, nil)
	c := d.dial()
	d.say(c, "EHLO client.example")
	if got := d.say(c, "MAIL FROM:<nora@kunde.example> SIZE=5000"); !strings.HasPrefix(got, "552") {
		t.Errorf("announced: %s, want 552", got)
	}
	d.say(c, "MAIL FROM:<nora@kunde.example> SIZE=3500")
	if got := d.say(c, "RCPT TO:<created@here.example>"); !strings.HasPrefix(got, "552 5.3.4") {
		t.Errorf("announced for an inbox that takes less: %s, want 552", got)
	}
	d.say(c, "RSET")
	d.say(c, "MAIL FROM:<nora@kunde.example>")
	d.say(c, "RCPT TO:<created@here.example>")
	d.data(c, mail+strings.Repeat("all of it counts\r\n", 300))
	if got := d.hear(c); !strings.HasPrefix(got, "552") || len(d.taken) != 0 {
		t.Errorf("sent all the same: %s, %d taken, want 552 and none", got, len(d.taken))
	}
	d.say(c, "QUIT")
}

func TestNobodyIsLetInWhenThereIsNoRoom(t *testing.T) {
	d := newDesk(t, nil)
	var inside []*textproto.Conn
	for range mostConnections {
		inside = append(inside, d.dial())
	}
	late, err := textproto.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := late.ReadLine(); err != nil || !strings.HasPrefix(line, "421 4.3.2") {
		t.Errorf("the next one hears %q, %v, want 421", line, err)
	}
	_ = late.Close()
	for _, c := range inside {
		d.say(c, "QUIT")
		if _, err := c.ReadLine(); err == nil { // Closed by the server: there is room again.
			t.Error("the connection is open after QUIT")
		}
	}
	d.say(d.dial(), "QUIT")
}

func TestMailIsHandedInOverTLS(t *testing.T) {
	pair, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, func(deps *Deps) {
		deps.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	})
	c, err := smtp.DialStartTLS(d.address, &tls.Config{RootCAs: pair.Roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("nora@kunde.example", []string{"created@here.example"}, strings.NewReader(mail)); err != nil {
		t.Error(err)
	}
	if err := c.Quit(); err != nil || len(d.taken) != 1 {
		t.Errorf("QUIT = %v, %d taken, want 1", err, len(d.taken))
	}
}
