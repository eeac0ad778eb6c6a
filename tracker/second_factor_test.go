package tracker_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// plainSecrets marks what was sealed with its place and encrypts nothing.
type plainSecrets struct{}

func (plainSecrets) Seal(plain, where string) (string, error) { return where + "=" + plain, nil }

func (plainSecrets) Open(sealed, where string) (string, error) {
	plain, ok := strings.CutPrefix(sealed, where+"=")
	if !ok {
		return "", errors.New("sealed for another place")
	}
	return plain, nil
}

func eachWithFactor(t *testing.T, run func(t *testing.T, w *world, codes []string, code func(after time.Duration) string)) {
	t.Helper()
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		w.Service = tracker.New(tracker.Deps{Store: s, Secrets: plainSecrets{}})
		if err := w.BeginSecondFactor(t.Context(), &w.member); err != nil {
			t.Fatal(err)
		}
		setup, err := w.SecondFactorSetup(t.Context(), &w.member)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(setup.URL, "otpauth://totp/Letterbox:member?") || len(setup.QR) < 200 {
			t.Errorf("setup = %q with a picture of %d octets", setup.URL, len(setup.QR))
		}
		code := func(after time.Duration) string {
			c, err := totp.GenerateCode(setup.Secret, time.Now().Add(after))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		_, err = w.ConfirmSecondFactor(t.Context(), &w.member, "000000x")
		if got, want := codes(t, err), "code E-CODE-01"; got != want {
			t.Errorf("a wrong code: %s, want %s", got, want)
		}
		if token, err := w.SecondFactorNeeded(t.Context(), &w.member); err != nil || token != "" {
			t.Errorf("before it is confirmed a code is asked for (%v)", err)
		}
		recovery, err := w.ConfirmSecondFactor(t.Context(), &w.member, code(-30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		run(t, w, recovery, code)
	})
}

func TestSecondFactorIsAskedForAndEachCodeCountsOnce(t *testing.T) {
	eachWithFactor(t, func(t *testing.T, w *world, recovery []string, code func(time.Duration) string) {
		if _, err := w.SecondFactorSetup(t.Context(), &w.member); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the secret is shown again: %v", err)
		}
		if err := w.BeginSecondFactor(t.Context(), &w.member); !errors.Is(err, models.ErrConflict) {
			t.Errorf("a second one is begun: %v, want ErrConflict", err)
		}
		token, err := w.SecondFactorNeeded(t.Context(), &w.member)
		if err != nil || token == "" {
			t.Fatalf("no code is asked for (%v)", err)
		}
		now := code(0)
		if u, err := w.FinishSignIn(t.Context(), token, now); err != nil || u.ID != w.member.ID {
			t.Fatalf("right code: %v", err)
		}
		if _, err := w.FinishSignIn(t.Context(), token, code(30*time.Second)); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the step is used twice: %v, want ErrNotFound", err)
		}
		again, err := w.SecondFactorNeeded(t.Context(), &w.member)
		if err != nil {
			t.Fatal(err)
		}
		for name, bad := range map[string]string{"used": now, "empty": "", "long ago": code(-10 * time.Minute), "no recovery code": "aaaa-bbbb-cccc-dddd"} {
			_, err := w.FinishSignIn(t.Context(), again, bad)
			if got, want := codes(t, err), "code E-CODE-01"; got != want {
				t.Errorf("%s code: %s, want %s", name, got, want)
			}
		}
		spoken := strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " "))
		if _, err := w.FinishSignIn(t.Context(), again, spoken); err != nil {
			t.Errorf("recovery code: %v", err)
		}
		third, err := w.SecondFactorNeeded(t.Context(), &w.member)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.FinishSignIn(t.Context(), third, recovery[3])
		if got, want := codes(t, err), "code E-CODE-01"; got != want {
			t.Errorf("recovery code again: %s, want %s", got, want)
		}
		if f, err := w.SecondFactorOf(t.Context(), &w.member, w.member.ID); err != nil || f.Codes != 9 {
			t.Errorf("%d recovery codes left (%v), want 9", f.Codes, err)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(recovery)))) != 10 {
			t.Errorf("recovery codes = %v, want ten different ones", recovery)
		}
	})
}

func TestSecondFactorIsTakenAwayByItsOwnerWithACodeOrByAnAdmin(t *testing.T) {
	eachWithFactor(t, func(t *testing.T, w *world, recovery []string, _ func(time.Duration) string) {
		err := w.RemoveSecondFactor(t.Context(), &w.member, w.member.ID, "123")
		if got, want := codes(t, err), "code E-CODE-01"; got != want {
			t.Errorf("without a code: %s, want %s", got, want)
		}
		if got, want := verdict(w.RemoveSecondFactor(t.Context(), &w.boss, w.member.ID, recovery[0])), "hidden"; got != want {
			t.Errorf("by somebody else: %s, want %s", got, want)
		}
		if err := w.RemoveSecondFactor(t.Context(), &w.admin, w.member.ID, ""); err != nil {
			t.Fatal(err)
		}
		if token, err := w.SecondFactorNeeded(t.Context(), &w.member); err != nil || token != "" {
			t.Errorf("a code is still asked for (%v)", err)
		}
	})
}

// Who knows the password and guesses codes has few tries, however many at once.
func TestCodesCannotBeGuessed(t *testing.T) {
	eachWithFactor(t, func(t *testing.T, w *world, _ []string, code func(time.Duration) string) {
		var wrong, refused atomic.Int64
		var wg sync.WaitGroup
		for range 25 {
			wg.Go(func() {
				token, err := w.SecondFactorNeeded(t.Context(), &w.member)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = w.FinishSignIn(t.Context(), token, "12345")
				if _, many := errors.AsType[*tracker.TooManyAttempts](err); many {
					refused.Add(1)
				} else if _, bad := errors.AsType[models.InvalidList](err); bad {
					wrong.Add(1)
				} else {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wrong.Load() != 10 || refused.Load() != 15 {
			t.Errorf("%d codes were looked at and %d refused, want 10 and 15", wrong.Load(), refused.Load())
		}
		token, err := w.SecondFactorNeeded(t.Context(), &w.member)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.FinishSignIn(t.Context(), token, code(0)); err == nil {
			t.Error("the right code is taken after too many wrong ones")
		}
	})
}
