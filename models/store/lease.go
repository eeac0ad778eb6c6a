package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"letterbox/models"
)

// longestHold is more than any lease or claim runs. One that runs longer was written by a clock that was wrong.
const longestHold = 2 * time.Hour

// Presence is how the names of leases begin by which processes make themselves known.
const Presence = "process:"

// AcquireLease takes the lease name for holder when nobody holds it, when it has run out, or when holder has it
// already. The epoch that it returns is higher than all before. ok is false when somebody else holds it. The times are
// those of the database. A lease that runs for hours was taken while its clock was wrong, and has run out.
func (s *Store) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (epoch int64, ok bool, err error) {
	err = s.write(ctx, "acquire lease", func(ctx context.Context, tx *txPool) error {
		epoch, ok = 0, false
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		take := func() (int64, error) {
			return tx.exec(ctx, `UPDATE leases SET holder = ?, epoch = epoch + 1, expires_at = ?
				WHERE name = ? AND (expires_at <= ? OR expires_at > ? OR holder = ?)`, holder, t.Add(ttl), name, t, t.Add(longestHold), holder)
		}
		n, err := take()
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := tx.exec(ctx, s.insertIgnore()+"leases (name, holder, epoch, touched, expires_at) VALUES (?, '', 0, 0, ?)",
				name, time.Unix(0, 0))
			if err != nil {
				return err
			}
			if n, err = take(); err != nil || n == 0 {
				return err
			}
		}
		ok = true
		return s.queryRow(ctx, "SELECT epoch FROM leases WHERE name = ?", []any{name}, &epoch)
	})
	return epoch, ok && err == nil, err
}

// RenewLease keeps a lease for another ttl; false when it was lost to another holder.
func (s *Store) RenewLease(ctx context.Context, name, holder string, epoch int64, ttl time.Duration) (bool, error) {
	return s.updateLease(ctx, name, holder, epoch, ttl)
}

// RenewLeases keeps the leases of holder among names for another ttl, and returns the epochs of those that it still holds.
func (s *Store) RenewLeases(ctx context.Context, holder string, names []string, ttl time.Duration) (map[string]int64, error) {
	epochs := make(map[string]int64, len(names))
	for part := range slices.Chunk(names, 500) {
		err := s.write(ctx, "renew leases", func(ctx context.Context, tx *txPool) error {
			t, err := s.Now(ctx)
			if err != nil {
				return err
			}
			these := " WHERE holder = ? AND name IN (" + marks(len(part)) + ")"
			args := append([]any{holder}, anys(part)...)
			if _, err := tx.exec(ctx, "UPDATE leases SET expires_at = ?"+these, append([]any{t.Add(ttl)}, args...)...); err != nil {
				return err
			}
			return s.each(ctx, "SELECT name, epoch FROM leases"+these, args, func(r *sql.Rows) error {
				var name string
				var epoch int64
				err := r.Scan(&name, &epoch)
				epochs[name] = epoch
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return epochs, nil
}

// ReleaseLease gives a lease back, so that the next holder need not wait. A lease that was lost is left alone.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string, epoch int64) error {
	_, err := s.updateLease(ctx, name, holder, epoch, 0)
	return err
}

// EndLeasesOf lets all leases of a holder run out now.
func (s *Store) EndLeasesOf(ctx context.Context, holder string) error {
	return s.write(ctx, "end leases", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE leases SET expires_at = ? WHERE holder = ? AND expires_at > ?", t, holder, t)
		return err
	})
}

func (s *Store) updateLease(ctx context.Context, name, holder string, epoch int64, ttl time.Duration) (ok bool, err error) {
	err = s.write(ctx, "update lease", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		n, err := tx.exec(ctx, "UPDATE leases SET expires_at = ? WHERE name = ? AND holder = ? AND epoch = ?",
			t.Add(ttl), name, holder, epoch)
		ok = n == 1
		return err
	})
	return ok && err == nil, err
}

// HoldLease makes the transaction in ctx fail with models.ErrFenced when another holder has taken the lease since
// epoch. It writes the row, because on Galera only writes exclude each other; so two transactions under the same lease
// follow one another.
func (s *Store) HoldLease(ctx context.Context, name string, epoch int64) error {
	return s.write(ctx, "hold lease", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, "UPDATE leases SET touched = touched + 1 WHERE name = ? AND epoch = ?", name, epoch)
		if err == nil && n == 0 {
			err = models.ErrFenced
		}
		return err
	})
}

// LeasesOfOthers returns the names of the leases that somebody else than holder has now, in a set. It is cheap enough to
// be asked every few seconds.
func (s *Store) LeasesOfOthers(ctx context.Context, holder string) (map[string]bool, error) {
	t, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	err = s.each(ctx, "SELECT name FROM leases WHERE expires_at > ? AND expires_at <= ? AND holder <> ?", []any{t, t.Add(longestHold), holder}, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		held[name] = true
		return err
	})
	return held, wrap("list leases", err)
}

// DeleteLease deletes a lease of holder, with its epoch: only one whose name nobody takes again needs none.
func (s *Store) DeleteLease(ctx context.Context, name, holder string) error {
	return s.write(ctx, "delete lease", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
		return err
	})
}

// DeleteLeases deletes the leases whose names begin with prefix and that ran out longer ago than age.
func (s *Store) DeleteLeases(ctx context.Context, prefix string, age time.Duration) error {
	return s.write(ctx, "delete leases", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "DELETE FROM leases WHERE SUBSTR(name, 1, ?) = ? AND expires_at < ?", len(prefix), prefix, t.Add(-age))
		return err
	})
}
