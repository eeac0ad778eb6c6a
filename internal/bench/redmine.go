package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"letterbox/internal/mailtest"
)

// redmineHome is where Debian's package puts the program.
const redmineHome = "/usr/share/redmine"

// redmine measures Redmine, the way in by mail of the most widespread tracker of its kind, and then Letterbox on the
// same mailbox, in turn. Redmine starts a process for each visit; what that takes is measured with an empty mailbox
// and left out. It may spare itself the users it would make of the senders, and mails nobody, which both favours it.
func redmine(ctx context.Context, mails [][]byte, runs int) error {
	if _, err := os.Stat(filepath.Join(redmineHome, "app")); errors.Is(err, os.ErrNotExist) {
		fmt.Println("| Redmine is not installed (Debian: redmine, redmine-sqlite) | | | | | |")
		return nil
	}
	r, err := newRedmine(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	n := float64(len(mails))
	var rate, cpu, peak, start, faster, cheaper []float64
	for range runs {
		theirs, boot, err := r.visit(ctx, mails)
		if err != nil {
			return err
		}
		ours, err := mailbox(ctx, "", mails)
		if err != nil {
			return err
		}
		start = append(start, boot.cpu.Seconds())
		rate, cpu, peak = append(rate, n/theirs.seconds), append(cpu, theirs.cpu.Seconds()*1000/n), append(peak, theirs.peak)
		faster = append(faster, theirs.seconds/ours.seconds)
		cheaper = append(cheaper, theirs.cpu.Seconds()/ours.cpu.Seconds())
	}
	fmt.Printf("| IMAP, Redmine, without its start of %.1f s; Letterbox in the same run: %.1f times the rate, 1/%.1f of the processor time | %.1f | | %.1f | %.0f | |\n",
		median(start), median(faster), median(cheaper), median(rate), median(cpu), median(peak))
	return nil
}

// redmineCopy is a copy of the installed program with a SQLite database of its own.
type redmineCopy struct {
	dir, instance string
}

// newRedmine copies the program and makes a database with one project in it.
func newRedmine(ctx context.Context) (r redmineCopy, err error) {
	if r.dir, err = os.MkdirTemp("", "letterbox-redmine-"); err != nil {
		return r, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(r.dir))
		}
	}()
	r.instance = filepath.Join(r.dir, "instances", "default")
	for _, args := range [][]string{
		{"cp", "-r", redmineHome + "/.", r.dir},
		{"rm", "-f", r.dir + "/instances", r.dir + "/Gemfile.lock", r.dir + "/config/database.yml"},
		{"mkdir", "-p", r.instance + "/config", r.instance + "/files", r.instance + "/log", r.instance + "/tmp", r.instance + "/plugins", r.dir + "/plugins"},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return r, fmt.Errorf("copy Redmine: %w: %s", err, out)
		}
	}
	for name, text := range map[string]string{
		"Gemfile.local":                           "gem 'sqlite3'\n", // Its Gemfile looks for databases where the package was installed.
		"instances/default/config/database.yml":   "production:\n  adapter: sqlite3\n  database: " + r.database() + "\n",
		"instances/default/config/secret_key.txt": strings.Repeat("0123456789abcdef", 8) + "\n",
		"bench-project.rb": "p = Project.new(name: 'Support', is_public: true)\np.identifier = 'sup'\np.enabled_module_names = ['issue_tracking']\n" +
			"p.trackers = Tracker.all\np.save!\nSetting.notified_events = []\n",
	} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			return r, err
		}
	}
	for _, args := range [][]string{{"rake", "db:migrate"}, {"rake", "redmine:load_default_data"}, {"rails", "runner", "bench-project.rb"}} {
		if _, _, err := r.run(ctx, args...); err != nil {
			return r, err
		}
	}
	return r, os.Rename(r.database(), r.database()+".empty")
}

func (r redmineCopy) database() string { return filepath.Join(r.dir, "redmine.db") }

// run runs one of its commands to the end and returns what it printed.
func (r redmineCopy) run(ctx context.Context, args ...string) (c cost, printed string, err error) {
	cmd := exec.CommandContext(ctx, "bundle", append([]string{"exec"}, args...)...)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), "RAILS_ENV=production", "REDMINE_LANG=en", "LANG=C.UTF-8")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return c, "", fmt.Errorf("run Redmine's %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	c = cost{seconds: time.Since(began).Seconds(), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = float64(use.Maxrss) / 1024 // It is in KiB on Linux: getrusage(2).
	}
	return c, string(out), nil
}

// redmineIssue is how Redmine finds the number of an issue in a subject. A mail that names none of its issues is lost on it.
var redmineIssue = regexp.MustCompile(`(?mi)^subject:.*\[[^\]]*#\d+\]`)

// visit has Redmine read a mailbox, once it is empty and once with the mails, which become its first issues.
func (r redmineCopy) visit(ctx context.Context, mails [][]byte) (took, start cost, err error) {
	if err := os.RemoveAll(filepath.Join(r.instance, "files")); err != nil {
		return took, start, err
	}
	empty, err := os.ReadFile(r.database() + ".empty")
	if err != nil {
		return took, start, err
	}
	if err := os.WriteFile(r.database(), empty, 0o600); err != nil {
		return took, start, err
	}
	for _, box := range [][][]byte{nil, mails} {
		start = took
		d, stop, err := startDovecot(box...)
		if err != nil {
			return took, start, err
		}
		took, err = r.receive(ctx, d)
		stop()
		if err != nil {
			return took, start, err
		}
	}
	took.seconds, took.cpu = took.seconds-start.seconds, took.cpu-start.cpu
	return took, start, r.check(ctx, mails)
}

func (r redmineCopy) receive(ctx context.Context, d *mailtest.Dovecot) (cost, error) {
	host, port, _ := strings.Cut(d.IMAPAddr, ":")
	c, _, err := r.run(ctx, "rake", "redmine:email:receive_imap", "host="+host, "port="+port, "username=alice", "password=secret",
		"project=sup", "unknown_user=accept", "no_permission_check=1", "no_account_notice=1", "no_notification=1")
	return c, err
}

// check finds every mail in Redmine, as an issue or as a comment: otherwise nothing was measured.
func (r redmineCopy) check(ctx context.Context, mails [][]byte) error {
	_, out, err := r.run(ctx, "rails", "runner", "puts \"became #{Issue.count + Journal.count}\"")
	if err != nil {
		return err
	}
	named := 0
	for _, m := range mails {
		if redmineIssue.Match(m) {
			named++
		}
	}
	_, count, _ := strings.Cut(out, "became ")
	became, err := strconv.Atoi(strings.TrimSpace(count))
	if err != nil || became < len(mails)-named {
		return fmt.Errorf("of %d mails, %d of which name an issue, Redmine says: %s", len(mails), named, out)
	}
	return nil
}
