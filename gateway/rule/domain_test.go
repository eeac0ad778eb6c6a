package rule

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dlclark/regexp2/v2"

	"letterbox/models"
)

func TestPatternsThatTakeTooLongSetTheMessageAside(t *testing.T) {
	for _, pattern := range []string{`^(a+)+$`, `(.*)*(.*)*(.*)*x`, `((a|aa)+)+b`, `(a*)*(a*)*b@x`} {
		s := compiled(t, models.Rules{DomainMode: "pattern", DomainPattern: pattern})
		f := person()
		f.From = strings.Repeat("a", 200) + "!@secret.example"
		got := s.Decide(f)
		if got.Outcome != Quarantine || got.Reason != RuleTimeout {
			t.Errorf("%s: %s %q, want it set aside", pattern, got.Outcome, got.Reason)
		}
	}
}

func TestErrorsOfPatternsDoNotQuoteTheAddress(t *testing.T) {
	p, err := compilePattern(`^(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	subject := strings.Repeat("a", 100) + "@secret.example"
	_, err = p.whole.MatchString(subject)
	if err == nil || !strings.Contains(err.Error(), "secret") {
		t.Fatalf("the library's error = %v; it is no longer the trap that this test is about", err)
	}
	a, _ := parseAddress(subject)
	if _, err = p.matches(a); !errors.Is(err, errTooSlow) || strings.Contains(err.Error(), "secret") {
		t.Errorf("matches: %v", err)
	}
}

func TestTimeoutsWithoutWorkAreTriedAgain(t *testing.T) {
	timeout := errors.New("match timeout")
	tests := []struct {
		name  string
		takes []time.Duration // What each try takes before it fails; the one after the last matches at once.
		err   error
		tries int
		want  error
	}{
		{"at once", []time.Duration{0}, timeout, 2, nil},
		{"twice at once", []time.Duration{0, 10 * time.Millisecond}, timeout, 3, nil},
		{"three times at once", []time.Duration{0, 0, 0, 0}, timeout, 3, errTooSlow},
		{"after half of the time", []time.Duration{50 * time.Millisecond, 0}, timeout, 1, errTooSlow},
		{"half of the time together", []time.Duration{30 * time.Millisecond, 30 * time.Millisecond, 0}, timeout, 2, errTooSlow},
		{"no memory left", []time.Duration{0}, regexp2.ErrBacktrackingStackLimit, 1, errTooSlow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				matched, err := within(100*time.Millisecond, func() (bool, error) {
					tries++
					if tries > len(tt.takes) {
						return true, nil
					}
					<-time.After(tt.takes[tries-1])
					return false, tt.err
				})
				if tries != tt.tries || !errors.Is(err, tt.want) || matched != (tt.want == nil) {
					t.Errorf("within = %t, %v after %d tries; want %v after %d", matched, err, tries, tt.want, tt.tries)
				}
			})
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	rules := map[string]models.Rules{
		"no rules": {},
		"lists": {
			AllowedSenders: []string{"@example.org", "@bosch.com"}, BlockedSenders: []string{"@evil.example"}, Domains: []string{"example.org", "bosch.com"},
			RecipientsExpected: []string{"support@example.org"}, SubjectKeywords: []string{"Drucker"},
		},
		"pattern":       {DomainMode: "pattern", DomainPattern: `[^@\s]+@(t-online\.de|bosch\.com)`},
		"body keywords": {BodyKeywords: []string{"Schlüsselwort", "Einsatzende"}},
	}
	f := person()
	f.Text = strings.Repeat("Bitte kommen Sie schnell, der Drucker brennt über alle Maßen.\n", 80) + "Einsatzende"
	for name, r := range rules {
		s := compiled(b, r)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v := s.Decide(f); v.Outcome != Accept {
					b.Fatal(v)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	rules := models.Rules{DomainMode: "pattern", DomainPattern: `[^@\s]+@(t-online\.de|bosch\.com)`}
	for b.Loop() {
		compiled(b, rules)
	}
}
