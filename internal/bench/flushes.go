package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// flushes counts how often the disk is asked to keep what was written while a mailbox is taken in: the rate of a disk
// differs a hundredfold between machines, the number does not. It needs strace, which slows everything down.
func flushes(ctx context.Context, mails [][]byte) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return fmt.Errorf("flushes are counted with strace (Debian: strace): %w", err)
	}
	d, stop, err := startDovecot(mails...)
	if err != nil {
		return err
	}
	defer stop()
	h, err := newHouse(ctx, d.IMAPAddr, "imap", nil)
	if err != nil {
		return err
	}
	list := filepath.Join(h.dir, "flushes")
	p, err := h.start(ctx, strace, "-f", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", list)
	if err != nil {
		return errors.Join(err, h.close())
	}
	err = errors.Join(h.await(ctx, len(mails)), stopTraced(p))
	n, cerr := count(list)
	if err := errors.Join(err, cerr, h.close()); err != nil {
		return err
	}
	fmt.Printf("| IMAP, flushes of the disk | | | | | %.2f flushes a message |\n", float64(n)/float64(len(mails)))
	return nil
}

// stopTraced ends the process that strace has started, and with it strace, which takes no signals itself.
func stopTraced(p *process) error {
	id := p.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", id, id))
	if err != nil {
		return err
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		return fmt.Errorf("find the process under strace: %w", err)
	}
	return errors.Join(syscall.Kill(child, syscall.SIGINT), p.cmd.Wait())
}

// count returns the number of calls that a list of strace holds. One that waited while others ran stands in two lines.
func count(list string) (n int, err error) {
	f, err := os.Open(list)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	begun := regexp.MustCompile(`^\d+ +f(data)?sync\(`)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if begun.Match(lines.Bytes()) {
			n++
		}
	}
	return n, lines.Err()
}
