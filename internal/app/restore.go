package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"letterbox/internal/config"
	"letterbox/models/store"
)

// heldAfterRestore is the code of outgoing mail that waits for a person after a restore.
const heldAfterRestore = "E-DB-05"

// ErrDamaged says that a database does not hold what was written to it.
var ErrDamaged = errors.New("the database is damaged")

// Restore puts a backup in the place of the embedded database, which must not be there yet, and prepares it for work: see
// [store.Store.AfterRestore]. With "" for the backup it prepares a database that another tool has restored. A backup that
// is damaged (ErrDamaged, with each thing told to wrong) or that a newer program wrote is refused; then nothing is left
// where it was put.
func Restore(ctx context.Context, cfg config.Config, log *slog.Logger, backup string, wrong func(string)) (r store.Restored, err error) {
	if backup != "" {
		path, embedded := strings.CutPrefix(cfg.DB, "sqlite:")
		if !embedded {
			return r, store.ErrNoBackup
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return r, fmt.Errorf("restore: %w", err)
		}
		if err := copyNew(path, backup); err != nil {
			return r, fmt.Errorf("restore: %w", err)
		}
		defer func() {
			if err != nil { // The log of the database goes with it.
				err = errors.Join(err, os.Remove(path), forget(path+"-wal"), forget(path+"-shm"))
			}
		}()
	}
	s, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	damage := false
	if _, err := s.Verify(ctx, func(what string) { damage = true; wrong(what) }); err != nil {
		return r, err
	}
	if damage {
		return r, ErrDamaged
	}
	if err := migrate(ctx, s); err != nil {
		return r, err
	}
	return s.AfterRestore(ctx, heldAfterRestore)
}

// copyNew copies a file to where none is, for our eyes only, and has it on the disk before it returns.
func copyNew(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

func forget(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
