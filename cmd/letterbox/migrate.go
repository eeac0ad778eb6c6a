package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"letterbox/models/store"
)

func (p *program) migrateCommand() *cobra.Command {
	c := group("migrate", "Bring the database up to date, or show how it stands", "  letterbox migrate up\n  letterbox migrate status",
		p.migrateUpCommand(), p.migrateStatusCommand())
	return c
}

func (p *program) migrateUpCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "up", Short: "Apply the migrations that are missing",
		Long: `Apply the migrations that are missing. Running it again does no harm, and several processes may run it at once.
A database that a newer program has changed is refused.`,
		Example: "  letterbox migrate up --db sqlite:data/letterbox.db", Args: cobra.NoArgs,
	}
	load := settings(c, databaseSettings...)
	c.RunE = does(func(c *cobra.Command, _ []string) error {
		s, err := p.openStore(c, load, true)
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Migrate(c.Context()); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, "the database is up to date")
		return nil
	})
	return c
}

// migration is a row of "migrate status".
type migration struct {
	Version   int64  `json:"version"`
	Name      string `json:"name"`
	AppliedAt string `json:"applied_at"` // "" when it is missing.
}

func (p *program) migrateStatusCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "status", Short: "List the migrations and when they were applied",
		Long: `List the migrations and when they were applied. The exit status is 1 when one is missing, or when the database was
changed by a newer program.`,
		Example: "  letterbox migrate status --json", Args: cobra.NoArgs,
	}
	load := settings(c, databaseSettings...)
	rows := newList(c, []string{"VERSION", "APPLIED", "NAME"}, func(m migration) []string {
		applied := m.AppliedAt
		if applied == "" {
			applied = "missing"
		}
		return []string{fmt.Sprint(m.Version), applied, m.Name}
	})
	c.RunE = does(func(c *cobra.Command, _ []string) error {
		s, err := p.openStore(c, load, false)
		if err != nil {
			return err
		}
		defer s.Close()
		states, err := s.MigrationStatus(c.Context())
		if err != nil {
			return err
		}
		if err := rows.print(p.stdout, migrations(states)); err != nil {
			return err
		}
		return s.CheckSchema(c.Context())
	})
	return c
}

func migrations(states []store.MigrationState) []migration {
	out := make([]migration, len(states))
	for i, m := range states {
		out[i] = migration{Version: m.Version, Name: m.Name}
		if m.AppliedAt != nil {
			out[i].AppliedAt = m.AppliedAt.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return out
}
