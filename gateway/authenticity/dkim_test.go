package authenticity_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"letterbox/gateway/authenticity"
)

func TestSignatureOfTheSendersDomainVerifiesTheSender(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	const mail = "From: Anna <anna@kunde.example>\r\nTo: support@here.example\r\nSubject: Drucker\r\n\r\nEr brennt.\r\n"
	sign := func(domain string) string {
		var b bytes.Buffer
		if err := dkim.Sign(&b, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: private, Hash: 0x5}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	dns := func(_ context.Context, name string) ([]string, error) {
		if strings.HasPrefix(name, "s1._domainkey.") {
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}
		return nil, errors.New("no such name")
	}
	silent := func(context.Context, string) ([]string, error) { return nil, errors.New("timeout") }
	good := sign("kunde.example")
	tests := []struct {
		name, raw string
		lookup    func(context.Context, string) ([]string, error)
		want      authenticity.State
	}{
		{"its own", good, dns, "pass"},
		{"of its organisation", sign("mail.kunde.example"), dns, "pass"},
		{"of somebody else", sign("evil.example"), dns, "none"},
		{"changed text", strings.Replace(good, "brennt", "raucht", 1), dns, "none"},
		{"changed sender", strings.Replace(good, "anna@kunde", "boss@kunde", 1), dns, "none"},
		{"only the beginning is signed", strings.Replace(good, "v=1;", "v=1; l=4;", 1), dns, "none"},
		{"no signature", mail, dns, "none"},
		{"no answer", good, silent, "none"},
		{"no mail", "\x00", dns, "none"},
	}
	for _, test := range tests {
		got, err := authenticity.VerifyDKIM(t.Context(), strings.NewReader(test.raw), "anna@kunde.example", test.lookup)
		if got.State != test.want {
			t.Errorf("%s: got %+v %v, want %s", test.name, got, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := authenticity.VerifyDKIM(ctx, strings.NewReader(good), "anna@kunde.example", dns); !errors.Is(err, authenticity.ErrLookup) {
		t.Errorf("cancelled: got %v, want ErrLookup", err)
	}
}
