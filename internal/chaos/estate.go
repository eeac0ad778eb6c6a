package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"letterbox/gateway"
	"letterbox/internal/app"
	"letterbox/internal/config"
	"letterbox/internal/mailtest"
	"letterbox/internal/secret"
	"letterbox/internal/testdb/tally"
	"letterbox/models"
	"letterbox/tracker"
)

// mailboxes are the logins with how each is read and what happens to its mail.
func mailboxes() []mailboxPlan {
	return []mailboxPlan{{"seen", "imap", "seen"}, {"move", "imap", "move"}, {"delete", "imap", "delete"}, {"pop", "pop3", "delete"}}
}

type mailboxPlan struct{ login, protocol, after string }

// estate is a Dovecot with mailboxes, a database and the processes that read the one into the other.
type estate struct {
	dir        string
	program    string
	key        string
	dovecot    *mailtest.Dovecot
	imap, pop3 *proxy
	replicas   []*replica
	clerk      *tally.Clerk

	dsn    string
	mu     sync.Mutex
	aside  int             // Messages that were set aside and processed again.
	sent   map[string]bool // SHA-256 of the mails.
	faults map[string]int
}

// newEstate starts a Dovecot and prepares the database with inboxes; processes are added later.
func newEstate(ctx context.Context, program, dsn string) (e *estate, err error) {
	e = &estate{program: program, key: secret.Generate(), sent: map[string]bool{}, faults: map[string]int{}}
	if e.dir, err = os.MkdirTemp("", "chaos-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(e.dir, 0o755); err != nil { // Dovecot's processes run as other users.
		return nil, err
	}
	post := filepath.Join(e.dir, "post")
	if err := os.Mkdir(post, 0o755); err != nil {
		return nil, err
	}
	users := map[string]string{}
	for _, m := range mailboxes() {
		users[m.login] = "secret"
	}
	if e.dovecot, err = mailtest.RunDovecot(post, mailtest.DovecotOptions{Users: users}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(e.dir))
	}
	for _, p := range []struct {
		at **proxy
		to string
	}{{&e.imap, e.dovecot.IMAPAddr}, {&e.pop3, e.dovecot.POP3Addr}} {
		if *p.at, err = listen(p.to); err != nil {
			return nil, err
		}
	}
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(e.dir, "letterbox.db")
	}
	e.dsn = dsn
	if err := e.furnish(ctx, dsn); err != nil {
		return nil, err
	}
	e.clerk, err = tally.Open(dsn)
	return e, err
}

// furnish makes the project and the inboxes.
func (e *estate) furnish(ctx context.Context, dsn string) error {
	cfg := config.Default()
	cfg.Data, cfg.DB, cfg.SecretKey = filepath.Join(e.dir, "furnish"), dsn, e.key
	cfg.AllowedNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	a, err := app.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	p, err := a.Tracker.CreateProject(ctx, tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		return err
	}
	for _, m := range mailboxes() {
		if m.after == "move" {
			if err := e.dovecot.CreateFolder(m.login, "Done"); err != nil {
				return err
			}
		}
		address := e.imap.addr
		if m.protocol == "pop3" {
			address = e.pop3.addr
		}
		host, port, _ := net.SplitHostPort(address)
		s := models.DefaultInboxSettings()
		s.Receive, s.Host, s.Security, s.Username, s.ImportSince = m.protocol, host, "none", m.login, "all"
		s.Port, _ = strconv.Atoi(port)
		s.After, s.MoveTo, s.POP3After, s.PollInterval = m.after, "Done", "delete", 30*time.Second
		rules, password := models.DefaultRules(), "secret"
		rules.AllowUnknown = true
		if _, err := a.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
			Name: m.login, Address: m.login + "@here.example", ProjectID: p.ID, Enabled: true, Settings: s, Rules: rules, Password: &password,
		}); err != nil {
			return err
		}
	}
	return nil
}

// addReplica starts one more process. db is the proxy before its database, nil with SQLite.
func (e *estate) addReplica(dsn string, db *proxy) error {
	dir := filepath.Join(e.dir, fmt.Sprint("replica", len(e.replicas)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(e.dir, "letterbox.db")
	}
	r := &replica{dir: dir, program: e.program, dsn: dsn, key: e.key, db: db}
	e.replicas = append(e.replicas, r)
	return r.start()
}

// deliver puts mails n to n+count-1 into the mailboxes, spread over some time. A mail whose arrival is in doubt is sent again: that is one mail.
func (e *estate) deliver(ctx context.Context, n, count int, spread time.Duration) error {
	all := mailboxes()
	var wg sync.WaitGroup
	errs := make([]error, len(all))
	for i, m := range all {
		var raws [][]byte
		for k := n + i; k < n+count; k += len(all) {
			raw := mail(k, m.login)
			sum := sha256.Sum256(raw)
			e.mu.Lock()
			e.sent[hex.EncodeToString(sum[:])] = true
			e.mu.Unlock()
			raws = append(raws, raw)
		}
		wg.Go(func() {
			for len(raws) > 0 && errs[i] == nil {
				part := raws[:min(len(raws), 10)]
				wait(ctx, spread*time.Duration(len(part)*len(all))/time.Duration(count))
				if err := e.dovecot.Append(m.login, "INBOX", part...); err != nil {
					time.Sleep(200 * time.Millisecond)
					errs[i] = ctx.Err()
					continue
				}
				raws = raws[len(part):]
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// mail writes a mail that no other equals; every third answers an earlier one, every fifth has an attachment.
func mail(k int, login string) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: Person %d <person%d@there.example>\r\nTo: %s@here.example\r\nSubject: Request %d", k%50, k%50, login, k)
	line("Message-ID: <%d.%s@there.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0", k, login)
	if k%3 == 0 && k > 40 {
		line("In-Reply-To: <%d.%s@there.example>", k-40, login)
	}
	if k%5 != 0 {
		line("Content-Type: text/plain; charset=utf-8\r\n")
		line("%s", strings.Repeat(fmt.Sprintf("Line of request %d.\r\n", k), 5+k%60))
		return []byte(b.String())
	}
	line("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the file of request %d.", k)
	line("--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=log.txt\r\n")
	line("%s\r\n--b--", strings.Repeat(fmt.Sprintf("log of request %d\r\n", k), 20+k%400))
	return []byte(b.String())
}

// account says what became of the mails that were sent.
type account struct {
	mails, lost, doubled, open, unsettled int
	aside                                 []int64
	wrong                                 []string
}

func (e *estate) account(ctx context.Context) (a account, err error) {
	b, err := e.clerk.Read(ctx)
	if err != nil {
		return a, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a.mails, a.open, a.unsettled, a.aside, a.wrong = len(e.sent), b.Open, b.Unsettled, b.Aside, b.Wrong
	for sum := range e.sent {
		switch n := b.Effects[sum]; {
		case n > 1:
			a.doubled++
		case n == 0:
			a.lost++
		}
	}
	return a, nil
}

// processAgain does what a person does about messages that were set aside, because the process was killed three times
// over each of them.
func (e *estate) processAgain(ctx context.Context, ids []int64) {
	for _, id := range ids {
		cmd := exec.CommandContext(ctx, e.program, "message", "reprocess", "--data", e.replicas[0].dir, "--", fmt.Sprint(id)) //nolint:gosec // Our own program.
		cmd.Env = append(os.Environ(), "LETTERBOX_DB="+e.dsn, "LETTERBOX_SECRET_KEY="+e.key)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "process message %d again: %v: %s\n", id, err, out)
		}
		e.mu.Lock()
		e.aside++
		e.mu.Unlock()
	}
}

// await asks for visits until all mails are through and the server has been told, or time is up. In calm it has what was
// set aside processed again.
func (e *estate) await(ctx context.Context, limit time.Duration, calm, settled bool) (a account, err error) {
	deadline := time.Now().Add(limit)
	for {
		_ = e.clerk.Poll(ctx) // The database may be down.
		a, err = e.account(ctx)
		if err == nil && a.lost == 0 && a.open == 0 && (!settled || a.unsettled == 0) || time.Now().After(deadline) || ctx.Err() != nil {
			return a, errors.Join(err, ctx.Err())
		}
		if calm {
			e.revive() // Some that were asked to end may have been about to when the storm was over.
			if err == nil {
				e.processAgain(ctx, a.aside)
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func (e *estate) count(fault string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[fault]++
}

// close ends everything; a process that does not end well on SIGTERM is an error.
func (e *estate) close() error {
	var errs []error
	for _, r := range e.replicas {
		errs = append(errs, r.stop())
		if r.db != nil {
			r.db.close()
		}
	}
	e.imap.close()
	e.pop3.close()
	e.dovecot.Stop()
	errs = append(errs, e.clerk.Close())
	if errors.Join(errs...) == nil {
		_ = os.RemoveAll(e.dir)
	}
	return errors.Join(errs...)
}
