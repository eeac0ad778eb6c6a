package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/inbound"
)

// mostHandedIn bounds a message that a mail server hands in, whatever its inbox takes, in octets.
const mostHandedIn = 150 << 20

// inbound opens the address on which mail servers hand mail in.
func (a *App) inbound(ctx context.Context) (*inbound.Server, net.Listener, error) {
	cfg := a.Config
	d := inbound.Deps{Log: a.Log, LMTP: cfg.SMTPProtocol != "smtp", Domain: hostname(), Most: mostHandedIn, Receive: a.Gateway.Receive, Find: a.recipients}
	if cfg.SMTPCertificate != "" || cfg.SMTPKey != "" {
		pair, err := readCertificate(cfg.SMTPCertificate, cfg.SMTPKey, a.Log)
		if err != nil {
			return nil, nil, fmt.Errorf("certificate for STARTTLS: %w", err)
		}
		d.TLS = &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12}
	}
	network, address := "tcp", cfg.SMTPListen
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
		if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
			_ = os.Remove(path) // Left behind by a process that was killed; a live one is found by the lock of the data folder.
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return nil, nil, fmt.Errorf("listen for mail on %s: %w", cfg.SMTPListen, err)
	}
	a.Log.LogAttrs(ctx, slog.LevelInfo, "mail is taken in", slog.String("address", l.Addr().String()), slog.Bool("lmtp", d.LMTP), slog.Bool("starttls", d.TLS != nil))
	return inbound.New(d), l, nil
}

func (a *App) recipients(ctx context.Context, address string) ([]inbound.Target, error) {
	found, err := a.Gateway.Recipients(ctx, address)
	out := make([]inbound.Target, 0, len(found))
	for _, r := range found {
		out = append(out, inbound.Target(gateway.Recipient(r)))
	}
	return out, err
}

// hostname names this server in its greeting.
func hostname() string {
	if name, err := os.Hostname(); err == nil && name != "" && !strings.ContainsAny(name, " \r\n") {
		return name
	}
	return "localhost"
}
