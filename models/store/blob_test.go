package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func octets(n int, seed uint64) []byte {
	var key [32]byte
	key[0] = byte(seed)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

func seal(t testing.TB, s *store.Store, data []byte) models.Blob {
	t.Helper()
	w := s.NewBlob(t.Context())
	_, err := io.Copy(w, bytes.NewReader(data))
	must(t, err)
	b, err := w.Seal(t.Context())
	must(t, err, w.Discard(t.Context()))
	return b
}

func readBlob(t testing.TB, s *store.Store, id int64) []byte {
	t.Helper()
	r, size, err := s.OpenBlob(t.Context(), id)
	must(t, err)
	got, err := io.ReadAll(r)
	must(t, err, r.Close())
	if size != int64(len(got)) {
		t.Errorf("size: got %d, want %d", size, len(got))
	}
	return got
}

func TestBlobsOfAnySizeComeBackUnchanged(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		for _, n := range []int{0, 1, 20_000, 512<<10 - 1, 512 << 10, 512<<10 + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 77} {
			data := octets(n, 1)
			b := seal(t, s, data)
			if sum := sha256.Sum256(data); !bytes.Equal(b.SHA256, sum[:]) || b.Size != int64(n) {
				t.Errorf("%d octets: got size %d, hash %x", n, b.Size, b.SHA256)
			}
			if !bytes.Equal(readBlob(t, s, b.ID), data) {
				t.Errorf("%d octets: they came back changed", n)
			}
			found, err := s.BlobBySHA(t.Context(), b.SHA256)
			must(t, err)
			if again := seal(t, s, data); again.ID != b.ID || found.ID != b.ID {
				t.Errorf("%d octets again: got blob %d and %d, want %d", n, again.ID, found.ID, b.ID)
			}
		}
	})
}

func TestSealBelongsToItsTransactionAndMayBeRepeated(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		for _, n := range []int{100, 5 << 19} {
			data := octets(n, 2)
			w := s.NewBlob(t.Context())
			_, err := w.Write(data)
			must(t, err)
			undo := errors.New("undo")
			err = s.WithTx(t.Context(), func(ctx context.Context) error {
				_, err := w.Seal(ctx)
				must(t, err)
				return undo
			})
			want(t, "first try", err, undo)
			_, err = s.BlobBySHA(t.Context(), w.SHA256())
			want(t, "after rollback", err, models.ErrNotFound)
			var b models.Blob
			must(t, s.WithTx(t.Context(), func(ctx context.Context) (err error) {
				b, err = w.Seal(ctx)
				return err
			}), w.Discard(t.Context()))
			if !bytes.Equal(readBlob(t, s, b.ID), data) {
				t.Errorf("%d octets came back changed after a repeated transaction", n)
			}
		}
	})
}

func TestDiscardedAndForgottenOctetsGo(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		w := s.NewBlob(ctx)
		_, err := w.Write(octets(3<<20, 3))
		must(t, err, w.Discard(ctx))
		if n, err := s.DeleteUnreferencedBlobs(ctx, -time.Hour); n != 0 || err != nil {
			t.Errorf("after Discard: %d blobs are left (%v), want 0", n, err)
		}
		_, err = s.NewBlob(ctx).Write(octets(3<<20, 4)) // Nobody discards it.
		must(t, err)
		loose, held := seal(t, s, octets(10, 5)), seal(t, s, octets(3<<20, 6))
		m := &models.Message{InboxID: 1, UID: "1"}
		must(t, s.AddKnown(ctx, []*models.Message{m}))
		m.BlobID = &held.ID
		must(t, s.SaveReceived(ctx, []*models.Message{m}))
		if n, err := s.DeleteUnreferencedBlobs(ctx, time.Hour); n != 0 || err != nil {
			t.Errorf("young ones: got %d deleted, %v, want 0", n, err)
		}
		if n, err := s.DeleteUnreferencedBlobs(ctx, -time.Hour); n != 2 || err != nil {
			t.Errorf("unreferenced ones: got %d deleted, %v, want 2", n, err)
		}
		_, _, err = s.OpenBlob(ctx, loose.ID)
		want(t, "deleted blob", err, models.ErrNotFound)
		if len(readBlob(t, s, held.ID)) != 3<<20 {
			t.Error("the blob of a message was harmed")
		}
	})
}

func TestStagedOctetsCannotBeOpened(t *testing.T) {
	s := testdb.Open(t)
	_, err := s.NewBlob(t.Context()).Write(octets(3<<20, 7))
	must(t, err)
	_, _, err = s.OpenBlob(t.Context(), 1)
	want(t, "staged blob", err, models.ErrNotFound)
}

func TestWriteAfterSealIsRefused(t *testing.T) {
	s := testdb.Open(t)
	w := s.NewBlob(t.Context())
	_, err := w.Seal(t.Context())
	must(t, err)
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("got no error, want one")
	}
}

func TestTextIsTextAgainAfterOctets(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		if !s.OnServer() {
			return // There every value has a type of its own.
		}
		const names = "SELECT CONCAT_WS(' ', @@character_set_client, @@character_set_results, @@collation_connection)"
		cause := errors.New("not wanted after all")
		for _, end := range []error{nil, cause} {
			var before, after string
			err := s.WithTx(t.Context(), func(ctx context.Context) (err error) {
				before, err = s.QueryText(ctx, names)
				must(t, err)
				var all []*store.BlobWriter
				for i := range 3 {
					w := s.NewBlob(ctx)
					_, err := w.Write(octets(40_000, uint64(10+i)))
					must(t, err)
					all = append(all, w)
				}
				_, err = s.SealAll(ctx, all)
				must(t, err)
				after, err = s.QueryText(ctx, names)
				must(t, err)
				return end
			})
			if !errors.Is(err, end) || before != after || before != "utf8mb4 utf8mb4 utf8mb4_unicode_ci" {
				t.Errorf("ended with %v: before %q, after %q", err, before, after)
			}
		}
	})
}
