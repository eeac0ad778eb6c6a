package handlers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"letterbox/gateway/smime"
)

// keyring is a folder with the keys of Anna, Eve and the desk; the certificate of Anna is the only one accepted.
type keyring string

func newKeyring(t *testing.T, s *site) keyring {
	t.Helper()
	k := keyring(t.TempDir())
	policy := &smime.Policy{}
	for _, name := range []string{"anna", "eve", "desk"} {
		email := strings.Replace(name, "eve", "anna", 1) + "@example.org" // Eve writes into hers what she likes.
		k.openssl(t, "", "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN="+name+" -keyout key -out cert -addext subjectAltName=email:"+email+" -addext extendedKeyUsage=emailProtection")
		var both []byte
		for _, part := range []string{"cert", "key"} {
			text, err := os.ReadFile(filepath.Join(string(k), part))
			s.ok(err)
			both = append(both, text...)
		}
		s.ok(os.WriteFile(filepath.Join(string(k), name+".pem"), both, 0o600))
		var err error
		switch name {
		case "anna":
			policy.Roots, err = smime.ParseRoots(both)
		case "desk":
			err = policy.Keys.Add(both)
		}
		s.ok(err)
	}
	s.h.Gateway.SMIME = policy
	return k
}

// openssl runs it on in and returns the file "out", if there is one.
func (k keyring) openssl(t *testing.T, in, args string) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	if err := os.WriteFile(filepath.Join(string(k), "in"), []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, strings.Fields(args)...)
	cmd.Dir = string(k)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", args, err, text)
	}
	out, err := os.ReadFile(filepath.Join(string(k), "out"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

func TestPagesSayWhatASignatureIsWorth(t *testing.T) {
	s := newSite(t)
	k := newKeyring(t, s)
	const head = "From: Anna <anna@example.org>\nTo: support@letterbox.example\nSubject: signed\n"
	sign := func(who string) string {
		return head + k.openssl(t, "Content-Type: text/plain\n\nfour words by Anna\n", "cms -sign -in in -out out -signer "+who)
	}
	signed := sign("anna.pem")
	for i, tt := range []struct{ name, raw, want string }{
		{"verified", signed, "Signature verified: anna@example.org"},
		{"changed", strings.Replace(signed, "four words", "five words", 1), "Signature does not match the content"},
		{"issuer unknown", sign("eve.pem"), "Signer&#39;s issuer unknown"},
		{"of another", strings.Replace(signed, "<anna@", "<bert@", 1), "Signature not accepted: the certificate does not belong to the sender&#39;s address"},
		{"not signed", head + "\nplain words", "!ignature "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.mail(s.inbox, tt.raw)
			s.get(fmt.Sprintf("/issues/%d", i+1), s.as("member")).want(t, 200, tt.want)
			s.get(fmt.Sprintf("/messages/%d", m.ID), s.as("lead")).want(t, 200, tt.want)
		})
	}
}

func TestDecryptedMailNeverLoadsRemotePictures(t *testing.T) {
	s := newSite(t)
	k := newKeyring(t, s)
	body := "Content-Type: text/html\n\n<p>the secret words</p><img src=\"https://tracker.example/pixel.png\">\n"
	m := s.mail(s.inbox, "From: anna@example.org\nSubject: closed\n"+k.openssl(t, body, "cms -encrypt -aes256 -in in -out out desk.pem"))
	s.get("/issues/1", s.as("member")).want(t, 200, "the secret words", "Came encrypted, decrypted here", "!?images=1")
	s.get(fmt.Sprintf("/messages/%d", m.ID), s.as("lead")).want(t, 200, "the secret words", "Came encrypted, decrypted here", "!?images=1")
	got := s.get(fmt.Sprintf("/issues/1/mail/%d?images=1", m.ID), s.as("member"))
	got.want(t, 200, "the secret words", "! src=\"https://tracker.example")
	if policy := got.Header.Get("Content-Security-Policy"); strings.Contains(policy, "http") {
		t.Errorf("policy = %q, want nothing from the network", policy)
	}
	s.get(fmt.Sprintf("/issues/1/mail/%d", m.ID), s.as("other")).want(t, 404)
}
