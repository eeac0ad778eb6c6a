package mariadbd_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"letterbox/internal/testdb/mariadbd"
)

func TestStoppedServerLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := mariadbd.Start(t.Context())
	if errors.Is(err, mariadbd.ErrMissing) && os.Getenv("CI") == "" && os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if c, err := net.Dial("tcp", s.Address); err == nil {
		_ = c.Close()
		t.Error("the server still answers")
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}
