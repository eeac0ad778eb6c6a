package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/internal/testport"
)

// PostfixOptions says how a private Postfix behaves.
type PostfixOptions struct {
	Domains []string            // That it takes mail for; nothing leaves for others.
	LMTP    string              // HOST:PORT of where it delivers.
	SMTP    string              // The same, by SMTP; used when LMTP is empty.
	Aliases map[string][]string // Addresses that stand for others.
}

// Postfix is a private, running Postfix on loopback.
type Postfix struct {
	SMTPAddr string // host:port

	dir    string
	master *exec.Cmd
	output bytes.Buffer
}

// StartPostfix starts a Postfix in a temporary folder and stops it when the test ends. It fails the test when Postfix is
// not installed (Debian: postfix), when the test does not run as root, and when it does not come up.
func StartPostfix(t TB, o PostfixOptions) *Postfix {
	t.Helper()
	dir, err := os.MkdirTemp("", "postfix-")
	if err != nil {
		t.Fatalf("start postfix: %v", err)
	}
	p := &Postfix{dir: dir}
	t.Cleanup(func() {
		p.stop()
		_ = os.RemoveAll(dir)
	})
	if err := p.start(o); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		p.stop()
		t.Fatalf("start postfix: %v\n%s%s", err, p.output.String(), log)
	}
	return p
}

func (p *Postfix) start(o PostfixOptions) error {
	if os.Getuid() != 0 {
		return errors.New("Postfix starts as root only")
	}
	program, err := exec.LookPath("postfix")
	if err != nil {
		program = "/usr/sbin/postfix"
	}
	ports, err := testport.Free(1)
	if err != nil {
		return err
	}
	p.SMTPAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
	if err := p.write(ports[0], o); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	p.master = exec.Command(program, "-c", filepath.Join(p.dir, "conf"), "start-fg")
	p.master.Stdout, p.master.Stderr = &p.output, &p.output
	if err := p.master.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.SMTPAddr); err == nil {
			return c.Close()
		} else if time.Now().After(deadline) {
			return err
		}
	}
}

func (p *Postfix) write(port int, o PostfixOptions) error {
	if err := os.Chmod(p.dir, 0o755); err != nil {
		return err
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(owner.Uid)
	for name, mode := range map[string]os.FileMode{"conf": 0o755, "queue": 0o755, "data": 0o700} {
		path := filepath.Join(p.dir, name)
		if err := os.Mkdir(path, mode); err != nil {
			return err
		}
		if name == "data" {
			if err := os.Chown(path, uid, -1); err != nil {
				return err
			}
		}
	}
	transport := "lmtp:inet:" + o.LMTP
	if host, port, err := net.SplitHostPort(o.SMTP); err == nil && o.LMTP == "" {
		transport = "smtp:[" + host + "]:" + port
	}
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = /tmp, /var, %[1]s
myhostname = mx.here.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
virtual_alias_maps = texthash:%[1]s/conf/aliases
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = %[2]s
virtual_transport = %[3]s
default_transport = error:nothing leaves this test
smtpd_relay_restrictions = permit_mynetworks, reject
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
`, p.dir, strings.Join(o.Domains, " "), transport)
	master := fmt.Sprintf("%d inet n - n - - smtpd\n", port) + `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`
	aliases := ""
	for address, others := range o.Aliases {
		aliases += address + " " + strings.Join(others, ",") + "\n"
	}
	for name, text := range map[string]string{"main.cf": main, "master.cf": master, "aliases": aliases} {
		if err := os.WriteFile(filepath.Join(p.dir, "conf", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// stop ends the master process, which ends all others.
func (p *Postfix) stop() {
	if p.master == nil || p.master.Process == nil {
		return
	}
	_ = exec.Command("/usr/sbin/postfix", "-c", filepath.Join(p.dir, "conf"), "stop").Run()
	_ = p.master.Wait()
	p.master = nil
}

// Mails returns what the INBOX of a login holds, oldest first, as Dovecot has stored it.
func (d *Dovecot) Mails(login string) ([][]byte, error) {
	var names []string
	for _, folder := range []string{"new", "cur"} {
		found, err := filepath.Glob(filepath.Join(d.Mail(login), folder, "*"))
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.SortStableFunc(names, func(a, b string) int { return delivered(a).Compare(delivered(b)) })
	out := make([][]byte, 0, len(names))
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a mail: %w", err)
		}
		out = append(out, raw)
	}
	return out, nil
}

// delivered is when Dovecot has written a file of a Maildir, by its name: seconds, "M", and microseconds without leading zeros.
func delivered(path string) time.Time {
	var seconds, micros int64
	_, _ = fmt.Sscanf(filepath.Base(path), "%d.M%dP", &seconds, &micros) // Other names come first.
	return time.Unix(seconds, micros*1000)
}
