package mailtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"letterbox/internal/testport"
)

// DovecotOptions says how a private Dovecot behaves.
type DovecotOptions struct {
	Users        map[string]string // Login to password; alice and bob with "secret" when empty.
	Separator    string            // "/" when empty.
	Certificate  *Certificate      // Made when nil.
	Capabilities string            // IMAP capabilities to announce instead of all ("IMAP4rev1 LITERAL+ UIDPLUS").
	NoPOP3       bool
	Introspect   string // Where to ask for the user of an access token (".../introspect?token="); "": no OAuth 2.0.
	NoBearer     bool   // Offers XOAUTH2 and not OAUTHBEARER, as Microsoft does.
	Connections  int    // At the same time, when it is more than some hundred.
}

// Dovecot is a private, running Dovecot on loopback.
type Dovecot struct {
	IMAPAddr, IMAPSAddr, POP3Addr, POP3SAddr, LMTPAddr string // host:port
	Certificate                                        *Certificate

	dir     string
	ports   []int
	master  int // Process id; it leads the group of all its processes.
	options DovecotOptions
	users   map[string]string
}

// StartDovecot starts a Dovecot in a temporary folder and stops it when the test ends. It fails the test when Dovecot is
// not installed (Debian: dovecot-imapd dovecot-pop3d dovecot-lmtpd) or does not come up.
func StartDovecot(t TB, o DovecotOptions) *Dovecot {
	t.Helper()
	// Not t.TempDir: Dovecot's mail user must be able to enter every folder on the way.
	dir, err := os.MkdirTemp("", "dovecot-")
	if err != nil {
		t.Fatalf("start dovecot: %v", err)
	}
	d, err := RunDovecot(dir, o)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		_ = os.RemoveAll(dir)
		t.Fatalf("start dovecot: %v\n%s", err, log)
	}
	t.Cleanup(func() {
		d.Stop()
		_ = os.RemoveAll(dir)
	})
	return d
}

const startTime = 20 * time.Second

// RunDovecot starts a Dovecot in dir, for programs that are no tests.
func RunDovecot(dir string, o DovecotOptions) (*Dovecot, error) {
	if _, err := exec.LookPath("dovecot"); err != nil {
		return nil, fmt.Errorf("dovecot is not installed (Debian: dovecot-imapd dovecot-pop3d dovecot-lmtpd): %w", err)
	}
	if len(o.Users) == 0 {
		o.Users = map[string]string{"alice": "secret", "bob": "secret"}
	}
	if o.Separator == "" {
		o.Separator = "/"
	}
	if o.Certificate == nil {
		var err error
		if o.Certificate, err = NewCertificate(CertOptions{}); err != nil {
			return nil, err
		}
	}
	return firstOf(3, func() (*Dovecot, error) {
		ports, err := testport.Free(5)
		if err != nil {
			return nil, err
		}
		return runDovecotOn(ports, dir, o)
	})
}

// errPortTaken says that somebody listens on a port of a server that was to start.
var errPortTaken = errors.New("a port was taken meanwhile")

// firstOf starts a server up to n times, while another program takes a port between looking for it and listening on it.
func firstOf[S any](n int, start func() (S, error)) (s S, err error) {
	for range n {
		if s, err = start(); !errors.Is(err, errPortTaken) {
			break
		}
	}
	return s, err
}

// runDovecotOn is RunDovecot on ports for IMAP, IMAP over TLS, POP3, POP3 over TLS and LMTP.
func runDovecotOn(ports []int, dir string, o DovecotOptions) (*Dovecot, error) {
	d := &Dovecot{dir: dir, options: o, users: o.Users, Certificate: o.Certificate, ports: ports}
	for i, addr := range []*string{&d.IMAPAddr, &d.IMAPSAddr, &d.POP3Addr, &d.POP3SAddr, &d.LMTPAddr} {
		*addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i]))
	}
	if err := d.write(ports); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := d.begin(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Start starts the server and waits until it answers. RunDovecot has called it.
func (d *Dovecot) Start() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := testport.AwaitFree(ctx, d.ports...); err != nil {
		return err
	}
	return d.begin(ctx)
}

func (d *Dovecot) begin(ctx context.Context) error {
	if err := d.launch(ctx); err != nil {
		return err
	}
	if err := d.findMaster(ctx); err != nil {
		return fmt.Errorf("find dovecot's process: %w", err)
	}
	for _, addr := range []string{d.IMAPAddr, d.LMTPAddr} {
		if err := awaitGreeting(ctx, addr); err != nil {
			d.Stop()
			return fmt.Errorf("dovecot does not answer on %s: %w", addr, err)
		}
	}
	return nil
}

// findMaster reads the process id. Dovecot goes to the background a moment before it has written it.
func (d *Dovecot) findMaster(ctx context.Context) error {
	for {
		text, err := os.ReadFile(filepath.Join(d.dir, "run", "master.pid"))
		if err == nil {
			d.master, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// launch runs the program until it has gone to the background. What it says goes to a file: a pipe would stay open in
// its processes, and reading it to the end would wait for theirs.
func (d *Dovecot) launch(ctx context.Context) error {
	said, err := os.Create(filepath.Join(d.dir, "start.log"))
	if err != nil {
		return fmt.Errorf("run dovecot: %w", err)
	}
	defer said.Close()
	cmd := exec.CommandContext(ctx, "dovecot", "-c", filepath.Join(d.dir, "dovecot.conf"))
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		if bytes.Contains(text, []byte("Address already in use")) {
			err = errPortTaken
		}
		return fmt.Errorf("run dovecot: %w: %s", err, text)
	}
	return nil
}

func awaitGreeting(ctx context.Context, addr string) error {
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			n, readErr := c.Read(make([]byte, 1))
			_ = c.Close()
			if n == 1 {
				return nil
			}
			err = readErr
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Stop ends the server; its mail stays.
func (d *Dovecot) Stop() {
	if d.master == 0 {
		return
	}
	// Not all of its processes end when they are asked to: some wait for seconds, with the sockets open.
	_ = syscall.Kill(d.master, syscall.SIGTERM)
	if !d.ended(500 * time.Millisecond) {
		_ = syscall.Kill(-d.master, syscall.SIGKILL)
		d.ended(10 * time.Second)
	}
	// A new server must not take what is left for a running one.
	_ = os.RemoveAll(filepath.Join(d.dir, "run"))
	d.master = 0
}

// ended waits until the server's first process has ended and reports whether it has. Its processes are no children of
// ours: their end is seen by asking.
func (d *Dovecot) ended(wait time.Duration) bool {
	for end := time.Now().Add(wait); !gone(d.master); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// gone reports whether a process has ended; one that its parent has not asked about yet counts.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, found := bytes.Cut(stat, []byte(") "))
	return err == nil && found && bytes.HasPrefix(state, []byte("Z"))
}

// Restart stops and starts the server on the same ports with the same mail.
func (d *Dovecot) Restart() error {
	d.Stop()
	return d.Start()
}

// Mail returns the Maildir of a user.
func (d *Dovecot) Mail(login string) string { return filepath.Join(d.dir, "home", login, "Maildir") }

// Deliver hands messages to a user over LMTP (RFC 2033), as a mail server would. Each has its UID before the next one comes.
func (d *Dovecot) Deliver(login string, raws ...[]byte) error {
	c, err := net.Dial("tcp", d.LMTPAddr)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	defer c.Close()
	l := newLMTP(c)
	l.expect("220")
	l.command("250", "LHLO localhost")
	err = d.numbering(login, func(numbered func() error) error {
		for _, raw := range raws {
			l.command("250", "MAIL FROM:<sender@example.org>")
			l.command("250", "RCPT TO:<"+login+">")
			l.command("354", "DATA")
			l.data(raw)
			l.expect("250")
			if l.err != nil {
				return l.err
			}
			if err := numbered(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	l.command("221", "QUIT")
	if l.err != nil {
		return fmt.Errorf("deliver: %w", l.err)
	}
	return nil
}

func (d *Dovecot) admin(args ...string) ([]byte, error) {
	cmd := exec.Command("doveadm", append([]string{"-c", filepath.Join(d.dir, "dovecot.conf")}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("doveadm %s: %w: %s", args[0], err, stderr.Bytes())
	}
	return out, nil
}
