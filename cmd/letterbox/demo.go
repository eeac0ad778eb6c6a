package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
)

func (p *program) demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "demo", Short: "Try it: mail servers, a seeded inbox and sample mails on this machine",
		Long: `Start Letterbox in a temporary folder together with IMAP, POP3 and SMTP servers on loopback, an inbox that reads them
and a few sample mails: a new issue, replies, HTML only, attachments, a refused sender, an automatic answer.
It prints the address and the logins. Everything is gone when it ends.

To send one more mail, use the button "Send test mail" above the issues, any mail program with the printed SMTP server, or

  curl smtp://SMTP-ADDRESS --mail-from you@kunde.example --mail-rcpt support@demo.example --upload-file mail.eml`,
		Example: "  letterbox demo\n  letterbox demo --listen 127.0.0.1:9000", Args: cobra.NoArgs,
	}
	load := settings(c, "listen", "log_level", "log_format")
	c.RunE = does(func(c *cobra.Command, _ []string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		return app.Demo(c.Context(), cfg.Listen, p.quietLogger(c, cfg), p.demoReady)
	})
	return c
}

func (p *program) demoReady(r app.DemoReady) {
	fmt.Fprintf(p.stdout, `Letterbox demo

  Address    %s
  Sign in    %s   password  %s

  IMAP       %s   POP3  %s   user %s   password %s
  SMTP       %s   mail to %s becomes an issue

Send one more mail with the button "Send test mail" above the issues, or:

  printf 'From: you@kunde.example\nTo: %s\nSubject: Hello\n\nOne more.\n' |
    curl -s smtp://%s --mail-from you@kunde.example --mail-rcpt %s --upload-file -

Ctrl-C ends the demo and removes everything.
`, r.URL, r.Login, r.Password, r.IMAP, r.POP3, r.MailLogin, r.MailWord, r.SMTP, r.MailAddress, r.MailAddress, r.SMTP, r.MailAddress)
}
