package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *Ring {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seal(t *testing.T, r *Ring, plain, where string) string {
	t.Helper()
	sealed, err := r.Seal(plain, where)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealedValueOpensOnlyInItsPlace(t *testing.T) {
	r := parse(t, Generate())
	for _, plain := range []string{"", "pässwörd", strings.Repeat("x", 100_000), "a.b:c\r\n\x00"} {
		sealed := seal(t, r, plain, "inboxes|3|password")
		if got, err := r.Open(sealed, "inboxes|3|password"); err != nil || got != plain {
			t.Errorf("Open = %.20q, %v; want %.20q", got, err, plain)
		}
		for _, where := range []string{"", "inboxes|4|password", "inboxes|3|smtp_password", "users|3|password"} {
			if got, err := r.Open(sealed, where); !errors.Is(err, ErrDamaged) || got != "" {
				t.Errorf("Open in %q = %.20q, %v; want ErrDamaged", where, got, err)
			}
		}
	}
}

func TestSameTextIsSealedDifferently(t *testing.T) {
	r := parse(t, Generate())
	if a, b := seal(t, r, "x", "w"), seal(t, r, "x", "w"); a == b {
		t.Errorf("two seals of one text are equal: %s", a)
	}
}

func TestEveryChangedOctetIsNoticed(t *testing.T) {
	r := parse(t, Generate())
	sealed := seal(t, r, "secret", "w")
	for i := range len(sealed) {
		for _, c := range []byte{'A', 'z', '.', ' '} {
			if sealed[i] == c {
				continue
			}
			changed := sealed[:i] + string(c) + sealed[i+1:]
			if got, err := r.Open(changed, "w"); err == nil {
				t.Errorf("octet %d as %q: opened to %q", i, c, got)
			}
		}
		if _, err := r.Open(sealed[:i], "w"); err == nil {
			t.Errorf("cut to %d octets: opened", i)
		}
	}
}

func TestRotationKeepsOldValuesReadable(t *testing.T) {
	oldKey, newKey := Generate(), Generate()
	before, both, after := parse(t, oldKey), parse(t, newKey+","+oldKey), parse(t, newKey)

	sealed := seal(t, before, "secret", "w")
	if got, err := both.Open(sealed, "w"); err != nil || got != "secret" {
		t.Fatalf("Open with both keys = %q, %v", got, err)
	}
	if both.Current(sealed) || !both.Holds(sealed) {
		t.Error("a value under the old key counts as current, or as unknown")
	}
	again := seal(t, both, "secret", "w")
	if !both.Current(again) {
		t.Error("a new value is not under the first key")
	}
	if got, err := after.Open(again, "w"); err != nil || got != "secret" {
		t.Errorf("Open with the new key alone = %q, %v", got, err)
	}
	if _, err := after.Open(sealed, "w"); !errors.Is(err, ErrUnknownKey) || after.Holds(sealed) {
		t.Errorf("Open of an old value without the old key: %v, want ErrUnknownKey", err)
	}
}

func TestSameIDWithAnotherKeyDoesNotOpen(t *testing.T) {
	raw := func(c string) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(c, 32))) }
	sealed := seal(t, parse(t, "main:"+raw("a")), "secret", "w")
	if _, err := parse(t, "main:"+raw("b")).Open(sealed, "w"); !errors.Is(err, ErrDamaged) {
		t.Errorf("error = %v, want ErrDamaged", err)
	}
}

func TestParse(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32)))
	url := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 32)))
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for name, tt := range map[string]struct {
		text string
		ok   bool
	}{
		"key with id":          {"main:" + key, true},
		"key without id":       {key, true},
		"URL alphabet":         {url, true},
		"two by comma":         {"a:" + key + ", b:" + other, true},
		"two by line":          {"a:" + key + "\nb:" + other + "\n", true},
		"empty":                {" \n", false},
		"too short":            {"a:" + base64.StdEncoding.EncodeToString([]byte("short")), false},
		"too long":             {"a:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 33))), false},
		"not base64":           {"a:!!!!", false},
		"id with a dot":        {"a.b:" + key, false},
		"id too long":          {strings.Repeat("a", 33) + ":" + key, false},
		"id twice":             {"a:" + key + ",a:" + other, false},
		"second key is broken": {"a:" + key + ",b:xyz", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Parse(tt.text)
			if (err == nil) != tt.ok {
				t.Fatalf("Parse: error %v, want accepted = %v", err, tt.ok)
			}
			if err != nil && strings.Contains(err.Error(), key) {
				t.Errorf("the error repeats a key: %v", err)
			}
			if tt.ok {
				if got, err := r.Open(seal(t, r, "x", "w"), "w"); err != nil || got != "x" {
					t.Errorf("Open = %q, %v", got, err)
				}
			}
		})
	}
}

func TestRingNeverPrintsKeys(t *testing.T) {
	text := Generate()
	_, encoded, _ := strings.Cut(text, ":")
	raw, _ := base64.StdEncoding.DecodeString(encoded)
	r := parse(t, text)
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s", r, r, r, r)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "ring", r)
	for _, form := range []string{encoded, string(raw), fmt.Sprint(raw), fmt.Sprintf("%x", raw)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the key was printed: %s", out.String())
		}
	}
}

func FuzzOpen(f *testing.F) {
	r, err := Parse(Generate())
	if err != nil {
		f.Fatal(err)
	}
	sealed, _ := r.Seal("secret", "w")
	f.Add(sealed, "w2")
	f.Add("c1..", "")
	f.Add("c1.x.AAAA", "w")
	f.Fuzz(func(t *testing.T, sealed, where string) {
		if plain, err := r.Open(sealed, where); err == nil && (plain != "secret" || where != "w") {
			t.Errorf("Open(%q, %q) = %q without an error", sealed, where, plain)
		}
	})
}
