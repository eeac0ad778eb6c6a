// Command mariadb runs a command, for example "go test ./...", with a private MariaDB whose address stands in
// LETTERBOX_TEST_MYSQL. One server then serves all test binaries. Its exit status is that of the command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"letterbox/internal/testdb/mariadbd"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/testdb/mariadb COMMAND [ARGUMENT...]")
		return 2
	}
	s, err := mariadbd.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Stop()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "LETTERBOX_TEST_MYSQL=mysql:root@tcp("+s.Address+")/")
	err = cmd.Run()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, e.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
