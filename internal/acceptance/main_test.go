package acceptance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the path of the program under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "letterbox-acceptance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "letterbox")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "letterbox/cmd/letterbox")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		return 1
	}
	for _, pair := range os.Environ() { // Settings of the surroundings are not those of the tests.
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "LETTERBOX_") && !strings.HasPrefix(name, "LETTERBOX_TEST_") {
			_ = os.Unsetenv(name)
		}
	}
	return m.Run()
}
