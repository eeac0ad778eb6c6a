package smime_test

import (
	"bytes"
	"crypto/elliptic"
	"errors"
	"strings"
	"testing"

	"letterbox/gateway/smime"
)

func TestSignaturesOfOpenSSL(t *testing.T) {
	w := newWorld(t)
	rsaKey, curve := w.reader(t, anna), w.person(t, anna)
	tests := []struct {
		name   string
		signer identity
		args   string
		state  smime.State
		reason smime.Reason
	}{
		{"RSA", rsaKey, "", smime.Valid, ""},
		{"RSA with SHA-512", rsaKey, "-md sha512", smime.Valid, ""},
		{"streamed in pieces", rsaKey, "-stream", smime.Valid, ""},
		{"known by the identifier of the key", rsaKey, "-keyid", smime.Valid, ""},
		{"without attributes", rsaKey, "-noattr", smime.Valid, ""},
		{"with extra certificates", rsaKey, "-certfile ca.pem", smime.Valid, ""},
		{"on a curve", curve, "", smime.Valid, ""},
		{"RSA-PSS", rsaKey, "-keyopt rsa_padding_mode:pss", smime.Uncheckable, smime.Algorithm},
		{"SHA-1", rsaKey, "-md sha1", smime.Uncheckable, smime.Algorithm},
		{"without its certificate", rsaKey, "-nocerts", smime.Uncheckable, smime.Format},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{"in": []byte(words), "me.pem": tt.signer.pem(t), "ca.pem": certPEM(w.ca.cert)}
			args := strings.Fields("cms -sign -binary -in in -out out -outform DER -signer me.pem " + tt.args)
			got := w.policy.VerifyDetached([]byte(words), openssl(t, files, args...), fromAnna)
			if tt.args != "-stream" && (got.State != tt.state || got.Reason != tt.reason) { // openssl puts a streamed content inside all the same.
				t.Errorf("detached: State, Reason = %q, %q, want %q, %q", got.State, got.Reason, tt.state, tt.reason)
			}
			content, got := w.policy.VerifyOpaque(openssl(t, files, append(args, "-nodetach")...), fromAnna)
			if got.State != tt.state || got.Reason != tt.reason || string(content) != words {
				t.Errorf("opaque: State, Reason, content = %q, %q, %q, want %q, %q and the words", got.State, got.Reason, content, tt.state, tt.reason)
			}
		})
	}
}

func TestMailEncryptedByOpenSSLIsOpened(t *testing.T) {
	w := newWorld(t)
	me, other := w.reader(t, "desk@example.org"), w.reader(t, "other@example.org")
	curve := w.person(t, "curve@example.org")
	old := w.reader(t, "desk@example.org")
	myCurve, large := w.person(t, "desk@example.org"), newIdentity(t, wish{emails: []string{"desk@example.org"}, issuer: &w.ca, curve: elliptic.P384()})
	for _, own := range []identity{old, me, myCurve, large} {
		if err := w.policy.Keys.Add(own.pem(t)); err != nil {
			t.Fatal(err)
		}
	}
	long := words + strings.Repeat("long text\r\n", 20_000)
	tests := []struct {
		name, args string
		want       error
	}{
		{"AES-256", "-aes256 me.pem", nil},
		{"AES-128", "-aes128 me.pem", nil},
		{"triple DES", "-des3 me.pem", nil},
		{"streamed in pieces", "-aes256 -stream me.pem", nil},
		{"for an old certificate of ours", "-aes256 old.pem", nil},
		{"for several", "-aes256 other.pem me.pem", nil},
		{"for several, one with a curve", "-aes256 curve.pem me.pem", nil},
		{"OAEP", "-aes256 -recip me.pem -keyopt rsa_padding_mode:oaep", nil},
		{"OAEP with SHA-256", "-aes256 -recip me.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256", nil},
		{"for somebody else", "-aes256 other.pem", smime.ErrNoKey},
		{"for somebody else's curve only", "-aes256 curve.pem", smime.ErrNoKey},
		{"for a curve of ours", "-aes256 curve.pem mine.pem", nil},
		{"for a curve of ours, AES-128", "-aes128 mine.pem", nil},
		{"for a curve of ours, with SHA-256", "-aes256 -recip mine.pem -keyopt ecdh_kdf_md:sha256", nil},
		{"for a larger curve of ours", "-aes256 large.pem", nil},
		{"for a curve of ours, with cofactor", "-aes256 -recip mine.pem -keyopt ecdh_cofactor_mode:1", nil},
		{"AES-192", "-aes192 me.pem", smime.ErrUnsupported},
		{"authenticated, AES-256-GCM", "-aes-256-gcm me.pem", nil},
		{"authenticated, AES-128-GCM", "-aes-128-gcm me.pem", nil},
		{"authenticated, for a curve of ours", "-aes-256-gcm mine.pem", nil},
		{"authenticated, for somebody else", "-aes-256-gcm other.pem", smime.ErrNoKey},
		{"by the identifier of the key", "-aes256 -keyid me.pem", smime.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{
				"in": []byte(long), "me.pem": certPEM(me.cert), "old.pem": certPEM(old.cert), "other.pem": certPEM(other.cert), "curve.pem": certPEM(curve.cert),
				"mine.pem": certPEM(myCurve.cert), "large.pem": certPEM(large.cert),
			}
			der := openssl(t, files, strings.Fields("cms -encrypt -binary -in in -out out -outform DER "+tt.args)...)
			got, err := w.policy.Decrypt(der)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error = %v, want %v", err, tt.want)
			}
			if authenticated := strings.Contains(tt.args, "gcm"); tt.want == nil && (string(got.Octets) != long || got.Authenticated != authenticated) {
				t.Errorf("%d octets, authenticated %v, want the %d that went in, %v", len(got.Octets), got.Authenticated, len(long), authenticated)
			}
		})
	}
}

func TestOpenSSLAcceptsWhatTheTestsSign(t *testing.T) {
	w := newWorld(t)
	files := map[string][]byte{"sig": sign(t, words, true, w.person(t, anna)), "in": []byte(words), "ca.pem": certPEM(w.ca.cert)}
	out := openssl(t, files, strings.Fields("cms -verify -binary -inform DER -in sig -content in -out out -CAfile ca.pem -purpose smimesign")...)
	if !bytes.Equal(out, []byte(words)) {
		t.Errorf("openssl read %q, want %q", out, words)
	}
}
