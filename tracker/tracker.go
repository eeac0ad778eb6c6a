package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// Deps is what a Service needs.
type Deps struct {
	Store *store.Store
	Log   *slog.Logger
	// Changed is told after each commit that pages may want to show: "issue:12", "project:3", "user:7". May be nil.
	Changed func(topic string)
	// Told is given, inside the transaction, what people were told of an issue, so that whoever sends mail can tell them too.
	// May be nil.
	Told func(ctx context.Context, i models.Issue, list []models.Notification) error
	// Publish is given, inside the transaction, what programs outside may want to know. May be nil.
	Publish func(ctx context.Context, e models.Event) error
	// Secrets seals the secrets of second factors. Nil: there are none.
	Secrets Secrets
	// Mail is given, inside the transaction, a link that is to go to a person by mail, and reports whether it will. May be nil.
	Mail func(ctx context.Context, u models.User, l models.PasswordLink) (bool, error)
}

// Service is the tracker. It is safe for concurrent use.
type Service struct {
	store   *store.Store
	log     *slog.Logger
	changed func(topic string)
	told    func(ctx context.Context, i models.Issue, list []models.Notification) error
	outside func(ctx context.Context, e models.Event) error
	hashes  *hasher
	secrets Secrets
	mail    func(ctx context.Context, u models.User, l models.PasswordLink) (bool, error)
}

// New returns a Service. It starts nothing that has to be stopped.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Changed == nil {
		d.Changed = func(string) {}
	}
	return &Service{store: d.Store, log: d.Log, changed: d.Changed, told: d.Told, outside: d.Publish, hashes: newHasher(), secrets: d.Secrets, mail: d.Mail}
}

// Ready returns nil when the database takes writes and has the schema of this program.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.store.CheckSchema(ctx); err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if err := s.store.Ping(ctx); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return nil
}

// Guarded returns a context whose next transaction, of the tracker or of the gateway, begins with check and fails with its
// error; what check has read stays as it was until the transaction has ended. See [store.Store.Guarded].
func (s *Service) Guarded(ctx context.Context, check func(ctx context.Context) error) context.Context {
	return s.store.Guarded(ctx, check)
}

// CommandLine returns the person in whose name commands on the server act: it may do everything and stands in the
// audit log as the system.
func CommandLine() *models.User { return &models.User{Role: models.RoleAdmin} }

// audit writes one line of the audit log into the transaction in ctx. detail must hold no secret, mail text or address.
func (s *Service) audit(ctx context.Context, by *models.User, action, object string, detail any) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("write audit detail: %w", err)
	}
	line := &models.Audit{At: now(), Action: action, Object: object, Detail: string(raw)}
	if by != nil && by.ID != 0 {
		line.UserID = &by.ID
	}
	if err := s.store.AddAudit(ctx, line); err != nil {
		return fmt.Errorf("write audit line %s: %w", action, err)
	}
	return nil
}

// tell announces a change once it is committed. Inside a transaction of the caller it stays silent: only the caller
// knows when that one is committed, and tells then.
func (s *Service) tell(ctx context.Context, topic string) {
	if !s.store.InTx(ctx) {
		s.changed(topic)
	}
}

// now is the time to store: UTC, in the microseconds that every database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func object(kind string, id int64) string { return kind + ":" + strconv.FormatInt(id, 10) }
