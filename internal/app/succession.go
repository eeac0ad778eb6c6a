package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// successionFile lies in the data folder and names the process that reads the inboxes with it. That process holds a
// lock on it, which the system takes away when the process ends, however it ends.
const successionFile = "gateway.lock"

// succeed takes over from the process before with the same data folder: when that one was killed, its leases would keep
// the inboxes waiting until they run out. While that process lives, nothing happens. The lock is held until the file is
// closed.
func (a *App) succeed(ctx context.Context) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(a.Config.Data, successionFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take over from the process before: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, errors.ErrUnsupported) {
		return f, nil // Another one is at work, or the file system cannot tell: leases run out by themselves.
	}
	if err == nil {
		err = a.inherit(ctx, f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take over from the process before: %w", err), f.Close())
	}
	return f, nil
}

// inherit ends the leases of the holder that f names, and writes ours there.
func (a *App) inherit(ctx context.Context, f *os.File) error {
	before, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return err
	}
	if holder := strings.TrimSpace(string(before)); holder != "" {
		if err := a.Gateway.EndLeasesOf(ctx, holder); err != nil {
			return err
		}
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(a.Gateway.Holder()+"\n"), 0)
	return err
}
