package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"letterbox/models"
)

const (
	answerLife  = 24 * time.Hour
	requestLife = 10 * time.Minute // Then whoever made it has died over it.
)

// What stands against taking a request with an idempotency key.
var (
	ErrOtherRequest = errors.New("idempotency key belongs to another request")
	ErrUnderWay     = errors.New("request with this idempotency key is under way")
)

// Answer is what a request was answered with.
type Answer struct {
	Status   int
	Location string
	Body     []byte
}

// Once is a request that may be sent again and takes effect once.
type Once struct {
	s   *Service
	row models.IdempotencyKey
}

// BeginOnce notes that a person makes a request under a key of its own. The answer is that of the first time when there
// was one; then the request must not be made again. ErrOtherRequest and ErrUnderWay say why it may not be made. Otherwise
// the caller makes it and calls Keep or Forget. A request whose process died over it may be made again after ten minutes.
func (s *Service) BeginOnce(ctx context.Context, by *models.User, key string, request []byte) (*Once, *Answer, error) {
	name := digest(fmt.Sprintf("%d\x00%s", by.ID, key))
	o := &Once{s, models.IdempotencyKey{Name: name, Fingerprint: digest(string(request)), ExpiresAt: now().Add(requestLife)}}
	for range 3 { // What was there may end between the two looks.
		err := s.store.AddIdempotencyKey(ctx, &o.row, name[0] < 8)
		if err == nil {
			return o, nil, nil
		}
		if !errors.Is(err, models.ErrConflict) {
			return nil, nil, fmt.Errorf("begin request: %w", err)
		}
		there, err := s.store.IdempotencyKey(ctx, name)
		switch {
		case errors.Is(err, models.ErrNotFound):
			continue
		case err != nil:
			return nil, nil, fmt.Errorf("begin request: %w", err)
		case !bytes.Equal(there.Fingerprint, o.row.Fingerprint):
			return nil, nil, ErrOtherRequest
		case there.Status == 0:
			return nil, nil, ErrUnderWay
		}
		return nil, &Answer{there.Status, there.Location, there.Answer}, nil
	}
	return nil, nil, ErrUnderWay
}

// Keep keeps the answer for 24 hours. It must not hold a secret.
func (o *Once) Keep(ctx context.Context, a Answer) error {
	row := o.row
	row.Status, row.Location, row.Answer, row.ExpiresAt = a.Status, a.Location, a.Body, now().Add(answerLife)
	if err := o.s.store.AnswerIdempotencyKey(ctx, &row); err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	return nil
}

// Forget has the request be made again the next time: it had no effect.
func (o *Once) Forget(ctx context.Context) error {
	if err := o.s.store.DeleteIdempotencyKey(ctx, o.row.Name); err != nil {
		return fmt.Errorf("forget request: %w", err)
	}
	return nil
}
