package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"letterbox/models"
)

// rotation is how long the old secret signs besides the new one.
const rotation = 24 * time.Hour

// TestEvent is the type of the event that a person has sent to see whether a webhook works.
const TestEvent = "webhook.test"

// Draft is what a person enters of a webhook.
type Draft struct {
	Name      string
	URL       string
	ProjectID int64    // 0: all projects.
	Events    []string // Of models.EventTypes.
	Enabled   bool
}

// List returns all webhooks by ID.
func (s *Service) List(ctx context.Context) ([]models.Webhook, error) { return s.Store.Webhooks(ctx) }

// Get returns a webhook.
func (s *Service) Get(ctx context.Context, id int64) (models.Webhook, error) {
	return s.Store.WebhookByID(ctx, id)
}

// Create adds a webhook and returns its secret, which is shown this once; models.InvalidList when the draft cannot be
// taken.
func (s *Service) Create(ctx context.Context, by *models.User, d Draft) (w models.Webhook, secret string, err error) {
	if err := s.check(ctx, &d); err != nil {
		return w, "", err
	}
	secret = newSecret()
	err = s.Store.WithTx(ctx, func(ctx context.Context) error {
		at := now()
		w = models.Webhook{CreatedAt: at, UpdatedAt: at}
		d.set(&w)
		if err := s.Store.CreateWebhook(ctx, &w); err != nil {
			return err
		}
		if w.SecretEnc, err = s.Secrets.Seal(secret, SecretPlace(w.ID)); err != nil {
			return fmt.Errorf("seal the secret: %w", err)
		}
		if err := s.Store.UpdateWebhook(ctx, &w, w.Version); err != nil {
			return err
		}
		return s.audit(ctx, by, "webhook.create", w.ID, d.described())
	})
	if err == nil {
		s.changed()
	}
	return w, secret, err
}

// Update changes a webhook whose version is still version (0: whatever it is).
func (s *Service) Update(ctx context.Context, by *models.User, id, version int64, d Draft) (w models.Webhook, err error) {
	if err := s.check(ctx, &d); err != nil {
		return w, err
	}
	err = s.change(ctx, by, "webhook.update", id, d.described(), func(got *models.Webhook) error {
		if version != 0 && got.Version != version {
			return models.ErrConflict
		}
		d.set(got)
		got.OffReason = ""
		w = *got
		return nil
	})
	if err != nil {
		return w, err
	}
	return s.Get(ctx, id)
}

// Rotate gives a webhook another secret and returns it, this once. The old one signs besides for a day.
func (s *Service) Rotate(ctx context.Context, by *models.User, id int64) (secret string, err error) {
	secret = newSecret()
	err = s.change(ctx, by, "webhook.rotate", id, nil, func(w *models.Webhook) error {
		sealed, err := s.Secrets.Seal(secret, SecretPlace(id))
		if err != nil {
			return fmt.Errorf("seal the secret: %w", err)
		}
		until := now().Add(rotation)
		w.OldSecretEnc, w.SecretEnc, w.OldSecretUntil = w.SecretEnc, sealed, &until
		return nil
	})
	return secret, err
}

// change reads a webhook, has f change it and writes it with a line of the audit log.
func (s *Service) change(ctx context.Context, by *models.User, action string, id int64, detail any, f func(*models.Webhook) error) error {
	err := s.Store.WithTx(ctx, func(ctx context.Context) error {
		w, err := s.Store.WebhookByID(ctx, id)
		if err != nil {
			return err
		}
		if err := f(&w); err != nil {
			return err
		}
		if err := s.Store.UpdateWebhook(ctx, &w, w.Version); err != nil {
			return err
		}
		return s.audit(ctx, by, action, id, detail)
	})
	if err == nil {
		s.changed()
	}
	return err
}

// Delete removes a webhook with the list of what was sent to it.
func (s *Service) Delete(ctx context.Context, by *models.User, id int64) error {
	err := s.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.Store.DeleteWebhook(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "webhook.delete", id, nil)
	})
	if err == nil {
		s.changed()
	}
	return err
}

// Test queues an event that says nothing, for this webhook alone; models.ErrConflict while it is off.
func (s *Service) Test(ctx context.Context, by *models.User, id int64) (models.Delivery, error) {
	var list []models.Delivery
	err := s.Store.WithTx(ctx, func(ctx context.Context) error {
		w, err := s.Store.WebhookByID(ctx, id)
		if err != nil {
			return err
		}
		if !w.Enabled {
			return models.ErrConflict
		}
		at := now()
		body, err := payload(models.Event{Type: TestEvent, Data: map[string]any{"webhook": id}}, at)
		if err != nil {
			return err
		}
		list = []models.Delivery{delivery(id, TestEvent, body, at)}
		if err := s.Store.AddDeliveries(ctx, list); err != nil {
			return err
		}
		return s.audit(ctx, by, "webhook.test", id, nil)
	})
	if err != nil {
		return models.Delivery{}, err
	}
	s.changed()
	return list[0], nil
}

// Deliveries returns what was sent to a webhook, newest first, and the cursor of the next page.
func (s *Service) Deliveries(ctx context.Context, id int64, limit int, cursor string) ([]models.Delivery, string, error) {
	return s.Store.Deliveries(ctx, id, limit, cursor)
}

// Replay has an event sent again, with the same webhook-id; models.ErrConflict while it is being sent or the webhook is
// off.
func (s *Service) Replay(ctx context.Context, by *models.User, id, event int64) (d models.Delivery, err error) {
	err = s.Store.WithTx(ctx, func(ctx context.Context) error {
		w, err := s.Store.WebhookByID(ctx, id)
		if err != nil {
			return err
		}
		if d, err = s.Store.DeliveryByID(ctx, event); err != nil {
			return err
		}
		if d.WebhookID != id {
			return models.ErrNotFound
		}
		if !w.Enabled {
			return models.ErrConflict
		}
		if err := s.Store.ReplayDelivery(ctx, event, now()); err != nil {
			return err
		}
		if d, err = s.Store.DeliveryByID(ctx, event); err != nil {
			return err
		}
		return s.audit(ctx, by, "webhook.replay", id, map[string]string{"delivery": strconv.FormatInt(event, 10)})
	})
	if err == nil {
		s.changed()
	}
	return d, err
}

// check puts a draft into its usual form and says what is wrong with it.
func (s *Service) check(ctx context.Context, d *Draft) error {
	var list models.InvalidList
	d.Name, d.URL = strings.TrimSpace(d.Name), strings.TrimSpace(d.URL)
	if d.Name == "" || len(d.Name) > 200 {
		list = append(list, &models.Invalid{Field: "name", Code: "E-HOOK-10"})
	}
	u, err := url.Parse(d.URL)
	if err != nil || len(d.URL) > 2000 || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" ||
		strings.ContainsFunc(d.URL, unicode.IsSpace) {
		list = append(list, &models.Invalid{Field: "url", Code: "E-HOOK-11"})
	}
	var events []string
	for _, kind := range models.EventTypes() { // In their order, each once.
		if slices.Contains(d.Events, kind) {
			events = append(events, kind)
		}
	}
	unknown := slices.ContainsFunc(d.Events, func(kind string) bool { return !slices.Contains(events, kind) })
	if d.Events = events; len(events) == 0 || unknown {
		list = append(list, &models.Invalid{Field: "events", Code: "E-HOOK-12", Args: map[string]string{"values": strings.Join(models.EventTypes(), ", ")}})
	}
	if d.ProjectID != 0 {
		if _, err := s.Store.ProjectByID(ctx, d.ProjectID); errors.Is(err, models.ErrNotFound) {
			list = append(list, &models.Invalid{Field: "project", Code: "E-HOOK-13"})
		} else if err != nil {
			return err
		}
	}
	if len(list) > 0 {
		return list
	}
	return nil
}

func (d Draft) set(w *models.Webhook) {
	w.Name, w.URL, w.Events, w.Enabled, w.ProjectID = d.Name, d.URL, d.Events, d.Enabled, nil
	if d.ProjectID != 0 {
		w.ProjectID = &d.ProjectID
	}
}

// described is a draft for the audit log: of the address only the host, for paths hold tokens.
func (d Draft) described() map[string]string {
	out := map[string]string{"name": d.Name, "events": strings.Join(d.Events, " "), "enabled": strconv.FormatBool(d.Enabled)}
	if u, err := url.Parse(d.URL); err == nil {
		out["host"] = u.Host
	}
	if d.ProjectID != 0 {
		out["project_id"] = strconv.FormatInt(d.ProjectID, 10)
	}
	return out
}

// secrets returns what an event is signed with: the secret, and the one before as long as it counts.
func (s *Service) secrets(w models.Webhook) ([]string, error) {
	sealed := []string{w.SecretEnc}
	if w.OldSecretEnc != "" && w.OldSecretUntil != nil && now().Before(*w.OldSecretUntil) {
		sealed = append(sealed, w.OldSecretEnc)
	}
	var out []string
	for _, one := range sealed {
		plain, err := s.Secrets.Open(one, SecretPlace(w.ID))
		if err != nil {
			return nil, fmt.Errorf("open the secret of webhook %d: %w", w.ID, err)
		}
		out = append(out, plain)
	}
	return out, nil
}

// SecretPlace binds a sealed secret to its row.
func SecretPlace(id int64) string { return "webhooks/" + strconv.FormatInt(id, 10) }

// audit joins the transaction in ctx. detail holds no secret.
func (s *Service) audit(ctx context.Context, by *models.User, action string, id int64, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("describe for the audit log: %w", err)
	}
	line := &models.Audit{At: now(), Action: action, Object: "webhook:" + strconv.FormatInt(id, 10), Detail: string(text)}
	if by != nil && by.ID != 0 {
		line.UserID = &by.ID
	}
	if err := s.Store.AddAudit(ctx, line); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}
