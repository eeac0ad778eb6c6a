package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
)

// chunkSize is the most octets in one row, below every server's limit for a packet or an entry. Memory for a mail of any
// size is some of these.
const chunkSize = 512 << 10

// BlobWriter takes the octets of one blob. Up to half a MiB stays in memory; what is longer is staged in the database while
// it is written, in short transactions of its own. Nothing refers to the octets until [BlobWriter.Seal]; what was staged
// and never sealed is deleted by [BlobWriter.Discard] or later by [Store.DeleteUnreferencedBlobs].
type BlobWriter struct {
	store    *Store
	ctx      context.Context //nolint:containedctx // io.Writer has no room for one; the writer lives in one call.
	hash     hash.Hash
	buf      []byte // Not staged yet.
	size     int64
	id       int64 // Of the staged blob; 0 while all is in memory.
	place    int   // Of the next chunk.
	done     bool
	released bool // The octets in memory are given up.
	pooled   bool // buf goes back to the store's buffers.
	err      error
}

// NewBlob returns a writer for a new blob. When ctx ends, staging fails. With the ctx of a transaction, staging belongs
// to that.
func (s *Store) NewBlob(ctx context.Context) *BlobWriter {
	return &BlobWriter{store: s, ctx: ctx, hash: sha256.New()}
}

// Expect makes room for a blob of so many octets, as far as it is kept in memory.
func (w *BlobWriter) Expect(size int64) {
	if w.buf == nil && size > 0 {
		w.buf = make([]byte, 0, min(size, chunkSize))
	}
}

// Write is part of io.Writer.
func (w *BlobWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, errors.New("write blob: sealed or discarded")
	}
	written := 0
	for len(p) > 0 && w.err == nil {
		if len(w.buf) == chunkSize {
			if w.err = w.stage(); w.err != nil {
				break
			}
		}
		if w.buf == nil {
			w.buf = w.store.buffers.get()
			w.pooled = true
		}
		n := min(len(p), chunkSize-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		_, _ = w.hash.Write(p[:n])
		w.size += int64(n)
		written += n
		p = p[n:]
	}
	return written, w.err
}

// Shrink gives up memory that is kept ready for more octets. More can be written all the same.
func (w *BlobWriter) Shrink() {
	if !w.pooled {
		return
	}
	exact := bytes.Clone(w.buf)
	w.store.buffers.put(w.buf)
	w.buf, w.pooled = exact, false
}

// Size is the number of octets written so far.
func (w *BlobWriter) Size() int64 { return w.size }

// SHA256 is the hash of the octets written so far.
func (w *BlobWriter) SHA256() []byte { return w.hash.Sum(nil) }

// stage writes the buffer as a chunk of a blob that is not sealed.
func (w *BlobWriter) stage() error {
	id := w.id
	err := w.store.write(w.ctx, "stage octets", func(ctx context.Context, tx *txPool) (err error) {
		t := now()
		id = w.id
		if id == 0 {
			id, err = tx.insert(ctx, "INSERT INTO blobs (sha256, size, created_at, touched_at) VALUES (NULL, 0, ?, ?)", t, t)
		} else {
			err = foundOne(tx.exec(ctx, "UPDATE blobs SET touched_at = ? WHERE id = ? AND sha256 IS NULL", t, id))
		}
		if err != nil {
			return err
		}
		return tx.addChunks(ctx, chunk{id, w.place, w.buf})
	})
	if err != nil {
		return err
	}
	w.id = id
	w.place++
	w.buf = w.buf[:0]
	return nil
}

// Discard gives up what was not sealed. It does nothing to a sealed blob, so it can be deferred. It works after ctx of
// the writer has ended.
func (w *BlobWriter) Discard(ctx context.Context) error {
	w.Release()
	if w.id == 0 {
		return nil
	}
	return w.store.write(context.WithoutCancel(ctx), "discard blob", func(ctx context.Context, tx *txPool) error {
		return tx.dropStaged(ctx, w.id)
	})
}

// Release gives up the memory of a writer whose blob is sealed and committed, or not wanted. What is staged stays.
func (w *BlobWriter) Release() {
	w.done, w.released = true, true
	if w.pooled {
		w.store.buffers.put(w.buf)
		w.pooled = false
	}
	w.buf = nil
}

// dropStaged deletes a blob that was never sealed.
func (t *txPool) dropStaged(ctx context.Context, id int64) error {
	n, err := t.exec(ctx, "UPDATE blobs SET size = 0 WHERE id = ? AND sha256 IS NULL", id)
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM blob_chunks WHERE blob_id = ?", id); err != nil {
		return err
	}
	_, err = t.exec(ctx, "DELETE FROM blobs WHERE id = ? AND sha256 IS NULL", id)
	return err
}
