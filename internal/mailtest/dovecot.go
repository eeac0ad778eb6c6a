package mailtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
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
	ports, err := testport.Free(5)
	if err != nil {
		return nil, err
	}
	d := &Dovecot{dir: dir, options: o, users: o.Users, Certificate: o.Certificate, ports: ports}
	for i, addr := range []*string{&d.IMAPAddr, &d.IMAPSAddr, &d.POP3Addr, &d.POP3SAddr, &d.LMTPAddr} {
		*addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i]))
	}
	if err := d.write(ports); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	if err := d.Start(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Dovecot) write(ports []int) error {
	if err := os.Chmod(d.dir, 0o755); err != nil {
		return err
	}
	home := filepath.Join(d.dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	root := me.Uid == "0"
	if root {
		mail, err := user.Lookup("mail")
		if err != nil {
			return err
		}
		uid, _ := strconv.Atoi(mail.Uid)
		gid, _ := strconv.Atoi(mail.Gid)
		if err := os.Chown(home, uid, gid); err != nil {
			return err
		}
	}
	var users bytes.Buffer
	for login, password := range d.users {
		fmt.Fprintf(&users, "%s:{PLAIN}%s::::::\n", login, password)
	}
	oauth := fmt.Sprintf("introspection_url = %s\nintrospection_mode = get\nusername_attribute = email\nusername_format = %%n\n"+
		"active_attribute = active\nactive_value = true\n", d.options.Introspect)
	for name, content := range map[string][]byte{
		"oauth2.conf": []byte(oauth),
		"users":       users.Bytes(), "cert.pem": d.Certificate.CertPEM, "key.pem": d.Certificate.KeyPEM, "dovecot.conf": d.config(ports, me, root),
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o644); err != nil { //nolint:gosec // Dovecot's processes run as other users.
			return err
		}
	}
	return nil
}

func (d *Dovecot) config(ports []int, me *user.User, root bool) []byte {
	protocols := "imap lmtp"
	if !d.options.NoPOP3 {
		protocols += " pop3"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("base_dir = %s/run\nstate_dir = %s/state\nlog_path = %s/log\nprotocols = %s\nlisten = 127.0.0.1", d.dir, d.dir, d.dir, protocols)
	line("ssl = yes\nssl_cert = <%s/cert.pem\nssl_key = <%s/key.pem", d.dir, d.dir)
	line("disable_plaintext_auth = no\nauth_mechanisms = plain login%s\nauth_failure_delay = 0\nlogin_trusted_networks =", d.bearers())
	line("first_valid_uid = 1\nfirst_valid_gid = 1\nmail_home = %s/home/%%n\nmail_location = maildir:~/Maildir", d.dir)
	line("mail_fsync = never\nimap_hibernate_timeout = 0\nmail_max_userip_connections = %d", max(1000, d.options.Connections))
	if n := d.options.Connections; n > 0 {
		line("default_process_limit = %d\ndefault_client_limit = %d\nservice imap {\n  process_limit = %d\n}", n, 4*n, n)
	}
	if d.options.Introspect != "" {
		line("passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = %s/oauth2.conf\n}", d.dir)
	}
	line("passdb {\n  driver = passwd-file\n  args = scheme=plain username_format=%%n %s/users\n}", d.dir)
	owner := ""
	if root {
		line("mail_uid = mail\nmail_gid = mail")
		owner = "uid=mail gid=mail "
	} else {
		group, err := user.LookupGroupId(me.Gid)
		name := me.Gid
		if err == nil {
			name = group.Name
		}
		line("default_internal_user = %s\ndefault_internal_group = %s\ndefault_login_user = %s", me.Username, name, me.Username)
		line("service anvil {\n  chroot =\n}")
	}
	line("service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}") // A wrong password slows nobody down.
	chroot := ""
	if !root {
		chroot = "\n  chroot ="
	}
	line("userdb {\n  driver = static\n  args = %shome=%s/home/%%n\n}", owner, d.dir)
	line("namespace inbox {\n  inbox = yes\n  separator = %s\n  mailbox Trash {\n    auto = create\n    special_use = \\Trash\n  }\n}", d.options.Separator)
	line("service imap-login {%s\n  inet_listener imap {\n    port = %d\n  }\n  inet_listener imaps {\n    port = %d\n    ssl = yes\n  }\n}", chroot, ports[0], ports[1])
	if !d.options.NoPOP3 {
		line("service pop3-login {%s\n  inet_listener pop3 {\n    port = %d\n  }\n  inet_listener pop3s {\n    port = %d\n    ssl = yes\n  }\n}", chroot, ports[2], ports[3])
	}
	line("service lmtp {\n  inet_listener lmtp {\n    address = 127.0.0.1\n    port = %d\n  }\n}", ports[4])
	line("service stats {%s\n  unix_listener stats-writer {\n    mode = 0666\n  }\n}", chroot)
	line("protocol imap {\n  mail_max_userip_connections = %d", max(1000, d.options.Connections))
	if d.options.Capabilities != "" {
		line("  imap_capability = %s", d.options.Capabilities)
	}
	line("}")
	return []byte(b.String())
}

// bearers are the mechanisms for access tokens.
func (d *Dovecot) bearers() string {
	switch {
	case d.options.Introspect == "":
		return ""
	case d.options.NoBearer:
		return " xoauth2"
	}
	return " xoauth2 oauthbearer"
}

// Start starts the server and waits until it answers. RunDovecot has called it.
func (d *Dovecot) Start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := testport.AwaitFree(ctx, d.ports...); err != nil {
		return err
	}
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
