package script

import (
	"os"
	"testing"
)

// TestMain makes the test program a worker when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == Argument {
		os.Exit(Work(os.Stdin, os.Stdout, os.Exit))
	}
	os.Exit(m.Run())
}
