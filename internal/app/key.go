package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"letterbox/gateway"
	"letterbox/internal/config"
	"letterbox/internal/secret"
	"letterbox/models"
	"letterbox/models/store"
)

// ErrKeyMissing says that stored mail passwords were encrypted with a key that is not there. Nothing was changed.
var ErrKeyMissing = errors.New("the key that the stored mail passwords were encrypted with is missing: put the old key back, " +
	"or clear those passwords with \"letterbox key forget\" and enter them again")

// keyFits reports whether every stored password can be opened with the ring. With another key the program would only
// find out when it signs in, and a password that is saved then would hide that the old key is gone.
func keyFits(ctx context.Context, s *store.Store, ring *secret.Ring) error {
	inboxes, err := s.Inboxes(ctx)
	if err != nil {
		return fmt.Errorf("read inboxes: %w", err)
	}
	for _, ib := range inboxes {
		if ib.PasswordEnc != "" && !ring.Holds(ib.PasswordEnc) {
			return fmt.Errorf("inbox %q: %w", ib.Name, ErrKeyMissing)
		}
	}
	accounts, err := s.SendingAccounts(ctx)
	if err != nil {
		return fmt.Errorf("read sending accounts: %w", err)
	}
	for _, a := range accounts {
		if a.PasswordEnc != "" && !ring.Holds(a.PasswordEnc) {
			return fmt.Errorf("sending account %q: %w", a.Address, ErrKeyMissing)
		}
	}
	factors, err := s.SecondFactors(ctx)
	if err != nil {
		return fmt.Errorf("read second factors: %w", err)
	}
	for _, f := range factors {
		if !ring.Holds(f.SecretEnc) {
			return fmt.Errorf("second factor of user %d: %w", f.UserID, ErrKeyMissing)
		}
	}
	return signInsFit(ctx, s, ring)
}

// signInsFit is keyFits for sign-ins with OAuth 2.0 and keys of S/MIME.
func signInsFit(ctx context.Context, s *store.Store, ring *secret.Ring) error {
	credentials, err := s.OAuthCredentials(ctx)
	if err != nil {
		return fmt.Errorf("read sign-ins: %w", err)
	}
	for _, c := range credentials {
		if !holdsAll(ring, c.SecretEnc, c.CertificateEnc, c.RefreshEnc, c.AccessEnc) {
			return fmt.Errorf("sign-in with OAuth 2.0 of %s: %w", c.Owner, ErrKeyMissing)
		}
	}
	keys, err := s.SMIMEKeys(ctx)
	if err != nil {
		return fmt.Errorf("read keys of S/MIME: %w", err)
	}
	for _, k := range keys {
		if !holdsAll(ring, k.KeyEnc) {
			return fmt.Errorf("S/MIME key of %s: %w", k.Address, ErrKeyMissing)
		}
	}
	hooks, err := s.Webhooks(ctx)
	if err != nil {
		return fmt.Errorf("read webhooks: %w", err)
	}
	for _, w := range hooks {
		if !holdsAll(ring, w.SecretEnc, w.OldSecretEnc) {
			return fmt.Errorf("webhook %q: %w", w.Name, ErrKeyMissing)
		}
	}
	return nil
}

// holdsAll reports whether the ring opens all of these; "" is nothing to open.
func holdsAll(ring *secret.Ring, sealed ...string) bool {
	return !slices.ContainsFunc(sealed, func(text string) bool { return text != "" && !ring.Holds(text) })
}

// ForgetPasswords clears the stored passwords that were encrypted with a key that is not there any more, makes a key
// when there is none, and returns the names of the inboxes whose password is to be entered again.
func ForgetPasswords(ctx context.Context, cfg config.Config, log *slog.Logger) (names []string, err error) {
	s, err := OpenStore(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckSchema(ctx); err != nil {
		return nil, fmt.Errorf("database schema: %w", err)
	}
	ring, _, err := secret.Load(cfg.SecretKey, cfg.Data)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	inboxes, err := s.Inboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read inboxes: %w", err)
	}
	for _, ib := range inboxes {
		if ib.PasswordEnc == "" || ring.Holds(ib.PasswordEnc) {
			continue
		}
		ib.PasswordEnc = ""
		if err := s.UpdateInbox(ctx, &ib, ib.Version); err != nil {
			return names, fmt.Errorf("clear the password of inbox %d: %w", ib.ID, err)
		}
		names = append(names, ib.Name)
	}
	return forgetSending(ctx, s, ring, names)
}

// forgetSending does the same for sending accounts, and forgets the keys of signed references: replies to what was sent
// before are then recognised by number and header only.
func forgetSending(ctx context.Context, s *store.Store, ring *secret.Ring, names []string) ([]string, error) {
	accounts, err := s.SendingAccounts(ctx)
	if err != nil {
		return names, fmt.Errorf("read sending accounts: %w", err)
	}
	for _, a := range accounts {
		if a.PasswordEnc == "" || ring.Holds(a.PasswordEnc) {
			continue
		}
		a.PasswordEnc = ""
		if err := s.UpdateSendingAccount(ctx, &a, a.Version); err != nil {
			return names, fmt.Errorf("clear the password of sending account %d: %w", a.ID, err)
		}
		names = append(names, a.Address)
	}
	if err := forgetFactors(ctx, s, ring); err != nil {
		return names, err
	}
	if names, err = forgetSignIns(ctx, s, ring, names); err != nil {
		return names, err
	}
	sealed, err := s.Setting(ctx, gateway.ReplyKeysSetting)
	if err == nil && !ring.Holds(sealed) {
		err = s.DeleteSetting(ctx, gateway.ReplyKeysSetting)
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return names, fmt.Errorf("forget the keys of reply addresses: %w", err)
	}
	return names, nil
}

// forgetSignIns does the same for sign-ins with OAuth 2.0, which are to be set up again, and for keys of S/MIME: mail that was
// encrypted for one of those cannot be opened any more.
func forgetSignIns(ctx context.Context, s *store.Store, ring *secret.Ring, names []string) ([]string, error) {
	credentials, err := s.OAuthCredentials(ctx)
	if err != nil {
		return names, fmt.Errorf("read sign-ins: %w", err)
	}
	for _, c := range credentials {
		if holdsAll(ring, c.SecretEnc, c.CertificateEnc, c.RefreshEnc, c.AccessEnc) {
			continue
		}
		if err := s.DeleteOAuth(ctx, c.Owner); err != nil {
			return names, fmt.Errorf("forget the sign-in of %s: %w", c.Owner, err)
		}
		names = append(names, "OAuth 2.0: "+c.Owner)
	}
	keys, err := s.SMIMEKeys(ctx)
	if err != nil {
		return names, fmt.Errorf("read keys of S/MIME: %w", err)
	}
	for _, k := range keys {
		if holdsAll(ring, k.KeyEnc) {
			continue
		}
		if err := s.DeleteSMIMEKey(ctx, k.ID); err != nil {
			return names, fmt.Errorf("forget the S/MIME key of %s: %w", k.Address, err)
		}
		names = append(names, "S/MIME: "+k.Address)
	}
	return forgetWebhooks(ctx, s, ring, names)
}

// forgetWebhooks does the same for webhooks: nothing is sent to them before they have another secret.
func forgetWebhooks(ctx context.Context, s *store.Store, ring *secret.Ring, names []string) ([]string, error) {
	hooks, err := s.Webhooks(ctx)
	if err != nil {
		return names, fmt.Errorf("read webhooks: %w", err)
	}
	for _, w := range hooks {
		if holdsAll(ring, w.SecretEnc, w.OldSecretEnc) {
			continue
		}
		if !holdsAll(ring, w.SecretEnc) {
			w.SecretEnc, w.Enabled = "", false
			names = append(names, "Webhook: "+w.Name)
		}
		w.OldSecretEnc, w.OldSecretUntil = "", nil
		if err := s.UpdateWebhook(ctx, &w, w.Version); err != nil {
			return names, fmt.Errorf("forget the secret of webhook %d: %w", w.ID, err)
		}
	}
	return names, nil
}

// forgetFactors does the same for second factors: who had one signs in with the password alone and begins anew.
func forgetFactors(ctx context.Context, s *store.Store, ring *secret.Ring) error {
	factors, err := s.SecondFactors(ctx)
	if err != nil {
		return fmt.Errorf("read second factors: %w", err)
	}
	for _, f := range factors {
		if ring.Holds(f.SecretEnc) {
			continue
		}
		if err := s.DeleteSecondFactor(ctx, f.UserID); err != nil {
			return fmt.Errorf("remove the second factor of user %d: %w", f.UserID, err)
		}
	}
	return nil
}
