package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"letterbox/models"
)

// OpenBlob opens a sealed blob for reading, chunk by chunk, and returns its size. The reader works as long as ctx does.
func (s *Store) OpenBlob(ctx context.Context, id int64) (io.ReadCloser, int64, error) {
	var size int64
	err := s.queryRow(ctx, "SELECT size FROM blobs WHERE id = ? AND sha256 IS NOT NULL", []any{id}, &size)
	if err != nil {
		return nil, 0, wrap("open blob", err)
	}
	return &blobReader{store: s, ctx: ctx, id: id, left: size}, size, nil
}

// BlobBySHA returns the sealed blob with this SHA-256.
func (s *Store) BlobBySHA(ctx context.Context, sha []byte) (models.Blob, error) {
	b := models.Blob{SHA256: bytes.Clone(sha)}
	err := s.queryRow(ctx, "SELECT id, size, created_at, touched_at FROM blobs WHERE sha256 = ?", []any{sha},
		&b.ID, &b.Size, &b.CreatedAt, &b.TouchedAt)
	return b, wrap("find blob", err)
}

// blobUnreferenced is the condition under which a blob may go.
const blobUnreferenced = `touched_at < ?
	AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.blob_id = blobs.id)
	AND NOT EXISTS (SELECT 1 FROM attachments WHERE attachments.blob_id = blobs.id)`

// DeleteUnreferencedBlobs deletes blobs that no message and no attachment refers to, sealed or not, and that nobody has
// written or sealed for olderThan. It returns how many it deleted; each goes in a transaction of its own.
func (s *Store) DeleteUnreferencedBlobs(ctx context.Context, olderThan time.Duration) (int, error) {
	deleted := 0
	before := now().Add(-olderThan)
	for last := int64(0); ; {
		var ids []int64
		err := s.each(ctx, "SELECT id FROM blobs WHERE id > ? AND "+blobUnreferenced+" ORDER BY id LIMIT 100",
			[]any{last, before}, func(r *sql.Rows) error {
				err := r.Scan(&last)
				ids = append(ids, last)
				return err
			})
		if err != nil || len(ids) == 0 {
			return deleted, wrap("find unreferenced blobs", err)
		}
		for _, id := range ids {
			var n int64
			err := s.write(ctx, "delete blob", func(ctx context.Context, tx *txPool) (err error) {
				// The write locks the row: who seals the same octets now waits, or has touched it and wins.
				n, err = tx.exec(ctx, "UPDATE blobs SET size = size WHERE id = ? AND "+blobUnreferenced, id, before)
				if err != nil || n == 0 {
					return err
				}
				if _, err = tx.exec(ctx, "DELETE FROM blob_chunks WHERE blob_id = ?", id); err != nil {
					return err
				}
				_, err = tx.exec(ctx, "DELETE FROM blobs WHERE id = ?", id)
				return err
			})
			if err != nil {
				return deleted, err
			}
			deleted += int(n)
		}
	}
}

// blobReader reads one chunk at a time.
type blobReader struct {
	store *Store
	ctx   context.Context //nolint:containedctx // io.Reader has no room for one; the reader lives in one call.
	id    int64
	place int
	left  int64
	data  octets // Of the chunk that is read, with what is read already.
	chunk []byte // What is left of it.
}

// octets is where a query puts octets, in memory that is used again.
type octets []byte

// Scan is part of sql.Scanner.
func (o *octets) Scan(value any) error {
	b, ok := value.([]byte)
	if !ok {
		return fmt.Errorf("octets are a %T", value)
	}
	*o = append((*o)[:0], b...)
	return nil
}

var errBlobClosed = errors.New("blob is closed")

// Read is part of io.Reader. A blob that is shorter than its size says is io.ErrUnexpectedEOF.
func (r *blobReader) Read(p []byte) (int, error) {
	if len(r.chunk) == 0 {
		if r.left <= 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

func (r *blobReader) next() error {
	if r.store == nil {
		return errBlobClosed
	}
	if r.data == nil {
		r.data = r.store.buffers.get(min(r.left, chunkSize))
	}
	err := r.store.queryRow(r.ctx, "SELECT data FROM blob_chunks WHERE blob_id = ? AND place = ?", []any{r.id, r.place}, &r.data)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(r.data) == 0 {
		return fmt.Errorf("read blob %d, chunk %d: %w", r.id, r.place, io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("read blob %d, chunk %d: %w", r.id, r.place, err)
	}
	r.place++
	r.left -= int64(len(r.data))
	r.chunk = r.data
	return nil
}

// Close is part of io.Closer.
func (r *blobReader) Close() error {
	if r.store != nil && r.data != nil {
		r.store.buffers.put(r.data)
	}
	r.store, r.data, r.chunk, r.left = nil, nil, nil, 0
	return nil
}
