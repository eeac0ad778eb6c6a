package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io"
)

// Verified counts what Verify has read.
type Verified struct {
	Octets, Blobs, Messages, Issues int64
}

// dangling lists references that the schema does not enforce, each with a query for the rows that break it.
var dangling = []struct{ what, query string }{
	{"message %d names octets that are not there", "SELECT id FROM messages m WHERE blob_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = m.blob_id)"},
	{"attachment %d names octets that are not there", "SELECT id FROM attachments a WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = a.blob_id)"},
	{"message %d names an issue that is not there", "SELECT id FROM messages m WHERE issue_number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM issues i WHERE i.number = m.issue_number)"},
	{"comment %d names an issue that is not there", "SELECT id FROM comments c WHERE NOT EXISTS (SELECT 1 FROM issues i WHERE i.number = c.issue_number)"},
}

// Verify reads everything that is kept and calls wrong with each thing that is not as it was written: damage of the
// file, octets whose SHA-256 differs, and references to what is not there. It changes nothing.
func (s *Store) Verify(ctx context.Context, wrong func(what string)) (Verified, error) {
	var v Verified
	if s.dialect == "sqlite" {
		err := s.each(ctx, "PRAGMA integrity_check", nil, func(r *sql.Rows) error {
			var line string
			err := r.Scan(&line)
			if line != "ok" {
				wrong("database: " + line)
			}
			return err
		})
		if err != nil {
			return v, wrap("check the database", err)
		}
	}
	for _, d := range dangling {
		err := s.each(ctx, d.query, nil, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			wrong(fmt.Sprintf(d.what, id))
			return err
		})
		if err != nil {
			return v, wrap("check references", err)
		}
	}
	for query, n := range map[string]*int64{"SELECT COUNT(*) FROM messages": &v.Messages, "SELECT COUNT(*) FROM issues": &v.Issues} {
		if err := s.queryRow(ctx, query, nil, n); err != nil {
			return v, wrap("count", err)
		}
	}
	return v, s.verifyBlobs(ctx, &v, wrong)
}

func (s *Store) verifyBlobs(ctx context.Context, v *Verified, wrong func(what string)) error {
	type sealed struct {
		id   int64
		hash []byte
	}
	for last := int64(0); ; {
		var list []sealed
		err := s.each(ctx, "SELECT id, sha256 FROM blobs WHERE id > ? AND sha256 IS NOT NULL ORDER BY id LIMIT 500", []any{last}, func(r *sql.Rows) error {
			var b sealed
			err := r.Scan(&b.id, &b.hash)
			list = append(list, b)
			return err
		})
		if err != nil || len(list) == 0 {
			return wrap("list octets", err)
		}
		for _, b := range list {
			r, size, err := s.OpenBlob(ctx, b.id)
			if err != nil {
				return err
			}
			hash := sha256.New()
			n, err := io.Copy(hash, r)
			_ = r.Close() // A reader has nothing to lose.
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil || n != size || !bytes.Equal(hash.Sum(nil), b.hash) {
				wrong(fmt.Sprintf("octets %d are damaged", b.id))
			}
			v.Octets += n
			v.Blobs++
			last = b.id
		}
	}
}
