package acceptance_test

import (
	"bytes"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"testing"

	"letterbox/internal/mailtest"
)

// distinct leaves out the letters that have the octets of another: other doors than a mail server tell messages apart
// by their octets, so there the second one is the first one again.
func distinct(letters []letter, octets []held) (l []letter, o []held) {
	for i := range letters {
		if letters[i].copyOf < 0 {
			l, o = append(l, letters[i]), append(o, octets[i])
		}
	}
	return l, o
}

func TestSameMailsSameIssues(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	letters := writePost(2)
	octets := deliver(t, d, "alice", letters)
	once, onceOctets := distinct(letters, octets)

	// door starts a program with an inbox of that kind.
	door := func(t *testing.T, more object) (*program, int64) {
		t.Helper()
		p := newProgram(t)
		p.prepare()
		p.start()
		p.addProject()
		p.addPeople()
		return p, p.addInbox(gated(more))
	}
	for _, protocol := range []struct {
		name, address string
		octets        []held
	}{{"imap", d.IMAPAddr, octets}, {"pop3", d.POP3Addr, withNUL(octets)}} {
		t.Run(protocol.name, func(t *testing.T) {
			p, inbox := door(t, with(at(protocol.address), object{"receive": protocol.name}))
			log := p.quiet(inbox, len(letters))
			oneState(t, log)
			p.sameAs(letters, log, protocol.octets)
			p.stop()
		})
	}
	t.Run("handed in", func(t *testing.T) { // By turns: by command and over HTTP.
		p, inbox := door(t, object{"receive": "push"})
		for i, o := range octets {
			if i%2 == 0 {
				if status, stdout, stderr := p.run(o.raw, "receive", "--inbox", "Support"); status != 0 || stderr != "" {
					t.Fatalf("mail %d (%s): exit status %d\n%s%s", i, letters[i].kind, status, stdout, stderr)
				}
				continue
			}
			var m message
			if p.post("/inbound/Support", o.raw, &m); !m.final() || m.Inbox != inbox || m.Size != int64(len(o.raw)) {
				t.Fatalf("mail %d (%s): %+v, want its result", i, letters[i].kind, m)
			}
		}
		log := p.quiet(inbox, len(once))
		oneState(t, log)
		p.sameAs(once, log, onceOctets)
		p.stop()
	})
	for protocol, hello := range map[string]string{"lmtp": "LHLO", "smtp": "EHLO"} {
		t.Run(protocol, func(t *testing.T) {
			folder, err := os.MkdirTemp("", "door") // The name of a socket is short.
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(folder) })
			socket := filepath.Join(folder, "door")
			p := newProgram(t)
			p.settings = append(p.settings, "LETTERBOX_SMTP_LISTEN=unix:"+socket, "LETTERBOX_SMTP_PROTOCOL="+protocol)
			p.prepare()
			p.start()
			p.addProject()
			p.addPeople()
			inbox := p.addInbox(gated(object{"receive": "push"}))
			posted := p.hand(socket, hello, octets)
			var kept []held
			for i := range letters {
				if letters[i].copyOf < 0 {
					kept = append(kept, posted[i])
				}
			}
			log := p.quiet(inbox, len(once))
			oneState(t, log)
			p.sameAs(once, log, kept)
			p.stop()
		})
	}
	t.Run("import of an mbox file", func(t *testing.T) {
		p, inbox := door(t, object{"receive": "push"})
		mbox := filepath.Join(p.dir, "old.mbox")
		if err := os.WriteFile(mbox, asMbox(octets), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 { // The second time nothing happens.
			p.must(nil, "import", "--inbox", "Support", mbox)
			log := p.quiet(inbox, len(once))
			oneState(t, log)
			p.sameAs(once, log, onceOctets)
		}
		p.stop()
	})
	t.Run("import of a folder", func(t *testing.T) {
		p, inbox := door(t, object{"receive": "push"})
		folder := filepath.Join(p.dir, "mails")
		for i, o := range octets {
			file := filepath.Join(folder, fmt.Sprintf("%02d", i/40), fmt.Sprintf("%04d.eml", i))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, o.raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p.must(nil, "import", "--inbox", "Support", folder)
		log := p.quiet(inbox, len(once))
		oneState(t, log)
		p.sameAs(once, log, onceOctets)
		p.stop()
	})
}

// hand hands messages in over LMTP (RFC 2033) or SMTP (RFC 5321), as the greeting says, one connection for all, and returns
// what is to be kept of them: the octets behind the fields that the door writes.
func (p *program) hand(socket, hello string, octets []held) []held {
	p.t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		p.t.Fatal(err)
	}
	c := textproto.NewConn(conn)
	defer c.Close()
	hears := func(code int) string {
		_, line, err := c.ReadResponse(code)
		if err != nil && code != 0 {
			p.t.Fatalf("%s: %v", hello, err)
		}
		return line
	}
	say := func(code int, format string, args ...any) {
		if err := c.PrintfLine(format, args...); err != nil {
			p.t.Fatal(err)
		}
		hears(code)
	}
	hears(220)
	say(250, "%s there.example", hello)
	out := make([]held, len(octets))
	for i, o := range octets {
		raw := o.raw
		if !bytes.HasSuffix(raw, []byte("\r\n")) {
			raw = append(bytes.Clone(raw), '\r', '\n')
		}
		say(250, "MAIL FROM:<envelope@there.example> BODY=8BITMIME SMTPUTF8")
		say(250, "RCPT TO:<support@here.example>")
		say(354, "DATA")
		for line := range bytes.Lines(raw) {
			if line[0] == '.' {
				_ = c.W.WriteByte('.') // What goes wrong is heard below.
			}
			_, _ = c.W.Write(line)
		}
		if err := c.PrintfLine("."); err != nil {
			p.t.Fatal(err)
		}
		if code, line, err := c.ReadResponse(0); err != nil || code != 250 && code != 550 {
			p.t.Fatalf("mail %d: %d %s, %v", i, code, line, err)
		}
		out[i] = held{raw: append([]byte("Return-Path: <envelope@there.example>\r\nDelivered-To: support@here.example\r\n"), raw...)}
	}
	say(221, "QUIT")
	return out
}

// withNUL returns messages as POP3 sends them. IMAP has no NUL (RFC 3501, 9: CHAR8), so Dovecot sends 0x80 in its place
// there, and the octet itself over POP3.
func withNUL(octets []held) []held {
	all := make([]held, len(octets))
	for i, o := range octets {
		all[i] = held{raw: bytes.ReplaceAll(o.raw, []byte("before\x80after"), []byte("before\x00after"))}
	}
	return all
}

// asMbox writes messages into one mbox file, as RFC 4155 has it and with every "From " line quoted.
func asMbox(all []held) []byte {
	var b bytes.Buffer
	for _, m := range all {
		b.WriteString("From MAILER-DAEMON Mon Nov  2 10:00:00 2026\r\n")
		for line := range bytes.Lines(m.raw) {
			if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
				b.WriteByte('>')
			}
			b.Write(line)
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}
