// Package mariadbd starts a private MariaDB server on a loopback port for tests. The server keeps nothing that outlives
// it and ends with the process that started it, even when that is killed.
package mariadbd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver "mysql".

	"letterbox/internal/testport"
)

// ErrMissing says that MariaDB is not installed.
var ErrMissing = errors.New("mariadbd is not installed (Debian: mariadb-server)")

// Server is a running server.
type Server struct {
	Address string // HOST:PORT; user root, no password.
	leash   io.Closer
	done    <-chan struct{}
}

// guard waits for the end of its input, which is the end of who started it, then kills the server and clears up.
const guard = `dir=$1; shift; "$@" & pid=$!; cat >/dev/null; kill -9 $pid; wait $pid; rm -rf "$dir"`

// Start starts a server and returns when it answers, or an error when it does not within ctx and 60 s.
func Start(ctx context.Context) (*Server, error) {
	install, err1 := find("mariadb-install-db")
	daemon, err2 := find("mariadbd")
	if err1 != nil || err2 != nil {
		return nil, ErrMissing
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "mariadb")
	if err != nil {
		return nil, err
	}
	user := "--skip-symbolic-links" // Any harmless flag: --user is for root only.
	if os.Geteuid() == 0 {
		user = "--user=root"
	}
	data := filepath.Join(dir, "data")
	args := []string{"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db"}
	if os.Geteuid() == 0 {
		args = append(args, user)
	}
	out, err := exec.CommandContext(ctx, install, args...).CombinedOutput()
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	for range 3 { // Somebody else may take the port between asking for it and listening on it.
		var s *Server
		if s, err = run(ctx, dir, daemon, user, data); err == nil {
			return s, nil
		}
	}
	_ = os.RemoveAll(dir)
	return nil, err
}

func run(ctx context.Context, dir, daemon, user, data string) (*Server, error) {
	ports, err := testport.Free(1)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(ports[0])
	address := net.JoinHostPort("127.0.0.1", port)
	cmd := exec.Command("sh", "-c", guard, "sh", dir, daemon, "--no-defaults", user, "--datadir="+data, //nolint:gosec // Test only.
		"--socket="+filepath.Join(dir, "s.sock"), "--pid-file="+filepath.Join(dir, "pid"), "--tmpdir="+dir,
		"--port="+port, "--bind-address=127.0.0.1", "--skip-name-resolve",
		"--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=32M", "--performance-schema=OFF", "--max-connections=400",
		"--character-set-server=utf8mb4", "--log-error="+filepath.Join(dir, "err.log"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // An interrupt from the keyboard reaches us, not the guard.
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	s := &Server{Address: address, leash: leash, done: done}
	if err := s.ready(ctx, filepath.Join(dir, "err.log")); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// ready waits until the server answers.
func (s *Server) ready(ctx context.Context, log string) error {
	db, err := sql.Open("mysql", "root@tcp("+s.Address+")/")
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		lines, _ := os.ReadFile(log)
		if strings.Contains(string(lines), "[ERROR] Aborting") {
			return fmt.Errorf("mariadbd: %s", lines)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("mariadbd does not answer: %w: %s", err, lines)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Exec executes statements one after another as root.
func (s *Server) Exec(ctx context.Context, statements ...string) error {
	db, err := sql.Open("mysql", "root@tcp("+s.Address+")/")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, text := range statements {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// Stop kills the server, removes its files and waits until that is done.
func (s *Server) Stop() {
	_ = s.leash.Close()
	<-s.done
}

// find looks for a program also where system programs lie.
func find(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}
