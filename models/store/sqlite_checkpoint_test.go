package store_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"letterbox/models/store"
)

// TestLogIsMovedBesideTheWriter writes twice what the log may hold while others read, and looks whether the log was
// moved before the writer had to, stayed small, and nothing of what was written is damaged.
func TestLogIsMovedBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letterbox.db")
	ctx := t.Context()
	s, err := store.Open(ctx, "sqlite:"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	octets := func(i int64) []byte {
		block := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		return bytes.Repeat(block[:], 8<<10) // 256 KiB
	}
	write := func(i int64) int64 {
		w := s.NewBlob(ctx)
		defer w.Release()
		if _, err := w.Write(octets(i)); err != nil {
			t.Fatal(err)
		}
		b, err := w.Seal(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return b.ID
	}
	moved := func() (pages int64) {
		look, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer look.Close()
		var busy, all int64
		if err := look.QueryRowContext(ctx, "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &all, &pages); err != nil {
			t.Fatal(err)
		}
		return pages
	}

	ids := []int64{}
	for i := range int64(60) { // 15 MiB: half of what makes the writer do it.
		ids = append(ids, write(i))
	}
	for began := time.Now(); moved() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("nothing of the log was moved within 30 s")
		}
	}

	var stop atomic.Bool
	read, early := make(chan error), slices.Clone(ids)
	go func() {
		var err error
		for k := 0; err == nil && !stop.Load(); k++ {
			err = same(s, t, early[k%60], octets(int64(k%60)))
		}
		read <- err
	}()
	for i := int64(60); i < 256; i++ {
		ids = append(ids, write(i))
	}
	stop.Store(true)
	if err := <-read; err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 64<<20 {
		t.Errorf("the log has %d octets (%v), want 64 MiB at most", info.Size(), err)
	}
	if _, err := s.Verify(ctx, func(what string) { t.Error(what) }); err != nil {
		t.Error(err)
	}
	for i, id := range ids {
		if err := same(s, t, id, octets(int64(i))); err != nil {
			t.Error(err)
		}
	}
}

func same(s *store.Store, t *testing.T, id int64, want []byte) error {
	r, _, err := s.OpenBlob(t.Context(), id)
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, want) {
		t.Errorf("blob %d has other octets", id)
	}
	return err
}
