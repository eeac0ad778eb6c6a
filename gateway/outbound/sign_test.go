package outbound

import (
	"fmt"
	"strings"
	"testing"
)

func TestSignedReferencesTellIssueAndRecipient(t *testing.T) {
	k := NewKeys()
	id := k.MessageID("r", 1234567, 89, "erika@kunde.example", "here.example")
	address, ok := k.Address("support@here.example", 1234567, "erika@kunde.example")
	if local, _, _ := strings.Cut(id, "@"); len(local) > 64 || !ok || strings.IndexByte(address, '@') > 64 {
		t.Fatalf("too long: %s, %s, %v", id, address, ok)
	}
	if id != k.MessageID("r", 1234567, 89, "erika@kunde.example", "here.example") {
		t.Error("the same mail has two Message-IDs")
	}
	check := func(what string, r Reference, ok bool) {
		t.Helper()
		if !ok || r.Issue != 1234567 || !r.IsFor("Erika@Kunde.example") || r.IsFor("eve@kunde.example") {
			t.Errorf("%s: got %v %+v, want issue 1234567 for erika", what, ok, r.Issue)
		}
	}
	r, ok := k.ReadMessageID(id)
	check("Message-ID", r, ok)
	base, r, ok := k.ReadAddress(strings.ToUpper(address[:20]) + address[20:])
	check("address", r, ok)
	if !strings.EqualFold(base, "support@here.example") {
		t.Errorf("base = %s, want support@here.example", base)
	}
	rotated := k
	for range mostKeys - 1 {
		rotated = rotated.Rotate()
	}
	r, ok = rotated.ReadMessageID(id)
	check("after seven rotations", r, ok)
	if _, ok := rotated.Rotate().ReadMessageID(id); ok {
		t.Error("a key that was rotated out still verifies")
	}
	if _, ok := NewKeys().ReadMessageID(id); ok {
		t.Error("the key of another installation verifies")
	}
	text, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	r, ok = again.ReadMessageID(id)
	check("after storing", r, ok)
}

func TestNoOtherReferenceIsTrusted(t *testing.T) {
	k := NewKeys()
	id := k.MessageID("r", 12, 3, "erika@kunde.example", "here.example")
	address, _ := k.Address("support@here.example", 12, "erika@kunde.example")
	local, host, _ := strings.Cut(id, "@")
	tag := address[len("support+"):strings.IndexByte(address, '@')]
	// Every octet counts, in either.
	for i := range local {
		b := []byte(local)
		if b[i]++; b[i] > 'z' {
			b[i] = 'a'
		}
		if r, ok := k.ReadMessageID(string(b) + "@" + host); ok && r.Issue != 12 {
			t.Errorf("Message-ID %s names issue %d", b, r.Issue)
		} else if ok {
			t.Errorf("Message-ID with another octet %d is trusted: %s", i, b)
		}
	}
	for i := range tag {
		b := []byte(tag)
		if b[i]++; b[i] > 'z' {
			b[i] = 'a'
		}
		if _, _, ok := k.ReadAddress("support+" + string(b) + "@here.example"); ok {
			t.Errorf("address with another octet %d is trusted: %s", i, b)
		}
	}
	for _, bad := range []string{"", "@", "x", "r.c.3", local, local[:len(local)-1] + "@h", local + "a@h", "r.c.3..@h", strings.Replace(id, "r.", "a.", 1), strings.Replace(id, ".c.", ".0c.", 1)} {
		if _, ok := k.ReadMessageID(bad); ok {
			t.Errorf("Message-ID %q is trusted", bad)
		}
	}
	for _, bad := range []string{"", "+", "+@h", "support@here.example", "support+@here.example", "support+" + tag[:len(tag)-1] + "@h", "support+" + tag + "0@h", "support+" + tag, "support+" + tag[:30] + "@h"} {
		if _, _, ok := k.ReadAddress(bad); ok {
			t.Errorf("address %q is trusted", bad)
		}
	}
	if long, ok := k.Address(strings.Repeat("x", 40)+"@here.example", 12, "a@b.example"); ok {
		t.Errorf("no room for a tag, and got %s", long)
	}
	if got := (Keys{}).MessageID("r", 1, 1, "a@b", "h"); got != "" {
		t.Errorf("no key, and got %s", got)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got, want := fmt.Sprintf(verb, k), "1 keys of reply addresses"; got != want {
			t.Errorf("%s prints %q, want %q and nothing of a key", verb, got, want)
		}
	}
}

func FuzzReadReferences(f *testing.F) {
	k := NewKeys()
	f.Add(k.MessageID("r", 12, 3, "a@b.example", "h"))
	a, _ := k.Address("s@h", 12, "a@b.example")
	f.Add(a)
	other := NewKeys()
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := other.ReadMessageID(s); ok {
			t.Errorf("%q is trusted", s)
		}
		if _, _, ok := other.ReadAddress(s); ok {
			t.Errorf("%q is trusted", s)
		}
	})
}
