package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

const (
	// chunkSize is the most octets in one row, below every server's limit for a packet or an entry.
	chunkSize = 512 << 10
	// memoryMost is how much of a blob is in memory at a time. Memory for a mail of any size is some of these. What is
	// longer is staged, which waits for who is writing; most mails with a file are shorter.
	memoryMost = 2 * chunkSize
)

// BlobWriter takes the octets of one blob. Up to a MiB stays in memory; what is longer is staged in the database while it
// is written, in short transactions of its own. Nothing refers to the octets until [BlobWriter.Seal]; what was staged
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
		w.buf = w.store.buffers.get(size + 1) // ReadFrom finds the end without another buffer.
	}
}

var errBlobDone = errors.New("write blob: sealed or discarded")

// Write is part of io.Writer.
func (w *BlobWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, errBlobDone
	}
	written := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return written, err
		}
		n := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.took(n)
		written += n
		p = p[n:]
	}
	return written, nil
}

// ReadFrom is part of io.ReaderFrom. It reads straight into the memory of the blob.
func (w *BlobWriter) ReadFrom(r io.Reader) (read int64, err error) {
	if w.done {
		return 0, errBlobDone
	}
	for empty := 0; ; {
		// Room is made before it is known whether more comes: Seal takes a chunk that turns out empty.
		if err := w.room(); err != nil {
			return read, err
		}
		n, err := r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.took(n)
		read += int64(n)
		switch {
		case err == io.EOF:
			return read, nil
		case err != nil:
			return read, err
		case n > 0:
			empty = 0
		default:
			if empty++; empty == 100 {
				return read, io.ErrNoProgress
			}
		}
	}
}

// room makes sure that there is room for more octets.
func (w *BlobWriter) room() error {
	if w.err == nil && len(w.buf) >= int(w.most()) {
		w.err = w.stage()
	}
	switch {
	case w.err != nil:
		return w.err
	case w.buf == nil:
		w.buf = w.store.buffers.get(w.most())
	case len(w.buf) == cap(w.buf):
		w.moveTo(w.store.buffers.get(w.most()))
	}
	return nil
}

// most is how many octets are in memory before they are staged. Of what is long anyway it is less.
func (w *BlobWriter) most() int64 {
	if w.id != 0 {
		return chunkSize
	}
	return memoryMost
}

// took counts n octets that stand behind those of buf.
func (w *BlobWriter) took(n int) {
	fresh := w.buf[len(w.buf) : len(w.buf)+n]
	_, _ = w.hash.Write(fresh)
	w.buf = w.buf[:len(w.buf)+n]
	w.size += int64(n)
}

// moveTo has the octets in other memory.
func (w *BlobWriter) moveTo(buf []byte) {
	buf = append(buf, w.buf...)
	w.store.buffers.put(w.buf)
	w.buf = buf
}

// Shrink gives up memory that is kept ready for more octets. More can be written all the same.
func (w *BlobWriter) Shrink() {
	if _, octets := sizeClass(int64(len(w.buf))); octets < cap(w.buf) {
		w.moveTo(w.store.buffers.get(int64(len(w.buf))))
	}
}

// Size is the number of octets written so far.
func (w *BlobWriter) Size() int64 { return w.size }

// Bytes returns the octets written so far while all of them are in memory, and nil once some are staged. They are not
// to be changed, and gone after [BlobWriter.Release].
func (w *BlobWriter) Bytes() []byte {
	if w.id != 0 {
		return nil
	}
	return w.buf
}

// SHA256 is the hash of the octets written so far.
func (w *BlobWriter) SHA256() []byte { return w.hash.Sum(nil) }

// stage writes the buffer as chunks of a blob that is not sealed.
func (w *BlobWriter) stage() error {
	id, chunks := w.id, chunksOf(0, w.place, w.buf)
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
		for i := range chunks {
			chunks[i].blobID = id
		}
		return tx.addChunks(ctx, chunks...)
	})
	if err != nil {
		return err
	}
	w.id = id
	w.place += len(chunks)
	w.store.buffers.put(w.buf)
	w.buf = nil
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

// Release gives up the memory of a writer whose blob is sealed and committed, or not wanted: nobody may read what Bytes
// has returned any more. What is staged stays.
func (w *BlobWriter) Release() {
	w.done, w.released = true, true
	if w.buf != nil {
		w.store.buffers.put(w.buf)
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
