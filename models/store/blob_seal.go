package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"letterbox/models"
)

const (
	insertChunk = "INSERT INTO blob_chunks (blob_id, place, data)"
	// smallChunk is how many octets go to a server as text of a statement, with others. More go as they are, by a statement
	// that is prepared: to read them out of a text costs the server more than one more way there and back.
	smallChunk = 8 << 10
)

// Seal makes the octets a blob, in the transaction of ctx or in one of its own. When the same octets are there already,
// it returns that blob. It may be called again when its transaction is repeated. Call [BlobWriter.Discard] in any case
// once the transaction is over.
func (w *BlobWriter) Seal(ctx context.Context) (models.Blob, error) {
	if err := w.finish(); err != nil {
		return models.Blob{}, err
	}
	var b models.Blob
	err := w.store.write(ctx, "seal blob", func(ctx context.Context, tx *txPool) (err error) {
		b, err = w.seal(ctx, tx)
		if duplicate(err) {
			return errRace
		}
		return err
	})
	return b, err
}

// finish ends the writing.
func (w *BlobWriter) finish() error {
	if w.err != nil {
		return w.err
	}
	if w.released {
		return errors.New("seal blob: its octets are given up")
	}
	w.done = true
	return nil
}

func (w *BlobWriter) seal(ctx context.Context, tx *txPool) (models.Blob, error) {
	t := now()
	sum := w.SHA256()
	// A write, not a read: it keeps the row from being deleted as unreferenced meanwhile.
	n, err := tx.exec(ctx, "UPDATE blobs SET touched_at = ? WHERE sha256 = ?", t, sum)
	if err != nil {
		return models.Blob{}, err
	}
	if n > 0 {
		b, err := w.store.BlobBySHA(ctx, sum)
		if err == nil && w.id != 0 && b.ID != w.id {
			err = tx.dropStaged(ctx, w.id)
		}
		return b, err
	}
	b := models.Blob{ID: w.id, SHA256: sum, Size: w.size, CreatedAt: t, TouchedAt: t}
	if w.id == 0 {
		b.ID, err = tx.insert(ctx, "INSERT INTO blobs (sha256, size, created_at, touched_at) VALUES (?, ?, ?, ?)", sum, w.size, t, t)
	} else {
		n, err = tx.exec(ctx, "UPDATE blobs SET sha256 = ?, size = ?, touched_at = ? WHERE id = ? AND sha256 IS NULL", sum, w.size, t, w.id)
		if err == nil && n == 0 {
			err = fmt.Errorf("staged octets are gone: %w", models.ErrNotFound)
		}
	}
	if err == nil && len(w.buf) > 0 {
		err = tx.addLastChunk(ctx, b.ID, w.place, w.buf)
	}
	return b, err
}

// SealAll is [BlobWriter.Seal] for several, in one transaction; the blobs are in the order of the writers. On a server
// many take as few statements as one.
func (s *Store) SealAll(ctx context.Context, writers []*BlobWriter) ([]models.Blob, error) {
	blobs := make([]models.Blob, len(writers))
	err := s.write(ctx, "seal blobs", func(ctx context.Context, tx *txPool) error {
		known := map[string]models.Blob{}
		if tx.distant && len(writers) > 1 {
			var err error
			if known, err = tx.sealSmall(ctx, writers); duplicate(err) {
				return errRace
			} else if err != nil {
				return err
			}
		}
		for i, w := range writers {
			b, ok := known[string(w.SHA256())]
			if !ok || w.id != 0 {
				var err error
				if b, err = w.Seal(ctx); err != nil {
					return err
				}
			}
			blobs[i] = b
		}
		return nil
	})
	return blobs, err
}

// sealSmall seals the writers that hold all of their octets in memory and returns the blobs by their hash.
func (t *txPool) sealSmall(ctx context.Context, writers []*BlobWriter) (map[string]models.Blob, error) {
	at := now()
	small := map[string]*BlobWriter{}
	for _, w := range writers {
		if err := w.finish(); err != nil {
			return nil, err
		}
		if w.id == 0 {
			small[string(w.SHA256())] = w
		}
	}
	sums := slices.Sorted(maps.Keys(small)) // Whoever seals the same ones takes their rows in the same order.
	if len(sums) == 0 {
		return nil, nil
	}
	hashes := make([]any, len(sums))
	for i, sum := range sums {
		hashes[i] = []byte(sum)
	}
	// A write, not a read: it keeps the rows from being deleted as unreferenced meanwhile.
	n, err := t.exec(ctx, "UPDATE blobs SET touched_at = ? WHERE sha256 IN ("+marks(len(sums))+")", append([]any{at}, hashes...)...)
	if err != nil {
		return nil, err
	}
	known := map[string]models.Blob{}
	if n > 0 {
		if known, err = t.blobsBySHA(ctx, hashes); err != nil {
			return nil, err
		}
	}
	var rows []any
	var fresh []any
	for _, sum := range sums {
		if _, ok := known[sum]; !ok {
			rows, fresh = append(rows, []byte(sum), small[sum].size, at, at), append(fresh, []byte(sum))
		}
	}
	if len(fresh) == 0 {
		return known, nil
	}
	if _, err := t.ExecContext(ctx, insertOf("INSERT INTO blobs (sha256, size, created_at, touched_at)", "", 4, len(rows)), rows...); err != nil {
		return nil, err
	}
	added, err := t.blobsBySHA(ctx, fresh)
	if err != nil {
		return nil, err
	}
	var large []chunk
	for sum, b := range added {
		w := small[sum]
		if known[sum] = b; len(w.buf) > smallChunk {
			large = append(large, chunksOf(b.ID, 0, w.buf)...)
		} else if len(w.buf) > 0 {
			if err := t.addLastChunk(ctx, b.ID, 0, w.buf); err != nil {
				return nil, err
			}
		}
	}
	return known, t.addChunks(ctx, large...)
}

func (t *txPool) blobsBySHA(ctx context.Context, hashes []any) (map[string]models.Blob, error) {
	rows, err := t.QueryContext(ctx, "SELECT id, sha256, size, created_at, touched_at FROM blobs WHERE sha256 IN ("+marks(len(hashes))+")", hashes...)
	if err != nil {
		return nil, err
	}
	out := map[string]models.Blob{}
	err = scanAll(rows, func(r *sql.Rows) error {
		var b models.Blob
		err := r.Scan(&b.ID, &b.SHA256, &b.Size, &b.CreatedAt, &b.TouchedAt)
		out[string(b.SHA256)] = b
		return err
	})
	return out, err
}

// addLastChunk is addChunks for octets whose buffer stays as it is until the transaction ends.
func (t *txPool) addLastChunk(ctx context.Context, blobID int64, place int, data []byte) error {
	if len(data) > smallChunk {
		return t.addChunks(ctx, chunksOf(blobID, place, data)...)
	}
	return t.later(ctx, inserted("blob_chunks", insertChunk, "", 3), blobID, place, data)
}

// chunk is a part of the octets of a blob.
type chunk struct {
	blobID int64
	place  int
	data   []byte
}

// chunksOf parts octets into chunks, from place on.
func chunksOf(blobID int64, place int, data []byte) []chunk {
	out := make([]chunk, 0, len(data)/chunkSize+1)
	for part := range slices.Chunk(data, chunkSize) {
		out = append(out, chunk{blobID, place + len(out), part})
	}
	return out
}

func (t *txPool) addChunks(ctx context.Context, chunks ...chunk) error {
	query := insertOf(insertChunk, "", 3, 3)
	if !t.distant {
		for _, c := range chunks {
			if _, err := t.ExecContext(ctx, query, c.blobID, c.place, c.data); err != nil {
				return err
			}
		}
		return nil
	}
	if err := t.ready(ctx, query); err != nil || len(chunks) == 0 {
		return err
	}
	return t.check(t.asOctets(ctx, func() error {
		insert, err := t.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer insert.Close() //nolint:errcheck // Nothing is lost by it.
		for _, c := range chunks {
			if _, err := insert.ExecContext(ctx, c.blobID, c.place, c.data); err != nil {
				return err
			}
		}
		return nil
	}))
}

// asOctets runs f while the server takes what it is given for octets: of what might be text it looks at each character.
func (t *txPool) asOctets(ctx context.Context, f func() error) error {
	if _, err := t.ConnPool.ExecContext(ctx, "SET NAMES binary"); err != nil {
		return err
	}
	err := f()
	// Also when ctx has ended: the connection may be used again.
	if _, back := t.ConnPool.ExecContext(context.WithoutCancel(ctx), "SET NAMES utf8mb4 COLLATE "+mysqlCollation); back != nil && err == nil {
		err = back
	}
	return err
}
