package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"letterbox/handlers"
	"letterbox/internal/config"
)

// drain is how long a stopping server waits for requests and visits that are under way.
const drain = 30 * time.Second

// Ready is what a server that has just started can say about itself.
type Ready struct {
	URL   string // Where it answers, without a slash at the end; "" when it serves no pages.
	Setup string // The one-time link to make the first admin; "" when there are users.
}

// Serve runs what cfg.Role says until ctx is done, then puts the work down within 30 seconds. ready is called once
// the server answers.
func (a *App) Serve(ctx context.Context, ready func(Ready)) error {
	if os.Getenv("GOGC") == "" {
		// Most of what is allocated is octets of one message after another: collecting twice as often costs a tenth
		// of the processor time of a message and keeps a process that takes in large mail small (docs/benchmarks.md).
		debug.SetGCPercent(50)
	}
	go returnMemory(ctx)
	return a.serve(ctx, nil, ready)
}

func (a *App) serve(ctx context.Context, demo func(context.Context) error, ready func(Ready)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var r Ready
	parts := 0
	ended := make(chan error, 5)
	parts++
	go func() { ended <- a.tidySearch(ctx) }()
	if a.Config.Role.Web() {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Listen)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", a.Config.Listen, err)
		}
		r.URL = baseURL(a.Config, l.Addr())
		srv, err := a.webServer(r.URL, demo)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		parts++
		go func() { ended <- serveHTTP(ctx, srv, l) }()
		token, err := a.Tracker.NewSetupToken(ctx)
		if err != nil {
			cancel(err)
		} else if token != "" {
			r.Setup = r.URL + "/setup?token=" + token
		}
	}
	if a.Config.Role.Gateway() {
		lock, err := a.succeed(ctx)
		if err != nil {
			cancel(err)
		} else {
			defer lock.Close()
		}
		parts++
		go func() { ended <- a.Gateway.Run(ctx) }()
		parts++
		go func() { ended <- a.Webhooks.Run(ctx) }()
		if a.Config.SMTPListen != "" {
			door, l, err := a.inbound(ctx)
			if err != nil {
				cancel(err)
			} else {
				parts++
				go func() { ended <- door.Run(ctx, l) }()
			}
		}
	}
	if ready != nil {
		ready(r)
	}
	var err error
	for range parts {
		if e := <-ended; e != nil && err == nil {
			err = e
			cancel(e)
		}
	}
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

// slowest is how long a request may take to come in and its answer to be read: 30 MB at 35 kB/s. Streams that go on lift
// it, exports stretch it while they are read.
const slowest = 15 * time.Minute

func (a *App) webServer(url string, demo func(context.Context) error) (*http.Server, error) {
	h, err := handlers.New(handlers.Deps{
		Tracker: a.Tracker, Gateway: a.Gateway, Webhooks: a.Webhooks, Log: a.Log, BaseURL: url, Version: Version(),
		Secure: strings.HasPrefix(url, "https://"), Demo: demo, Changes: a.changes.to,
		SignOn: a.signOn, SignOnAdmits: a.Config.OIDCAdmits,
	})
	if err != nil {
		return nil, err
	}
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: slowest, WriteTimeout: slowest, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}, nil
}

// serveHTTP serves until ctx is done, then lets requests end.
func serveHTTP(ctx context.Context, srv *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	srv.BaseContext = func(net.Listener) context.Context { return streams }
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("web server: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	endStreams() // Pages that listen for news would hold it up to the end.
	if err := srv.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("stop the web server: %w", err), srv.Close())
	}
	return nil
}

// baseURL is where people reach the server: as configured, or the address it listens on.
func baseURL(cfg config.Config, addr net.Addr) string {
	if cfg.BaseURL != "" {
		return strings.TrimRight(cfg.BaseURL, "/")
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if at.Addr().IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", at.Port())
	}
	return "http://" + at.String()
}
