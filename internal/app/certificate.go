package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateFiles is a certificate that is read again once its files have changed, as they do when it is renewed. One that
// cannot be read then leaves the one before in force: half of it may be written already.
type certificateFiles struct {
	cert, key string
	log       *slog.Logger

	mu    sync.Mutex
	pair  *tls.Certificate
	state [2]fileState // Of the files when they were read last, whatever came of it.
}

// fileState tells one content of a file from the next.
type fileState struct {
	size     int64
	modified time.Time
}

// readCertificate reads a certificate and its key from PEM files.
func readCertificate(cert, key string, log *slog.Logger) (*certificateFiles, error) {
	c := &certificateFiles{cert: cert, key: key, log: log}
	c.state = c.look()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	c.pair = &pair
	return c, nil
}

// get is tls.Config.GetCertificate.
func (c *certificateFiles) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state := c.look(); state != c.state {
		c.state = state
		c.read(hello.Context())
	}
	return c.pair, nil
}

func (c *certificateFiles) read(ctx context.Context) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "renewed certificate not read", slog.Any("err", fmt.Errorf("certificate for STARTTLS: %w", err)))
		return
	}
	c.pair = &pair
	c.log.LogAttrs(ctx, slog.LevelInfo, "renewed certificate read", slog.Time("not_after", pair.Leaf.NotAfter))
}

func (c *certificateFiles) look() (state [2]fileState) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err == nil {
			state[i] = fileState{info.Size(), info.ModTime()}
		}
	}
	return state
}
