package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"letterbox/gateway"
	scripts "letterbox/gateway/script"
	"letterbox/internal/app"
	"letterbox/internal/config"
	"letterbox/internal/mailtest"
	"letterbox/models"
	"letterbox/tracker"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == scripts.Argument {
		os.Exit(scripts.Work(os.Stdin, os.Stdout, os.Exit))
	}
	os.Exit(m.Run())
}

// fresh makes an empty folder the current one and keeps the settings of the surroundings out.
func fresh(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "LETTERBOX_") && !strings.HasPrefix(name, "LETTERBOX_TEST_") {
			t.Setenv(name, "")
		}
	}
	t.Chdir(t.TempDir())
}

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "script", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	path := script(t, "usage.txt")
	fresh(t)
	runScript(t, path, map[string]string{})
}

func TestSettingsAndPeople(t *testing.T) {
	path := script(t, "people.txt")
	fresh(t)
	runScript(t, path, map[string]string{})
}

func TestMail(t *testing.T) {
	path := script(t, "mail.txt")
	mails := os.DirFS(filepath.Join(filepath.Dir(filepath.Dir(path)), "mails"))
	fresh(t)
	if err := os.CopyFS("mails", mails); err != nil {
		t.Fatal(err)
	}
	withInboxes(t)
	runScript(t, path, map[string]string{})
}

func TestInboxesAsAFile(t *testing.T) {
	path := script(t, "inboxes.txt")
	fresh(t)
	withInboxes(t)
	runScript(t, path, map[string]string{})
}

func TestTemplatesAsAFile(t *testing.T) {
	path := script(t, "templates.txt")
	fresh(t)
	withInboxes(t)
	runScript(t, path, map[string]string{})
}

func TestScriptsAsAFile(t *testing.T) {
	path := script(t, "scripts.txt")
	fresh(t)
	runScript(t, path, map[string]string{})
}

// withInboxes prepares a database in the current folder: a project and three inboxes, "support" that only takes what
// is handed in, "server" that reads a mail server, and "wrong" whose password that server refuses.
func withInboxes(t *testing.T) *mailtest.Servers {
	t.Helper()
	t.Setenv("LETTERBOX_ALLOWED_NETWORKS", "127.0.0.0/8")
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("box", "secret word", "box@example.org")
	if err := servers.Deliver("box", []byte("From: a@example.org\r\nSubject: waiting\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	at, err := netip.ParseAddrPort(servers.IMAPSAddr)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Source{Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	by := tracker.CommandLine()
	project, err := a.Tracker.CreateProject(t.Context(), by, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"support", "server", "wrong"} {
		s, rules := models.DefaultInboxSettings(), models.DefaultRules()
		rules.AllowUnknown = true
		rules.BlockedSenders = []string{"@spam.example"}
		word := "secret word"
		if name == "support" {
			s.Receive = "push"
		} else {
			s.Host, s.Port, s.Security, s.TLSVerify, s.Fingerprint = at.Addr().String(), int(at.Port()), "tls", "pinned", cert.Fingerprint
			s.Username, s.ImportSince, s.Idle, s.PollInterval = "box", "all", false, time.Hour
		}
		if name == "wrong" {
			word = "another word"
		}
		d := gateway.InboxDraft{Name: name, Address: name + "@example.org", ProjectID: project.ID, Enabled: name != "wrong", Settings: s, Rules: rules, Password: &word}
		if _, err := a.Gateway.CreateInbox(t.Context(), by, d); err != nil {
			t.Fatalf("create inbox %s: %v", name, err)
		}
	}
	return servers
}

func TestPollReachesTheRunningServer(t *testing.T) {
	fresh(t)
	servers := withInboxes(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, status := lineWriter{make(chan string, 100)}, make(chan int, 1)
	go func() { status <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0"}, nil, out, io.Discard) }()
	defer func() {
		cancel()
		<-status
	}()
	address(t, out.lines, "Letterbox answers at ")
	messages := func() string {
		var stdout, stderr bytes.Buffer
		if got := run(ctx, []string{"message", "list", "--inbox", "server"}, nil, &stdout, &stderr); got != 0 {
			t.Fatalf("message list = %d: %s", got, &stderr)
		}
		return stdout.String()
	}
	await := func(subject string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !strings.Contains(messages(), subject); {
			if time.Now().After(deadline) {
				t.Fatalf("no message %q:\n%s", subject, messages())
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	await("waiting")
	if err := servers.Deliver("box", []byte("From: a@example.org\r\nSubject: asked for\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if got := run(ctx, []string{"inbox", "poll", "server"}, nil, io.Discard, &stderr); got != 0 {
		t.Fatalf("inbox poll = %d: %s", got, &stderr)
	}
	await("asked for")
}

func TestEveryCommandHasAnExampleAndHelp(t *testing.T) {
	fresh(t)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" {
			return
		}
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); status != 0 || stderr.Len() > 0 {
			t.Errorf("%s --help: status %d, error output %q", c.CommandPath(), status, &stderr)
		}
		if !strings.Contains(stdout.String(), "Examples:\n"+c.Example) {
			t.Errorf("%s --help shows no example:\n%s", c.CommandPath(), &stdout)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}).root())
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("--help left %v behind", entries)
	}
}

func TestContractOfCommandNames(t *testing.T) {
	var got []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		got = append(got, c.CommandPath())
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&program{}).root())
	for _, want := range []string{
		"serve", "demo", "receive", "import", "inspect", "migrate up", "migrate status", "user add", "user password", "user role",
		"token create", "inbox list", "inbox check", "inbox poll", "inbox reconcile", "message list", "message show", "message raw",
		"message reprocess", "config check", "config example", "version",
	} {
		if !slices.Contains(got, "letterbox "+want) {
			t.Errorf("there is no command %q in %q", want, got)
		}
	}
}

// lineWriter passes on each line that is written.
type lineWriter struct{ lines chan string }

func (w lineWriter) Write(p []byte) (int, error) {
	for line := range strings.SplitSeq(strings.TrimSuffix(string(p), "\n"), "\n") {
		w.lines <- line
	}
	return len(p), nil
}

// address waits for the line that names the address and returns what follows the label.
func address(t *testing.T, lines chan string, label string) string {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case line := <-lines:
			if _, rest, ok := strings.Cut(line, label); ok {
				return strings.TrimSpace(rest)
			}
		case <-timeout:
			t.Fatalf("no line with %q", label)
		}
	}
}

func TestServeAnswersAndEndsWithItsContext(t *testing.T) {
	for name, args := range map[string][]string{"serve": {"serve", "--listen", "127.0.0.1:0"}, "without a command": {"--listen", "127.0.0.1:0"}} {
		t.Run(name, func(t *testing.T) {
			fresh(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := lineWriter{make(chan string, 100)}
			var stderr bytes.Buffer
			status := make(chan int, 1)
			go func() { status <- run(ctx, args, strings.NewReader(""), out, &stderr) }()

			url := address(t, out.lines, "Letterbox answers at ")
			setup := address(t, out.lines, "Make the first admin, once, at ")
			if !strings.HasPrefix(setup, url+"/setup?token=") {
				t.Errorf("setup link = %q, want one under %s", setup, url)
			}
			for path, want := range map[string]int{"/readyz": http.StatusOK, strings.TrimPrefix(setup, url): http.StatusOK} {
				resp, err := http.Get(url + path)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("GET %s = %d, want %d", path, resp.StatusCode, want)
				}
			}
			var health bytes.Buffer
			if got := run(ctx, []string{"healthcheck", "--listen", strings.TrimPrefix(url, "http://")}, nil, io.Discard, &health); got != 0 {
				t.Errorf("healthcheck = %d, want 0: %s", got, &health)
			}
			cancel()
			select {
			case got := <-status:
				if got != 0 {
					t.Errorf("exit status = %d, want 0\n%s", got, &stderr)
				}
			case <-time.After(time.Minute):
				t.Fatal("serve did not end")
			}
			if got := run(t.Context(), []string{"healthcheck", "--listen", strings.TrimPrefix(url, "http://")}, nil, io.Discard, io.Discard); got != exitUnreachable {
				t.Errorf("healthcheck of a stopped server = %d, want %d", got, exitUnreachable)
			}
			for _, file := range []string{"data/letterbox.db", "data/secret.key"} {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, want a file of mode 600", file, err)
				}
			}
		})
	}
}

func TestDemoPrintsAddressAndLogins(t *testing.T) {
	fresh(t)
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := lineWriter{make(chan string, 100)}
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() { status <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, nil, out, &stderr) }()
	url := address(t, out.lines, "Address ")
	resp, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("GET /readyz = %d, want 200", resp.StatusCode)
	}
	for _, label := range []string{"Sign in ", "IMAP ", "SMTP "} {
		if rest := address(t, out.lines, label); rest == "" {
			t.Errorf("nothing behind %q", label)
		}
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("exit status = %d, want 0\n%s", got, &stderr)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 {
		t.Errorf("the demo left %v behind", left)
	}
	if left, _ := os.ReadDir("."); len(left) != 0 {
		t.Errorf("the demo left %v in the current folder", left)
	}
}
