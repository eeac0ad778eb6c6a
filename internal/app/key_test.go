package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/smime"
	"letterbox/internal/config"
	"letterbox/internal/secret"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

func TestMissingKeyIsRefusedAndCanBeForgotten(t *testing.T) {
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
	a, inbox := keepsSecrets(t, cfg, log)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(cfg.Data, secret.FileName)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	for range 2 { // The first refusal must not leave a key behind that makes the second one pass.
		if _, err := New(ctx, cfg, log); !errors.Is(err, ErrKeyMissing) {
			t.Fatalf("New = %v, want ErrKeyMissing", err)
		}
		if _, err := os.Stat(key); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("a key was left behind (%v)", err)
		}
	}
	names, err := ForgetPasswords(ctx, cfg, log)
	want := []string{"Support", "OAuth 2.0: sending_accounts/1", "S/MIME: a@example.com", "Webhook: Radar"}
	if err != nil || !slices.Equal(names, want) {
		t.Fatalf("ForgetPasswords = %q, %v, want %q", names, err, want)
	}
	if a, err = New(ctx, cfg, log); err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	v, err := a.Gateway.Inbox(ctx, inbox)
	if err != nil || v.PasswordSet {
		t.Errorf("password set = %v (%v), want it cleared", v.PasswordSet, err)
	}
}

// keepsSecrets starts the program and gives it a secret of each kind.
func keepsSecrets(t *testing.T, cfg config.Config, log *slog.Logger) (*App, int64) {
	t.Helper()
	ctx := t.Context()
	a, err := New(ctx, cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Tracker.CreateProject(ctx, tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	if err != nil {
		t.Fatal(err)
	}
	s, password := models.DefaultInboxSettings(), "s3cret"
	s.Host = "imap.example.com"
	ib, err := a.Gateway.CreateInbox(ctx, nil, gateway.InboxDraft{
		Name: "Support", Address: "a@example.com", ProjectID: p.ID, Settings: s, Rules: models.DefaultRules(), Password: &password,
	})
	if err != nil {
		t.Fatal(err)
	}
	sending := gateway.SendingDraft{Place: "default", Address: "a@example.com", Settings: models.DefaultSendingSettings()}
	sending.Settings.Host = "smtp.example.com"
	account, err := a.Gateway.CreateSendingAccount(ctx, nil, sending)
	if err != nil {
		t.Fatal(err)
	}
	app := gateway.OAuthDraft{Auth: "oauth2_client", Secret: new("s3cret"), Settings: models.OAuthSettings{Provider: "microsoft", Tenant: "example.com", ClientID: "app"}}
	if err := a.Gateway.SetOAuth(ctx, nil, gateway.OAuthSending(account.ID), 0, app); err != nil {
		t.Fatal(err)
	}
	own, err := smime.SelfSigned("a@example.com", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := own.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Gateway.ImportSMIMEKey(ctx, nil, []byte(text), ""); err != nil {
		t.Fatal(err)
	}
	hook := webhook.Draft{Name: "Radar", URL: "https://radar.example.com/", Events: models.EventTypes(), Enabled: true}
	if _, _, err := a.Webhooks.Create(ctx, nil, hook); err != nil {
		t.Fatal(err)
	}
	return a, ib.ID
}

func TestRotatedKeyOpensEverythingAndTheOldOneNothing(t *testing.T) {
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	for _, way := range []string{"key file", "variable"} {
		t.Run(way, func(t *testing.T) {
			cfg := config.Default()
			cfg.Data = t.TempDir()
			cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
			first, second := secret.Generate(), secret.Generate()
			if way == "variable" {
				cfg.SecretKey = first
			}
			if _, err := RotateKey(ctx, cfg, log); err == nil {
				t.Error("RotateKey without a database succeeds")
			}
			a, inbox := keepsSecrets(t, cfg, log)
			u, err := a.Tracker.CreateUser(ctx, tracker.CommandLine(), tracker.UserDraft{Login: "ada", Name: "Ada", Role: models.RoleAdmin, Password: "long enough 1"})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Tracker.BeginSecondFactor(ctx, &u); err != nil {
				t.Fatal(err)
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			before, _, err := secret.Load(cfg.SecretKey, cfg.Data)
			if err != nil {
				t.Fatal(err)
			}
			if way == "variable" {
				cfg.SecretKey = second + "," + first
			}
			n, err := RotateKey(ctx, cfg, log)
			if err != nil || n < 5 {
				t.Fatalf("RotateKey = %d, %v, want all five", n, err)
			}
			if way == "variable" {
				cfg.SecretKey = second
			}
			if a, err = New(ctx, cfg, log); err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			after, _, err := secret.Load(cfg.SecretKey, cfg.Data)
			if err != nil {
				t.Fatal(err)
			}
			again, err := a.Store.Reseal(ctx, func(one store.Sealed) (string, error) {
				if before.Holds(one.Text) {
					t.Errorf("%s of %s is still opened by the old key", one.Column, one.Table)
				}
				where, err := placeOf(one)
				if err != nil {
					return "", err
				}
				_, err = after.Open(one.Text, where)
				return one.Text, err
			})
			if err != nil || again != n {
				t.Errorf("%d of %d can be opened, %v", again, n, err)
			}
			if v, err := a.Gateway.Inbox(ctx, inbox); err != nil || !v.PasswordSet {
				t.Errorf("the password is gone: %v", err)
			}
		})
	}
}

// A rotation that ends half-way, as by a kill, leaves all that it has not reached with the old key and all readable; the
// next one goes on to the end.
func TestRotationThatEndsHalfWayLosesNothing(t *testing.T) {
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.DB = "sqlite:" + filepath.Join(cfg.Data, "letterbox.db")
	a, inbox := keepsSecrets(t, cfg, log)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	// The new key is in the file and nothing is sealed by it yet: so far a process came that was killed there.
	if _, err := secret.Prepend(cfg.Data); err != nil {
		t.Fatal(err)
	}
	s, err := OpenStore(ctx, cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	killed := errors.New("killed")
	reached := 0
	_, err = s.Reseal(ctx, func(one store.Sealed) (string, error) {
		if reached++; reached > 2 {
			return "", killed
		}
		return "no longer readable", nil
	})
	if !errors.Is(err, killed) {
		t.Fatalf("Reseal = %v, want it to end after two", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opens := func(when string) {
		t.Helper()
		a, err := New(ctx, cfg, log)
		if err != nil {
			t.Fatalf("start %s: %v", when, err)
		}
		defer a.Close()
		ring, _, err := secret.Load(cfg.SecretKey, cfg.Data)
		if err != nil {
			t.Fatal(err)
		}
		n, err := a.Store.Reseal(ctx, func(one store.Sealed) (string, error) {
			where, err := placeOf(one)
			if err == nil {
				_, err = ring.Open(one.Text, where)
			}
			return one.Text, err
		})
		if err != nil || n != 4 {
			t.Errorf("%s %d secrets can be opened, %v, want all four", when, n, err)
		}
		if v, err := a.Gateway.Inbox(ctx, inbox); err != nil || !v.PasswordSet {
			t.Errorf("%s the password is gone: %v", when, err)
		}
	}
	opens("half-way")
	if n, err := RotateKey(ctx, cfg, log); err != nil || n != 4 {
		t.Fatalf("RotateKey = %d, %v, want all four", n, err)
	}
	opens("after the next rotation")
}
