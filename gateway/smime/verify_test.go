package smime_test

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"letterbox/gateway/smime"
)

const (
	anna  = "anna@example.org"
	words = "Content-Type: text/plain\r\n\r\nsigned words\r\n"
)

var fromAnna = smime.Claim{From: anna, Received: received}

// sign makes a signature with the library; its signing time is now, so nothing here depends on it.
func sign(t testing.TB, content string, detached bool, signers ...identity) []byte {
	t.Helper()
	sd, err := pkcs7.NewSignedData([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	for _, s := range signers {
		if err := sd.AddSigner(s.cert, s.key, pkcs7.SignerInfoConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	if detached {
		sd.Detach()
	}
	der, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestOnlyTheSenderIsBelieved(t *testing.T) {
	w := newWorld(t)
	mail := []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	stranger := newIdentity(t, wish{authority: true, commonName: "Other CA"})
	person := w.person(t, anna)
	tests := []struct {
		name   string
		signer identity
		from   string
		state  smime.State
		reason smime.Reason
	}{
		{"hers", person, anna, smime.Valid, ""},
		{"with a second address", w.person(t, "a@example.org", anna), anna, smime.Valid, ""},
		{"with an RSA key", newIdentity(t, wish{emails: []string{anna}, issuer: &w.ca, purpose: mail, rsa: true}), anna, smime.Valid, ""},
		{"without a stated purpose", newIdentity(t, wish{emails: []string{anna}, issuer: &w.ca}), anna, smime.Valid, ""},
		{"of somebody else", w.person(t, "eve@example.org"), anna, smime.Bad, smime.Address},
		{"her mail under another From", person, "eve@example.org", smime.Bad, smime.Address},
		{"other case", person, "Anna@example.org", smime.Bad, smime.Address},
		{"other case of the domain", person, "anna@Example.org", smime.Bad, smime.Address},
		{"blank before", person, " " + anna, smime.Bad, smime.Address},
		{"blank behind in the certificate", w.person(t, anna+" "), anna, smime.Bad, smime.Address},
		{"null octet in the certificate", w.person(t, anna+"\x00.example.net"), anna, smime.Bad, smime.Address},
		{"two addresses in one", w.person(t, anna+",eve@example.org"), anna, smime.Bad, smime.Address},
		{"longer domain", w.person(t, anna+".example.net"), anna, smime.Bad, smime.Address},
		{"without an address", w.person(t), anna, smime.Bad, smime.Address},
		{"address in the subject, as of old", newIdentity(t, wish{nameEmail: anna, issuer: &w.ca}), anna, smime.Valid, ""},
		{"address in the subject, another beside", newIdentity(t, wish{nameEmail: anna, emails: []string{"eve@example.org"}, issuer: &w.ca}), anna, smime.Bad, smime.Address},
		{"address as a name", newIdentity(t, wish{commonName: anna, issuer: &w.ca}), anna, smime.Bad, smime.Address},
		{"no sender", person, "", smime.Bad, smime.Sender},
		{"from an issuer nobody knows", newIdentity(t, wish{emails: []string{anna}, issuer: &stranger}), anna, smime.Unknown, smime.Issuer},
		{"signed by itself", newIdentity(t, wish{emails: []string{anna}}), anna, smime.Unknown, smime.Issuer},
		{"for web servers", newIdentity(t, wish{emails: []string{anna}, issuer: &w.ca, purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}), anna, smime.Bad, smime.Purpose},
		{"for encryption only", newIdentity(t, wish{emails: []string{anna}, issuer: &w.ca, usage: x509.KeyUsageKeyEncipherment}), anna, smime.Bad, smime.Purpose},
		{"issued by somebody who may not", newIdentity(t, wish{emails: []string{anna}, issuer: &person}), anna, smime.Unknown, smime.Issuer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.policy.VerifyDetached([]byte(words), sign(t, words, true, tt.signer), smime.Claim{From: tt.from, Received: received})
			if got.State != tt.state || got.Reason != tt.reason {
				t.Errorf("State, Reason = %q, %q, want %q, %q", got.State, got.Reason, tt.state, tt.reason)
			}
			if kept := got.Certificate != nil; kept != (tt.state == smime.Valid) {
				t.Errorf("certificate offered = %v, want it of a valid signature only", kept)
			}
		})
	}
}

func TestSignatureSaysWhoseItIs(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, anna)
	got := w.policy.VerifyDetached([]byte(words), sign(t, words, true, p), fromAnna)
	if got.Address != anna || got.Subject != "CN=Test" || got.Issuer != "CN=Test CA" || got.Serial != p.cert.SerialNumber.Text(16) ||
		!got.NotBefore.Equal(p.cert.NotBefore) || !got.NotAfter.Equal(p.cert.NotAfter) || got.SignedAt.IsZero() || !bytes.Equal(got.Certificate, p.cert.Raw) {
		t.Errorf("signature = %+v, want what stands in the certificate", got)
	}
}

func TestChangedContentIsBad(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, anna)
	sig := sign(t, words, true, p)
	for name, content := range map[string]string{
		"other words": strings.Replace(words, "signed", "other", 1), "more": words + "more", "less": words[:len(words)-2], "nothing": "",
		"other header": strings.Replace(words, "plain", "html", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.policy.VerifyDetached([]byte(content), sig, fromAnna); got.State != smime.Bad || got.Reason != smime.Content {
				t.Errorf("State, Reason = %q, %q, want bad, content", got.State, got.Reason)
			}
		})
	}
	der := sign(t, words, false, p)
	changed := bytes.Replace(der, []byte("signed words"), []byte("forged words"), 1)
	if _, got := w.policy.VerifyOpaque(changed, fromAnna); got.State != smime.Bad || got.Reason != smime.Content {
		t.Errorf("opaque: State, Reason = %q, %q, want bad, content", got.State, got.Reason)
	}
	content, got := w.policy.VerifyOpaque(der, fromAnna)
	if string(content) != words || got.State != smime.Valid {
		t.Errorf("opaque: content, State = %q, %q, want the words, valid", content, got.State)
	}
}

func TestBareLineFeedsAreWhatWasSigned(t *testing.T) {
	w := newWorld(t)
	sig := sign(t, words, true, w.person(t, anna))
	if got := w.policy.VerifyDetached([]byte(strings.ReplaceAll(words, "\r\n", "\n")), sig, fromAnna); got.State != smime.Valid {
		t.Errorf("State, Reason = %q, %q, want valid", got.State, got.Reason)
	}
}

func TestTwoSignersAreNobody(t *testing.T) {
	w := newWorld(t)
	sig := sign(t, words, true, w.person(t, anna), w.person(t, "eve@example.org"))
	if got := w.policy.VerifyDetached([]byte(words), sig, fromAnna); got.State != smime.Bad || got.Reason != smime.Signers {
		t.Errorf("State, Reason = %q, %q, want bad, signers", got.State, got.Reason)
	}
}

func TestCertificateIsValidWhenTheMailCameOrWasSigned(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	past := wish{emails: []string{anna}, issuer: &w.ca, from: received.AddDate(0, -2, 0), to: received.AddDate(0, -1, 0)}
	current := wish{emails: []string{anna}, issuer: &w.ca, from: now.Add(-time.Hour), to: now.Add(time.Hour)}
	tests := []struct {
		name     string
		cert     wish
		received time.Time
		state    smime.State
	}{
		{"expired before it was signed", past, received, smime.Bad},
		{"valid when signed and received", current, now, smime.Valid},
		{"received when it has expired, signed before", current, now.AddDate(1, 0, 0), smime.Valid},
		{"received before it was signed", current, now.AddDate(0, 0, -9), smime.Bad},
		{"time of receipt is not known", current, time.Time{}, smime.Valid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.policy.VerifyDetached([]byte(words), sign(t, words, true, newIdentity(t, tt.cert)), smime.Claim{From: anna, Received: tt.received})
			if got.State != tt.state || tt.state == smime.Bad && got.Reason != smime.Time {
				t.Errorf("State, Reason = %q, %q, want %q", got.State, got.Reason, tt.state)
			}
		})
	}
}

// The signed attributes of a mail are signed octets too: presented as the content of another one, they must not pass.
func TestSignedAttributesAreNoContent(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, anna)
	for name, content := range map[string]string{"attributes": "1\x80 attributes of another mail", "words": words} {
		sd, err := pkcs7.NewSignedData([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		if err := sd.SignWithoutAttr(p.cert, p.key, pkcs7.SignerInfoConfig{}); err != nil {
			t.Fatal(err)
		}
		der, err := sd.Finish()
		if err != nil {
			t.Fatal(err)
		}
		_, got := w.policy.VerifyOpaque(der, fromAnna)
		if valid := got.State == smime.Valid; valid != (name == "words") {
			t.Errorf("%s: State, Reason = %q, %q", name, got.State, got.Reason)
		}
	}
}

func TestWhatIsNoSignatureIsNotCheckable(t *testing.T) {
	w := newWorld(t)
	good := sign(t, words, true, w.person(t, anna))
	for name, sig := range map[string][]byte{
		"nothing": nil, "text": []byte("signature"), "cut": good[:len(good)-20], "opaque": sign(t, words, false, w.person(t, anna)), "no signer": sign(t, words, true),
	} {
		if got := w.policy.VerifyDetached([]byte(words), sig, fromAnna); got.State != smime.Uncheckable {
			t.Errorf("%s: State, Reason = %q, %q, want uncheckable", name, got.State, got.Reason)
		}
	}
	large := make([]byte, smime.MaxContent+1)
	if got := w.policy.VerifyDetached(large, good, fromAnna); got.State != smime.Uncheckable || got.Reason != smime.Size {
		t.Errorf("large: State, Reason = %q, %q, want uncheckable, size", got.State, got.Reason)
	}
}

// An authority that may vouch for one domain only must not get around it by where the address stands.
func TestConstrainedAuthorityVouchesForItsDomain(t *testing.T) {
	ca := newIdentity(t, wish{authority: true, commonName: "Small CA", permitted: "example.net"})
	roots, err := smime.ParseRoots(certPEM(ca.cert))
	if err != nil {
		t.Fatal(err)
	}
	policy := &smime.Policy{Roots: roots}
	for name, tt := range map[string]struct {
		cert  wish
		from  string
		state smime.State
	}{
		"its domain":               {wish{emails: []string{"anna@example.net"}}, "anna@example.net", smime.Valid},
		"another domain":           {wish{emails: []string{anna}}, anna, smime.Bad},
		"another, in the subject":  {wish{nameEmail: anna}, anna, smime.Bad},
		"its own, in the subject,": {wish{nameEmail: "anna@example.net"}, "anna@example.net", smime.Bad},
	} {
		tt.cert.issuer = &ca
		got := policy.VerifyDetached([]byte(words), sign(t, words, true, newIdentity(t, tt.cert)), smime.Claim{From: tt.from, Received: received})
		if got.State != tt.state || tt.state == smime.Bad && got.Reason != smime.Chain {
			t.Errorf("%s: State, Reason = %q, %q, want %q", name, got.State, got.Reason, tt.state)
		}
	}
}
