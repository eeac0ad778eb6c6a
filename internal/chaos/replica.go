package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

// replica is one process of the real program: "letterbox serve --role gateway".
type replica struct {
	dir, program, dsn, key string
	db                     *proxy // Before its database; nil with SQLite.

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{}
	paused bool
}

func (r *replica) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	log, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(r.program, "serve", "--role", "gateway", "--data", r.dir) //nolint:gosec // Our own program.
	cmd.Env = append(os.Environ(), "LETTERBOX_DB="+r.dsn, "LETTERBOX_SECRET_KEY="+r.key, "LETTERBOX_ALLOWED_NETWORKS=127.0.0.0/8")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	r.cmd, r.ended, r.paused = cmd, make(chan struct{}), false
	go func(ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(r.ended)
	return nil
}

// kill ends the process with SIGKILL, wherever it is, and waits for its end.
func (r *replica) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.cmd.Process.Signal(syscall.SIGKILL)
	<-r.ended
}

// terminate asks the process to end and does not wait for it: it may be killed meanwhile.
func (r *replica) terminate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
}

// living reports whether the process has not ended.
func (r *replica) living() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

func (r *replica) isPaused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paused
}

// pause is SIGSTOP, resume SIGCONT.
func (r *replica) pause() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = r.cmd.Process.Signal(syscall.SIGSTOP) == nil
}

func (r *replica) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.cmd.Process.Signal(syscall.SIGCONT)
	r.paused = false
}

// stop ends the process with SIGTERM; one that does not end by that is an error.
func (r *replica) stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.cmd.Process.Signal(syscall.SIGCONT)
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	<-r.ended
	if !r.cmd.ProcessState.Success() {
		return errors.New("a process did not end well: " + r.cmd.ProcessState.String())
	}
	return nil
}
