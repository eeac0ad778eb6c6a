package acceptance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program under test, built by TestMain: as it is shipped for commands that end at once, and for servers with the
// race detector when the tests have it.
var command, server string

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
	command, server = filepath.Join(dir, "letterbox"), filepath.Join(dir, "letterbox-server")
	for path, flags := range map[string][]string{command: {"-ldflags=-s -w"}, server: serverFlags()} {
		args := append([]string{"build", "-buildvcs=false", "-o", path}, flags...)
		build := exec.Command("go", append(args, "letterbox/cmd/letterbox")...)
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "build the program:", err)
			return 1
		}
	}
	for _, pair := range os.Environ() { // Settings of the surroundings are not those of the tests.
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "LETTERBOX_") && !strings.HasPrefix(name, "LETTERBOX_TEST_") {
			_ = os.Unsetenv(name)
		}
	}
	return m.Run()
}
