package app

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"letterbox/gateway"
	"letterbox/internal/config"
	"letterbox/internal/mailtest"
	"letterbox/models"
	"letterbox/tracker"
)

//go:embed demo/*.eml
var demoMails embed.FS

// The mailbox of the demo.
const (
	demoAddress = "support@demo.example"
	demoLogin   = "support"
)

// DemoReady is what a demo that has just started can say about itself.
type DemoReady struct {
	URL                 string
	Login, Password     string // To sign in as an admin.
	IMAP, POP3, SMTP    string // HOST:PORT of the mail servers.
	MailLogin, MailWord string // To sign in at IMAP and POP3 with a mail program.
	MailAddress         string // Mail to it becomes issues.
}

// Demo runs Letterbox in a temporary folder with mail servers of its own on loopback, a seeded inbox and sample mails,
// until ctx is done. Everything is gone afterwards. ready is called once it answers.
func Demo(ctx context.Context, listen string, log *slog.Logger, ready func(DemoReady)) (err error) {
	dir, err := os.MkdirTemp("", "letterbox-demo-")
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg := config.Default()
	cfg.Listen, cfg.Data, cfg.DB = listen, dir, "sqlite:"+dir+"/letterbox.db"
	cfg.AllowedNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		return err
	}
	servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert, CatchAll: demoLogin})
	if err != nil {
		return fmt.Errorf("start the mail servers: %w", err)
	}
	defer servers.Close()
	a, err := New(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	d := &demo{app: a, servers: servers, ready: DemoReady{
		Login: "demo", Password: rand.Text()[:12], IMAP: servers.IMAPAddr, POP3: servers.POP3Addr, SMTP: servers.SMTPAddr,
		MailLogin: demoLogin, MailWord: "demo", MailAddress: demoAddress,
	}}
	if err := d.seed(ctx, cert.Fingerprint); err != nil {
		return fmt.Errorf("prepare the demo: %w", err)
	}
	return a.serve(ctx, d.one, func(r Ready) {
		d.ready.URL = r.URL
		if ready != nil {
			ready(d.ready)
		}
	})
}

type demo struct {
	app     *App
	servers *mailtest.Servers
	ready   DemoReady
	sent    atomic.Int64
}

// seed makes people, a project, the mails and the inbox that reads them.
func (d *demo) seed(ctx context.Context, fingerprint string) error {
	d.servers.AddUser(demoLogin, d.ready.MailWord, demoAddress)
	if err := d.deliverSamples(); err != nil {
		return err
	}
	t, system := d.app.Tracker, tracker.CommandLine()
	admin, err := t.CreateUser(ctx, system, tracker.UserDraft{
		Login: d.ready.Login, Name: "Demo", Password: d.ready.Password, Role: models.RoleAdmin, Addresses: []string{"demo@demo.example"},
	})
	if err != nil {
		return err
	}
	project, err := t.CreateProject(ctx, &admin, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		return err
	}
	host, port, err := hostPort(d.servers.IMAPSAddr)
	if err != nil {
		return err
	}
	s := models.DefaultInboxSettings()
	s.Host, s.Port, s.Security, s.TLSVerify, s.Fingerprint = host, port, "tls", "pinned", fingerprint
	s.Username, s.ImportSince, s.PollInterval = demoLogin, "all", 10*time.Second
	rules := models.DefaultRules()
	rules.AllowUnknown, rules.Domains = true, []string{"kunde.example", "demo.example"}
	_, err = d.app.Gateway.CreateInbox(ctx, &admin, gateway.InboxDraft{
		Name: "Support", Address: demoAddress, ProjectID: project.ID, Enabled: true, Settings: s, Rules: rules, Password: &d.ready.MailWord,
	})
	return err
}

// deliverSamples puts the sample mails into the mailbox, in the order of their file names.
func (d *demo) deliverSamples() error {
	names, err := fs.Glob(demoMails, "demo/*.eml")
	if err != nil {
		return err
	}
	for i, name := range names {
		raw, err := demoMails.ReadFile(name)
		if err != nil {
			return err
		}
		date := time.Now().Add(-time.Duration(len(names)-i) * time.Hour).Format(time.RFC1123Z)
		text := strings.ReplaceAll(string(raw), "{date}", date)
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
		if err := d.servers.Deliver(demoLogin, []byte(text)); err != nil {
			return fmt.Errorf("deliver %s: %w", name, err)
		}
	}
	return nil
}

// one delivers one more mail.
func (d *demo) one(context.Context) error {
	n := d.sent.Add(1)
	raw := fmt.Sprintf("From: Erika Beispiel <erika@kunde.example>\r\nTo: %s\r\nSubject: Noch eine Frage (%d)\r\nDate: %s\r\nMessage-ID: <more-%d-%s@kunde.example>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGuten Tag,\r\n\r\nkönnen Sie mir das bitte noch einmal erklären?\r\n\r\nViele Grüße\r\nErika Beispiel\r\n",
		demoAddress, n, time.Now().Format(time.RFC1123Z), n, rand.Text()[:8])
	return d.servers.Deliver(demoLogin, []byte(raw))
}

func hostPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}
