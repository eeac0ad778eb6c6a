package tracker

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"letterbox/models"
)

// Secrets seals what has to be read again, such as the secret of time-based codes. where names table, row and column.
type Secrets interface {
	Seal(plain, where string) (string, error)
	Open(sealed, where string) (string, error)
}

const (
	codePeriod    = 30 // Seconds that a code is good for (RFC 6238, 5.2).
	recoveryCodes = 10
	stepLife      = 10 * time.Minute
	stepCode      = "code"
)

// SecondFactor is how it stands with the second factor of a person.
type SecondFactor struct {
	On    bool
	Codes int // Recovery codes that are left.
}

// SecondFactorSetup is what an authenticator app needs.
type SecondFactorSetup struct {
	Secret string // To be typed.
	URL    string // otpauth://…
	QR     []byte // The same as a picture (PNG).
}

// FactorPlace is where the secret of a person's codes is sealed for.
func FactorPlace(id int64) string { return fmt.Sprintf("second_factors|%d|secret", id) }

// SecondFactorOf tells how it stands with the second factor of a person. Admins see everybody's, others their own.
func (s *Service) SecondFactorOf(ctx context.Context, by *models.User, id int64) (SecondFactor, error) {
	if _, err := s.User(ctx, by, id); err != nil {
		return SecondFactor{}, err
	}
	f, codes, err := s.store.SecondFactor(ctx, id)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return SecondFactor{}, nil
	case err != nil:
		return SecondFactor{}, err
	}
	return SecondFactor{On: f.ConfirmedAt != nil, Codes: codes}, nil
}

// BeginSecondFactor makes the secret of time-based codes for the person. It holds once a code has shown that the app has
// it; until then a new one takes its place. models.ErrConflict when the person has a second factor already.
func (s *Service) BeginSecondFactor(ctx context.Context, by *models.User) error {
	if by == nil || by.Login == nil || s.secrets == nil {
		return models.ErrForbidden
	}
	raw := make([]byte, 20)
	rand.Read(raw) // It never fails: see package crypto/rand.
	sealed, err := s.secrets.Seal(base32.StdEncoding.EncodeToString(raw), FactorPlace(by.ID))
	if err != nil {
		return fmt.Errorf("seal second factor: %w", err)
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if f, _, err := s.store.SecondFactor(ctx, by.ID); err == nil && f.ConfirmedAt != nil {
			return models.ErrConflict
		} else if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		return s.store.SaveSecondFactor(ctx, &models.SecondFactor{UserID: by.ID, SecretEnc: sealed, CreatedAt: now()}, nil)
	})
}

// SecondFactorSetup returns what an authenticator app needs of a second factor that was begun; models.ErrNotFound when
// none was, or when it holds already: then the secret is never shown again.
func (s *Service) SecondFactorSetup(ctx context.Context, by *models.User) (SecondFactorSetup, error) {
	if by == nil || by.Login == nil || s.secrets == nil {
		return SecondFactorSetup{}, models.ErrNotFound
	}
	f, secret, err := s.factor(ctx, by.ID)
	if err != nil {
		return SecondFactorSetup{}, err
	}
	if f.ConfirmedAt != nil {
		return SecondFactorSetup{}, models.ErrNotFound
	}
	raw, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		return SecondFactorSetup{}, fmt.Errorf("read second factor: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Letterbox", AccountName: *by.Login, Secret: raw, Period: codePeriod, Digits: otp.DigitsSix})
	if err != nil {
		return SecondFactorSetup{}, fmt.Errorf("make second factor: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return SecondFactorSetup{}, fmt.Errorf("draw second factor: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return SecondFactorSetup{}, fmt.Errorf("draw second factor: %w", err)
	}
	return SecondFactorSetup{Secret: secret, URL: key.URL(), QR: out.Bytes()}, nil
}

// ConfirmSecondFactor has the second factor hold from now on when code is right, and returns the recovery codes, which
// are never shown again. A wrong code is a models.InvalidList.
func (s *Service) ConfirmSecondFactor(ctx context.Context, by *models.User, code string) ([]string, error) {
	if by == nil || s.secrets == nil {
		return nil, models.ErrForbidden
	}
	f, secret, err := s.factor(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	if f.ConfirmedAt != nil {
		return nil, models.ErrConflict
	}
	step, ok := timeStep(secret, code, time.Now())
	if !ok {
		return nil, invalid("code", "E-CODE-01")
	}
	codes, hashes := make([]string, recoveryCodes), make([][]byte, recoveryCodes)
	for i := range codes {
		codes[i] = recoveryCode()
		hashes[i] = digest(plainCode(codes[i]))
	}
	at := now()
	f.ConfirmedAt, f.LastStep = &at, step
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.SaveSecondFactor(ctx, &f, hashes); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.factor", object("user", by.ID), map[string]string{"second_factor": "on"})
	})
	if err != nil {
		return nil, fmt.Errorf("confirm second factor: %w", err)
	}
	return codes, nil
}

// RemoveSecondFactor has a person sign in with the password alone. The person itself has to give a code (a recovery code
// does, too); admins may do it for somebody who has lost the app. A wrong code is a models.InvalidList, too many are
// *TooManyAttempts.
func (s *Service) RemoveSecondFactor(ctx context.Context, by *models.User, id int64, code string) error {
	if _, err := s.User(ctx, by, id); err != nil {
		return err
	}
	if by.ID == id {
		if err := s.checkCode(ctx, id, code); err != nil {
			return err
		}
	} else if err := s.admin(ctx, by); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteSecondFactor(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.factor", object("user", id), map[string]string{"second_factor": "off"})
	})
	if err != nil {
		return fmt.Errorf("remove second factor: %w", err)
	}
	return nil
}

// SecondFactorNeeded returns "" when the password is enough for a person to sign in, and otherwise the token of a step
// that [Service.FinishSignIn] ends with a code.
func (s *Service) SecondFactorNeeded(ctx context.Context, u *models.User) (token string, err error) {
	f, _, err := s.store.SecondFactor(ctx, u.ID)
	if errors.Is(err, models.ErrNotFound) || err == nil && f.ConfirmedAt == nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	token = random()
	step := &models.SignInStep{TokenHash: digest(token), Kind: stepCode, UserID: &u.ID, ExpiresAt: now().Add(stepLife)}
	if err := s.store.AddSignInStep(ctx, step); err != nil {
		return "", err
	}
	return token, nil
}

// FinishSignIn returns the person whose password was right when code is right, too: one of the app, each once, or a
// recovery code. models.ErrNotFound when the step has expired, a models.InvalidList when the code is wrong,
// *TooManyAttempts after too many of them.
func (s *Service) FinishSignIn(ctx context.Context, token, code string) (models.User, error) {
	step, err := s.store.SignInStep(ctx, digest(token), stepCode)
	if err != nil {
		return models.User{}, err
	}
	if step.UserID == nil {
		return models.User{}, models.ErrNotFound
	}
	u, err := s.store.UserByID(ctx, *step.UserID)
	if err != nil {
		return models.User{}, err
	}
	if !maySignIn(u) {
		return models.User{}, models.ErrNotFound
	}
	if err := s.checkCode(ctx, u.ID, code); err != nil {
		return models.User{}, err
	}
	if err := s.store.TakeSignInStep(ctx, step.TokenHash); err != nil {
		return models.User{}, err
	}
	return u, nil
}

// checkCode takes a code of the app or a recovery code, each once. Failures count for the person, wherever they come from.
func (s *Service) checkCode(ctx context.Context, id int64, code string) error {
	counter := limit{digest(fmt.Sprintf("c\x00%d", id)), failsPerBoth}
	if err := s.attempt(ctx, counter); err != nil {
		return err
	}
	f, secret, err := s.factor(ctx, id)
	if err != nil {
		return err
	}
	err = invalid("code", "E-CODE-01")
	if f.ConfirmedAt == nil {
		return err
	}
	used := models.ErrNotFound
	if step, ok := timeStep(secret, code, time.Now()); ok {
		used = s.store.UseTimeStep(ctx, id, step)
	} else if plain := plainCode(code); len(plain) == recoveryLength {
		used = s.store.UseRecoveryCode(ctx, id, digest(plain))
	}
	switch {
	case errors.Is(used, models.ErrNotFound):
		return err
	case used != nil:
		return used
	}
	return s.store.ForgetAttempts(ctx, counter.name)
}

// factor returns the second factor of a person with its secret.
func (s *Service) factor(ctx context.Context, id int64) (models.SecondFactor, string, error) {
	f, _, err := s.store.SecondFactor(ctx, id)
	if err != nil {
		return f, "", err
	}
	if s.secrets == nil {
		return f, "", models.ErrForbidden
	}
	secret, err := s.secrets.Open(f.SecretEnc, FactorPlace(id))
	if err != nil {
		return f, "", fmt.Errorf("open second factor: %w", err)
	}
	return f, secret, nil
}

// timeStep returns the step whose code this is, within one of now: clocks differ (RFC 6238, 5.2).
func timeStep(secret, code string, at time.Time) (int64, bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	for _, skew := range []int64{0, -1, 1} {
		when := at.Add(time.Duration(skew*codePeriod) * time.Second)
		want, err := totp.GenerateCode(secret, when)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return when.Unix() / codePeriod, true
		}
	}
	return 0, false
}

const recoveryLength = 16 // Letters and digits: 80 random bits.

func recoveryCode() string {
	raw := make([]byte, recoveryLength*5/8)
	rand.Read(raw) // It never fails: see package crypto/rand.
	text := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

// plainCode is a recovery code however it was typed.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(code)))
}
