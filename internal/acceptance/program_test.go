package acceptance_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the built program with a data folder of its own: commands, and one running server at a time.
type program struct {
	t     *testing.T
	dir   string
	token string // Of the admin that prepare makes.

	networks string   // In which mail servers may lie besides public addresses.
	settings []string // Further ones: "LETTERBOX_NAME=value".
	url      string   // Of the running server.
	setup    string   // The setup link that it printed.

	cmd   *exec.Cmd
	ended chan error
	log   string // File with what the servers wrote to their error output.
}

func newProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, dir: dir, log: filepath.Join(dir, "log"), networks: "127.0.0.0/8"}
	t.Cleanup(func() {
		if p.cmd != nil {
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
		text, _ := os.ReadFile(p.log) // None when no server was started.
		if bytes.Contains(text, []byte("DATA RACE")) || bytes.Contains(text, []byte("panic")) {
			t.Error("the log of the program tells of a data race or a panic")
		}
		if t.Failed() {
			t.Logf("log of the program:\n%s", tail(text, 8000))
		}
	})
	return p
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

func (p *program) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "LETTERBOX_ALLOWED_NETWORKS="+p.networks, "TMPDIR="+p.dir)
	cmd.Env = append(cmd.Env, p.settings...)
	return cmd
}

// run runs a command to its end and returns its exit status and what it printed.
func (p *program) run(stdin []byte, args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	var out, errs bytes.Buffer
	cmd := p.command(p.t.Context(), command, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		p.t.Fatalf("letterbox %s: %v", strings.Join(args, " "), err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// must is run for a command that has to succeed; it returns what it printed.
func (p *program) must(stdin []byte, args ...string) string {
	p.t.Helper()
	status, stdout, stderr := p.run(stdin, args...)
	if status != 0 {
		p.t.Fatalf("letterbox %s: exit status %d\n%s%s", strings.Join(args, " "), status, stdout, stderr)
	}
	return strings.TrimSpace(stdout)
}

// prepare makes an admin with a token for the API.
func (p *program) prepare() {
	p.t.Helper()
	p.must([]byte("a long password\n"), "user", "add", "--login", "admin", "--name", "Ada", "--address", "ada@here.example", "--role", "admin", "--password-stdin")
	p.token = p.must(nil, "token", "create", "--user", "admin")
}

// start starts a server and waits until it answers; more are further arguments.
func (p *program) start(more ...string) {
	p.t.Helper()
	p.launch("Letterbox answers at ", append([]string{"serve", "--listen", "127.0.0.1:0"}, more...)...)
}

// launch starts a command that runs until it is stopped and waits for the line with its address.
func (p *program) launch(label string, args ...string) []string {
	p.t.Helper()
	cmd := p.command(context.Background(), server, args...)
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.ended, p.url, p.setup = cmd, make(chan error, 1), "", ""
	lines := make(chan string, 100)
	go func() {
		for scan := bufio.NewScanner(stdout); scan.Scan(); {
			lines <- scan.Text()
		}
		close(lines)
		_, _ = io.Copy(io.Discard, stdout)
		p.ended <- cmd.Wait()
	}()
	return p.readAddress(lines, label)
}

// readAddress reads what a server prints when it is ready.
func (p *program) readAddress(lines <-chan string, label string) []string {
	p.t.Helper()
	var all []string
	timeout := time.After(time.Minute)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				p.t.Fatalf("the program ended; it printed %q", all)
			}
			all = append(all, line)
			if _, rest, found := strings.Cut(line, label); found {
				p.url = strings.TrimSpace(rest)
				return append(all, p.rest(lines)...)
			}
		case <-timeout:
			p.t.Fatalf("no line with %q after a minute; it printed %q", label, all)
		}
	}
}

// rest reads the lines that follow the address: they are written together with it.
func (p *program) rest(lines <-chan string) (all []string) {
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return all
			}
			all = append(all, line)
			if _, link, found := strings.Cut(line, "Make the first admin, once, at "); found {
				p.setup = strings.TrimSpace(link)
				return all
			}
		case <-time.After(300 * time.Millisecond): // Nothing more is coming: that cannot be awaited.
			return all
		}
	}
}

// kill ends the server as a power cut would.
func (p *program) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	<-p.ended
	p.cmd = nil
}

// stop ends the server as an operator does, and checks that it ends well.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Errorf("the server ended with %v, want exit status 0", err)
		}
	case <-time.After(40 * time.Second):
		p.t.Error("the server did not end within 40 seconds after SIGTERM")
		p.kill()
	}
	p.cmd = nil
}
