package store_test

import (
	"testing"

	"letterbox/internal/testdb"
)

func TestBlobWhoseOctetsAreGivenUpIsNotSealed(t *testing.T) {
	s := testdb.Open(t)
	w := s.NewBlob(t.Context())
	if _, err := w.Write([]byte("octets")); err != nil {
		t.Fatal(err)
	}
	w.Release()
	if b, err := w.Seal(t.Context()); err == nil {
		t.Errorf("Seal = %+v, want an error: it would keep an empty blob under the name of its octets", b)
	}
}
