package smime_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"letterbox/gateway/smime"
)

// What a signer reads is known of the signed attribute of RFC 8551, 2.5.2, and of the extension of RFC 4262. openssl
// announces AES-256 in CBC and no GCM, as most mail programs do.
func TestSignersAnnounceWhatTheyRead(t *testing.T) {
	w := newWorld(t)
	person := w.person(t, anna)
	id, err := smime.ImportPEM(person.pem(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(words))
	here, err := id.Sign(sum[:], received)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"in": []byte(words), "me.pem": person.pem(t)}
	there := func(args string) []byte {
		return openssl(t, files, strings.Fields("cms -sign -binary -in in -out out -outform DER -signer me.pem "+args)...)
	}
	tests := []struct {
		name           string
		signature      []byte
		announced, gcm bool
	}{
		{"a signature of ours", here, true, true},
		{"one of openssl", there(""), true, false},
		{"one that says nothing", there("-nosmimecap"), false, false},
		{"one without attributes", there("-noattr"), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.policy.VerifyDetached([]byte(words), tt.signature, fromAnna)
			if got.State != smime.Valid || got.Announced != tt.announced || got.ReadsGCM != tt.gcm {
				t.Errorf("%s, Announced, ReadsGCM = %t, %t; want valid, %t, %t", got.State, got.Announced, got.ReadsGCM, tt.announced, tt.gcm)
			}
		})
	}
	forged := w.policy.VerifyDetached([]byte(words+"more"), here, fromAnna)
	if forged.Announced || forged.ReadsGCM {
		t.Error("a signature that does not fit announces something")
	}
	if around := w.policy.VerifyDetached([]byte(words), here, fromAnna).Around(); around.Announced || around.ReadsGCM {
		t.Error("a signature around what others encrypted announces something")
	}
	own, err := smime.SelfSigned("support@here.example", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !smime.ReadsGCM(own.Certificate) || smime.ReadsGCM(person.cert) {
		t.Errorf("ReadsGCM = %t of our certificate, %t of one that says nothing; want true, false", smime.ReadsGCM(own.Certificate), smime.ReadsGCM(person.cert))
	}
}
