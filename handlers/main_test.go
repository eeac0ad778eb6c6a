package handlers

import (
	"os"
	"testing"

	"letterbox/gateway/script"
)

// TestMain makes the test program a worker when a script starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == script.Argument {
		os.Exit(script.Work(os.Stdin, os.Stdout, os.Exit))
	}
	os.Exit(m.Run())
}
