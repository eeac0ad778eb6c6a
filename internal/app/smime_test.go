package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair is a certificate and its private key in PEM.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "desk"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der), pkcs8(t, private)
}

func pkcs8(t *testing.T, private any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", der)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestSMIMEKeysAreReadFromTheirFolder(t *testing.T) {
	cert, key := pair(t)
	foreign, old := pair(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		files map[string]string
		keys  int
		want  string // Part of the error.
	}{
		{"none", nil, 0, ""},
		{"one", map[string]string{"a.pem": cert + key}, 1, ""},
		{"key first, issuers beside", map[string]string{"a.pem": key + foreign + cert}, 1, ""},
		{"two, and other files", map[string]string{"a.pem": cert + key, "b.pem": foreign + old, "README": "x"}, 2, ""},
		{"no key", map[string]string{"a.pem": cert}, 0, "a.pem: there is no private key"},
		{"two keys", map[string]string{"a.pem": cert + key + old}, 0, "more than one private key"},
		{"foreign certificate", map[string]string{"a.pem": foreign + key}, 0, "no certificate belongs to the private key"},
		{"encrypted key", map[string]string{"a.pem": cert + block("ENCRYPTED PRIVATE KEY", []byte("x"))}, 0, "without a passphrase"},
		{"damaged key", map[string]string{"a.pem": cert + block("PRIVATE KEY", []byte("x"))}, 0, "cannot be read"},
		{"key on a curve without its certificate", map[string]string{"a.pem": cert + pkcs8(t, curve)}, 0, "no certificate belongs to the private key"},
		{"no PEM", map[string]string{"a.pem": "x"}, 0, "a.pem"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p, err := LoadSMIME(dir, "")
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "BEGIN") {
					t.Errorf("error = %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || p.Keys.Len() != tt.keys {
				t.Errorf("keys = %v, %v, want %d", p, err, tt.keys)
			}
		})
	}
}

func TestSMIMEIssuersAreReadFromTheirFile(t *testing.T) {
	cert, _ := pair(t)
	file := filepath.Join(t.TempDir(), "issuers.pem")
	for text, good := range map[string]bool{cert: true, cert + cert: true, "": false, block("CERTIFICATE", []byte("x")): false} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadSMIME("", file); (err == nil) != good {
			t.Errorf("%q: error = %v, want one: %v", text, err, !good)
		}
	}
	for _, names := range [][2]string{{filepath.Join(t.TempDir(), "missing"), ""}, {"", file + ".missing"}} {
		if _, err := LoadSMIME(names[0], names[1]); err == nil {
			t.Errorf("%v: no error, want what is missing", names)
		}
	}
}
