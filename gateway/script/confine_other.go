//go:build !linux

package script

import (
	"os"
	"os/exec"
)

// itself is this program.
func itself() (string, error) { return os.Executable() }

// confine takes rights from a worker that is about to be started. Here there are none to take: the interpreter has no
// files and no network, and the worker bounds its own time and memory.
func confine(*exec.Cmd) {}

func harden() error { return nil }

func openNothing() error { return nil }
