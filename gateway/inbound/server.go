package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"letterbox/models"
)

// The bounds of a connection.
const (
	mostConnections = 50
	mostRecipients  = 100
	mostLine        = 1 << 20          // Octets. Seen in practice: HTML mails of one line.
	commandTime     = 2 * time.Minute  // For each command, and each part of a message.
	sessionTime     = 30 * time.Minute // From the greeting to the end.
	drainTime       = 5 * time.Second  // For connections that are open when the server stops.
)

// Target is an inbox that takes mail for an address.
type Target struct {
	InboxID int64
	Most    int64 // Octets of a message that it takes.
	Paused  bool  // It takes nothing now; the mail server is to keep the mail.
}

// Deps is what a Server needs.
type Deps struct {
	// Find returns the inboxes of a recipient; none when there is none.
	Find func(ctx context.Context, address string) ([]Target, error)
	// Receive brings a message to its result, which is durable when the error is nil.
	Receive func(ctx context.Context, inbox int64, door string, r io.Reader) (models.Message, error)
	Log     *slog.Logger
	LMTP    bool
	Domain  string      // Names this server in its greeting.
	TLS     *tls.Config // For STARTTLS; nil: it is not offered.
	Most    int64       // Octets of a message, whatever an inbox takes.
}

// Server takes mail over SMTP or LMTP.
type Server struct {
	Deps
	door string
}

// New returns a Server.
func New(d Deps) *Server {
	s := &Server{Deps: d, door: "smtp"}
	if d.LMTP {
		s.door = "lmtp"
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Run takes mail from the connections of l until ctx is done, and closes l. Messages that are under way then are answered
// with 451, unless they have come to their result.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{ctx: ctx, s: s, conn: c}, nil
	}))
	srv.LMTP, srv.Domain, srv.TLSConfig = s.LMTP, s.Domain, s.TLS
	srv.MaxRecipients, srv.MaxMessageBytes, srv.MaxLineLength = mostRecipients, s.Most, mostLine
	srv.ReadTimeout, srv.WriteTimeout = commandTime, commandTime
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = log.New(io.Discard, "", 0) // It would hold addresses.
	ended, gate := make(chan error, 1), newGate(l)
	go func() { ended <- srv.Serve(gate) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if srv.Shutdown(stop) != nil {
		gate.clear()
	}
	if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
