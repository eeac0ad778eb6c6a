package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
	"letterbox/models/store"
)

// fresh is how long what is known of the webhooks counts; another process may have changed them meanwhile.
const fresh = 5 * time.Second

// Secrets encrypts stored secrets; *secret.Ring is one.
type Secrets interface {
	Seal(plain, where string) (string, error)
	Open(sealed, where string) (string, error)
}

// Deps is what a Service needs.
type Deps struct {
	Store   *store.Store
	Secrets Secrets
	Log     *slog.Logger
	Dial    mailbox.DialFunc   // Guards which hosts may be reached.
	Changed func(topic string) // Told after a commit that pages may want to show ("webhook"); may be nil.
	// Off is told, in the transaction, that a webhook was switched off because it does not work; may be nil.
	Off func(ctx context.Context, w models.Webhook) error
}

// Service tells webhooks of events. Its methods may be called from any goroutine.
type Service struct {
	Deps
	client *http.Client
	wake   chan struct{}

	mu    sync.Mutex
	known []models.Webhook // Those that are on.
	off   int              // How many were switched off because they did not work.
	at    time.Time        // When they were read; zero: never.
}

// New returns a Service. It sends nothing by itself until Run.
func New(d Deps) *Service {
	if d.Changed == nil {
		d.Changed = func(string) {}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d, client: newClient(d.Dial), wake: make(chan struct{}, 1)}
}

// Publish queues an event for the webhooks that want it, in the transaction of ctx. Without a webhook it does nothing.
func (s *Service) Publish(ctx context.Context, e models.Event) error {
	all, err := s.webhooks(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(w models.Webhook) bool {
		return !slices.Contains(w.Events, e.Type) || e.To != "" && w.Name != e.To
	})
	if len(all) == 0 {
		return nil
	}
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	if err := s.place(ctx, &e); err != nil {
		return err
	}
	at := now()
	body, err := payload(e, at)
	if err != nil {
		return err
	}
	var list []models.Delivery
	for _, w := range all {
		if w.ProjectID == nil || *w.ProjectID == e.ProjectID {
			list = append(list, delivery(w.ID, e.Type, body, at))
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := s.Store.AddDeliveries(ctx, list); err != nil {
		return fmt.Errorf("tell webhooks of %s: %w", e.Type, err)
	}
	return nil
}

// place finds the project of an event and adds its key to what is told.
func (s *Service) place(ctx context.Context, e *models.Event) error {
	if e.ProjectID == 0 && e.InboxID != 0 {
		in, err := s.Store.InboxByID(ctx, e.InboxID)
		if err != nil {
			return fmt.Errorf("read the inbox of an event: %w", err)
		}
		e.Data["name"] = in.Name
		if !in.Global {
			e.ProjectID = in.ProjectID
		}
	}
	if e.ProjectID == 0 && e.Issue != 0 {
		i, err := s.Store.IssueByNumber(ctx, e.Issue)
		if err != nil {
			return fmt.Errorf("read the issue of an event: %w", err)
		}
		e.ProjectID = i.ProjectID
	}
	if e.ProjectID == 0 {
		return nil
	}
	p, err := s.Store.ProjectByID(ctx, e.ProjectID)
	if err != nil {
		return fmt.Errorf("read the project of an event: %w", err)
	}
	e.Data["project"] = p.Key
	return nil
}

// payload is an event as it is sent (Standard Webhooks 1.0, "Payload structure").
func payload(e models.Event, at time.Time) (string, error) {
	text, err := json.Marshal(struct {
		Type      string         `json:"type"`
		Timestamp time.Time      `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}{e.Type, at, e.Data})
	if err != nil {
		return "", fmt.Errorf("write event %s: %w", e.Type, err)
	}
	return string(text), nil
}

func delivery(webhook int64, kind, body string, at time.Time) models.Delivery {
	return models.Delivery{WebhookID: webhook, EventID: "evt_" + rand.Text(), Type: kind, Body: body, CreatedAt: at, State: models.DeliveryQueued}
}

// webhooks returns those that are on, as they were a few seconds ago.
func (s *Service) webhooks(ctx context.Context) ([]models.Webhook, error) {
	s.mu.Lock()
	known, at := s.known, s.at
	s.mu.Unlock()
	if !at.IsZero() && time.Since(at) < fresh {
		return known, nil
	}
	all, err := s.Store.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	off := 0
	for _, w := range all {
		if w.OffReason != "" {
			off++
		}
	}
	all = slices.DeleteFunc(all, func(w models.Webhook) bool { return !w.Enabled || w.SecretEnc == "" })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known, s.off, s.at = all, off, time.Now()
	return all, nil
}

// SwitchedOff returns how many webhooks were switched off because they did not work, as of a few seconds ago.
func (s *Service) SwitchedOff(ctx context.Context) (int, error) {
	if _, err := s.webhooks(ctx); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.off, nil
}

// changed forgets what is known of the webhooks and tells the open pages.
func (s *Service) changed() {
	s.mu.Lock()
	s.at = time.Time{}
	s.mu.Unlock()
	s.Changed("webhook")
	s.soon()
}

// soon has this process look for what is to be sent.
func (s *Service) soon() {
	select {
	case s.wake <- struct{}{}:
	default: // Asked for already.
	}
}

// now is the time to store: UTC, in the microseconds that every database keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
