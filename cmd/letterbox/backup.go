package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/internal/app"
	"letterbox/models/store"
)

// withTools is what an admin of a MariaDB does instead of "backup FILE".
const withTools = `copy a MariaDB with its own tools:
  mariadb-dump --single-transaction --hex-blob DATABASE > FILE
and load it with "mariadb DATABASE < FILE", then run "letterbox restore" without a file`

func (p *program) backupCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "backup FILE", Short: "Copy the embedded database to a new file while the server runs",
		Long: `Copy the embedded database, with all mail and attachments, as it is at one moment to a new file. The server may go on
working. The keys that open the stored passwords (secret.key) are not in it: keep a copy of them somewhere else.`,
		Example: "  letterbox backup /var/backups/letterbox-$(date +%F).db", Args: cobra.ExactArgs(1),
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, args []string) (err error) {
		s, err := p.openStore(c, load, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		if err := s.Backup(c.Context(), args[0]); err != nil {
			return instead(err)
		}
		_, err = fmt.Fprintln(p.stdout, "the backup is complete:", args[0])
		return err
	})
	return c
}

func (p *program) verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "verify", Short: "Read everything that is kept and compare it with its checksums",
		Long: `Read everything that is kept: the structure of the database, the checksum of each message and attachment, and that
nothing refers to what is not there. It changes nothing and may run beside the server. The exit status is 1 when
something is damaged.`,
		Example: "  letterbox verify\n  letterbox verify --db sqlite:/var/backups/letterbox.db", Args: cobra.NoArgs,
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, _ []string) (err error) {
		s, err := p.openStore(c, load, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		damage := false
		v, err := s.Verify(c.Context(), func(what string) { damage = true; fmt.Fprintln(p.stdout, what) })
		if err != nil {
			return err
		}
		if damage {
			return app.ErrDamaged
		}
		_, err = fmt.Fprintf(p.stdout, "all is well: %d messages, %d issues, %d files with %d octets\n", v.Messages, v.Issues, v.Blobs, v.Octets)
		return err
	})
	return c
}

func (p *program) restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "restore [FILE]", Short: "Put a backup in the place of the database, which must not be there",
		Long: `Put a backup in the place of the embedded database, which must not be there yet, after reading all of it as "verify"
does. Without FILE, prepare a MariaDB that was loaded from its dump.

Mail that came after the backup and is still on its server is taken in again. Issue numbers go on a thousand above those
in the backup, because customers may know numbers that were given since. Outgoing mail that was waiting is held: it may
have been sent since, so somebody looks at it and sends it or drops it. Do not start the server before this has run.`,
		Example: "  letterbox restore --data data /var/backups/letterbox-2026-05-04.db", Args: cobra.MaximumNArgs(1),
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, args []string) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		file := ""
		if len(args) == 1 {
			file = args[0]
		}
		r, err := app.Restore(c.Context(), cfg, p.quietLogger(c, cfg), file, func(what string) { fmt.Fprintln(p.stdout, what) })
		if err != nil {
			return instead(err)
		}
		_, err = fmt.Fprintf(p.stdout, "the database is ready: new issues start at #%d, %d outgoing mails are held\n", r.NextIssue, r.Held)
		return err
	})
	return c
}

// instead adds what to do when the database has to be copied by other means.
func instead(err error) error {
	if errors.Is(err, store.ErrNoBackup) {
		return fmt.Errorf("%w; %s", err, withTools)
	}
	return err
}
