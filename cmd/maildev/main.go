// Command maildev runs IMAP, POP3 and SMTP servers on loopback with sample mail, to develop and try Letterbox with.
//
// Nothing is kept: the mailboxes are in memory and gone when it ends.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"letterbox/internal/mailtest"
)

//go:embed mail/*.eml
var samples embed.FS

const help = `maildev runs IMAP, POP3 and SMTP servers on loopback with sample mail.

Every user has the password "secret". Mail to support@letterbox.example goes to the
user support, everything else to the user customer. The recipients temperror@, permerror@
and slow@ of any domain show what a failing server does.

Example:
  maildev -imap 127.0.0.1:1143 -pop3 127.0.0.1:1110 -smtp 127.0.0.1:1025

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until ctx is done and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("maildev", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, help)
		flags.PrintDefaults()
	}
	var o mailtest.Options
	flags.StringVar(&o.IMAPAddress, "imap", "127.0.0.1:0", "listen for IMAP on `HOST:PORT`")
	flags.StringVar(&o.POP3Address, "pop3", "127.0.0.1:0", "listen for POP3 on `HOST:PORT`")
	flags.StringVar(&o.SMTPAddress, "smtp", "127.0.0.1:0", "listen for SMTP on `HOST:PORT`")
	empty := flags.Bool("empty", false, "start without sample mail")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || flags.NArg() > 0 {
		return 2
	}
	if err := serve(ctx, o, !*empty, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "maildev:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, o mailtest.Options, filled bool, stdout io.Writer) error {
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		return err
	}
	o.Certificate, o.CatchAll = cert, "customer"
	o.OnMail = func(from string, to []string, raw []byte) {
		_, _ = fmt.Fprintf(stdout, "received %d octets from <%s> for %v\n", len(raw), from, to)
	}
	s, err := mailtest.NewServers(o)
	if err != nil {
		return err
	}
	defer s.Close()
	support := s.AddUser("support", "secret", "support@letterbox.example")
	s.AddUser("customer", "secret")
	for _, folder := range []string{"Erledigt", "Abgelehnt"} {
		if err := support.CreateFolder(folder); err != nil {
			return fmt.Errorf("create folder: %w", err)
		}
	}
	if filled {
		if err := fill(s); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(stdout, `IMAP  %s (STARTTLS or none), %s (TLS)
POP3  %s (STLS or none), %s (TLS)
SMTP  %s
User  support, customer; password secret
TLS   SHA-256 of the certificate: %s
`, s.IMAPAddr, s.IMAPSAddr, s.POP3Addr, s.POP3SAddr, s.SMTPAddr, cert.Fingerprint)
	<-ctx.Done()
	return nil
}

// fill delivers the sample mail to the user support.
func fill(s *mailtest.Servers) error {
	names, err := fs.Glob(samples, "mail/*.eml")
	if err != nil {
		return fmt.Errorf("find sample mail: %w", err)
	}
	for _, name := range names {
		raw, err := samples.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read sample mail: %w", err)
		}
		if err := s.Deliver("support", raw); err != nil {
			return err
		}
	}
	return nil
}
