package message

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"letterbox/gateway/smime"
)

// signer is a person with a certificate of an authority that the tests trust.
type signer struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// post is an authority with two people and what the receiver knows of them.
type post struct {
	ca              signer
	anna, eve, desk signer
	policy          *smime.Policy // Trusts the authority and has the key of the desk.
}

func issue(t testing.TB, ca *signer, email string) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: "CA " + email},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	parent, by := tpl, key
	if ca == nil {
		tpl.IsCA, tpl.BasicConstraintsValid, tpl.KeyUsage = true, true, x509.KeyUsageCertSign
	} else {
		tpl.EmailAddresses, tpl.ExtKeyUsage = []string{email}, []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
		parent, by = ca.cert, ca.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{cert, key}
}

func (s signer) pem(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
}

func newPost(t testing.TB) post {
	t.Helper()
	p := post{ca: issue(t, nil, "")}
	p.anna, p.eve, p.desk = issue(t, &p.ca, "anna@example.org"), issue(t, &p.ca, "eve@example.org"), issue(t, &p.ca, "desk@example.org")
	roots, err := smime.ParseRoots(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.cert.Raw}))
	if err != nil {
		t.Fatal(err)
	}
	p.policy = &smime.Policy{Roots: roots}
	if err := p.policy.Keys.Add(p.desk.pem(t)); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p post) read(t testing.TB, raw string) *Message {
	t.Helper()
	m, err := Parse(strings.NewReader(raw), Options{SMIME: p.policy, Received: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s signer) sign(t testing.TB, content string, detached bool) []byte {
	t.Helper()
	sd, err := pkcs7.NewSignedData([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSigner(s.cert, s.key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
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

func base64Lines(b []byte) string {
	var out strings.Builder
	for s := base64.StdEncoding.EncodeToString(b); len(s) > 0; {
		n := min(len(s), 76)
		out.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	return out.String()
}

// sealed is an entity: the part signed by s, and the signature.
func (s signer) sealed(t testing.TB, part string) string {
	t.Helper()
	return "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=seal\r\n\r\n--seal\r\n" +
		part + "\r\n--seal\r\n" + signaturePart(s.sign(t, part, true)) + "--seal--\r\n"
}

func signaturePart(der []byte) string {
	return "Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Lines(der) + "\r\n"
}

func container(kind string, der []byte) string {
	return "Content-Type: application/pkcs7-mime; smime-type=" + kind + "; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Lines(der)
}

// openssl runs it in a folder with the keys of the post and returns the file "out".
func (p post) openssl(t *testing.T, in string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"in": []byte(in), "anna.pem": p.anna.pem(t), "desk.pem": p.desk.pem(t), "eve.pem": p.eve.pem(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, text)
	}
	out, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const (
	fromAnna = "From: Anna <anna@example.org>\r\nTo: desk@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	annasOwn = "Content-Type: text/plain; charset=utf-8\r\n\r\nsigned words\r\n"
)

func TestSignatureCountsForTheWholeMailOnly(t *testing.T) {
	p := newPost(t)
	sealed := p.anna.sealed(t, annasOwn)
	mixed := func(parts ...string) string {
		return "Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n" + strings.Join(parts, "\r\n--outer\r\n") + "\r\n--outer--\r\n"
	}
	opaque := container("signed-data", p.anna.sign(t, annasOwn, false))
	withFile := "Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n" + annasOwn + "\r\n--inner\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\ndata\r\n--inner--\r\n"
	text := "Content-Type: text/plain\r\n\r\nwords of somebody else\r\n"
	tests := []struct {
		name, raw string
		state     smime.State
		reason    smime.Reason
	}{
		{"signed", fromAnna + sealed, smime.Valid, ""},
		{"signed, opaque", fromAnna + opaque, smime.Valid, ""},
		{"signed with a file", fromAnna + p.anna.sealed(t, withFile), smime.Valid, ""},
		{"signed twice", fromAnna + p.anna.sealed(t, strings.ReplaceAll(sealed, "seal", "inner")), smime.Valid, ""},
		{"signed twice, opaque inside", fromAnna + p.anna.sealed(t, opaque), smime.Valid, ""},
		{"wrapped by a list that signs", fromAnna + p.eve.sealed(t, opaque), smime.Valid, ""},
		{"line feeds only", strings.ReplaceAll(fromAnna+sealed, "\r\n", "\n"), smime.Valid, ""},
		{"long lines and blank ends", fromAnna + p.anna.sealed(t, annasOwn+strings.Repeat("long ", 30_000)+"\r\n\r\n \r\n"), smime.Valid, ""},
		{"words before and behind that nobody sees", fromAnna + strings.Replace(sealed, "\r\n\r\n--seal", "\r\n\r\nThis is a signed mail.\r\n--seal", 1) + "epilogue\r\n", smime.Valid, ""},

		{"other From", strings.Replace(fromAnna+sealed, "anna@example.org", "eve@example.org", 1), smime.Bad, smime.Address},
		{"her address as the name of another", strings.Replace(fromAnna+sealed, "Anna <anna@example.org>", "\"anna@example.org\" <eve@example.org>", 1), smime.Bad, smime.Address},
		{"other case of From", strings.Replace(fromAnna+sealed, "<anna@", "<Anna@", 1), smime.Bad, smime.Address},
		{"two From fields", "From: eve@example.org\r\n" + fromAnna + sealed, smime.Bad, smime.Sender},
		{"two addresses in From", strings.Replace(fromAnna+sealed, "Anna <anna@example.org>", "anna@example.org, eve@example.org", 1), smime.Bad, smime.Sender},
		{"no From", strings.Replace(fromAnna+sealed, "From:", "X-From:", 1), smime.Bad, smime.Sender},
		{"signed part replaced", fromAnna + strings.Replace(sealed, "signed words", "forged words", 1), smime.Bad, smime.Content},
		{"part put before", fromAnna + strings.Replace(sealed, "--seal\r\n", "--seal\r\n"+text+"\r\n--seal\r\n", 1), smime.Bad, smime.Partial},
		{"part put behind", fromAnna + strings.Replace(sealed, "--seal--", "--seal\r\n"+text+"\r\n--seal--", 1), smime.Bad, smime.Partial},
		{"part put in place of the signature", fromAnna + strings.Replace(sealed, "Content-Type: application/pkcs7-signature; name=smime.p7s", "Content-Type: text/plain", 1), smime.Bad, smime.Partial},
		{"text beside the signed part", fromAnna + mixed(sealed, text), smime.Bad, smime.Partial},
		{"text before the signed part", fromAnna + mixed(text, sealed), smime.Bad, smime.Partial},
		{"alone in a multipart", fromAnna + mixed(sealed), smime.Bad, smime.Partial},
		{"opaque beside text", fromAnna + mixed(opaque, text), smime.Bad, smime.Partial},
		{"in a forwarded mail", fromAnna + "Content-Type: message/rfc822\r\n\r\n" + fromAnna + sealed, smime.Bad, smime.Partial},
		{"without a signature", fromAnna + "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=seal\r\n\r\n--seal\r\n" + annasOwn + "\r\n--seal--\r\n", smime.Uncheckable, smime.Format},
		{"not ended", fromAnna + sealed[:strings.LastIndex(sealed, "\r\n--seal\r\n")], smime.Uncheckable, smime.Format},
		{"signature damaged", fromAnna + strings.Replace(p.anna.sealed(t, annasOwn), base64Lines(p.anna.sign(t, annasOwn, true))[:40], strings.Repeat("A", 40), 1), smime.Uncheckable, smime.Format},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := p.read(t, tt.raw)
			if m.Signed != "smime" || m.Verified == nil {
				t.Fatalf("Signed, Verified = %q, %v, want smime and a result", m.Signed, m.Verified)
			}
			if m.Verified.State != tt.state || m.Verified.Reason != tt.reason {
				t.Errorf("State, Reason = %q, %q, want %q, %q", m.Verified.State, m.Verified.Reason, tt.state, tt.reason)
			}
			if m.Verified.State == smime.Valid && (!strings.HasPrefix(m.Text, "signed words") || m.Verified.Address != "anna@example.org") {
				t.Errorf("Text, Address = %q, %q, want Anna's words", m.Text, m.Verified.Address)
			}
			if without := parse(t, tt.raw); without.Verified != nil || without.Text != m.Text {
				t.Errorf("without a policy: Verified, Text = %v, %q, want nothing and %q", without.Verified, without.Text, m.Text)
			}
		})
	}
}

// Whatever is changed in a mail: where the signature is still said to be valid, the reader sees what was signed.
func TestNoChangeIsShownAsSigned(t *testing.T) {
	p := newPost(t)
	sealed := fromAnna + p.anna.sealed(t, annasOwn)
	edits := []string{
		"--seal\r\n", "\r\n--seal--\r\n", "\r\n\r\n", "Content-Type: text/html\r\n\r\n<b>other</b>\r\n", "\r\n--seal\r\nContent-Type: text/plain\r\n\r\nother words\r\n", "boundary=x;", " ", "\n", "=", "\x00",
		"Content-Transfer-Encoding: base64\r\n", "charset=utf-7\r\n",
	}
	end := strings.Index(sealed, "name=smime.p7s") + 20
	valid := 0
	for at := range end {
		for _, e := range edits {
			m := p.read(t, sealed[:at]+e+sealed[at:])
			if m.Verified == nil || m.Verified.State != smime.Valid {
				continue
			}
			valid++
			if m.Text != "signed words" || m.HTML != "" || len(m.From) != 1 || m.From[0].Address != "anna@example.org" {
				t.Fatalf("%q put in at %d: Text, HTML, From = %q, %q, %v", e, at, m.Text, m.HTML, m.From)
			}
		}
	}
	if valid == 0 {
		t.Error("no changed mail is valid, want those with a change outside of what is signed")
	}
}

func TestLargeSignedContentIsNotCheckable(t *testing.T) {
	p := newPost(t)
	big := "Content-Type: application/pdf; name=a.pdf\r\n\r\n" + strings.Repeat(strings.Repeat("x", 998)+"\r\n", smime.MaxContent/1000+1)
	m := p.read(t, fromAnna+"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=seal\r\n\r\n--seal\r\n"+big+"\r\n--seal\r\n"+signaturePart(p.anna.sign(t, "x", true))+"--seal--\r\n")
	if m.Verified == nil || m.Verified.Reason != smime.Size {
		t.Errorf("Verified = %+v, want uncheckable, size", m.Verified)
	}
	if len(m.Attachments) != 2 || m.Attachments[0].Size < smime.MaxContent {
		t.Errorf("attachments = %v, want the file and the signature", m.Attachments)
	}
}

func TestMailsOfOpenSSL(t *testing.T) {
	p := newPost(t)
	sign := strings.Fields("cms -sign -in in -out out -signer anna.pem")
	opaque := append(slices.Clone(sign), "-nodetach")
	encrypt := strings.Fields("cms -encrypt -aes256 -in in -out out desk.pem")
	body := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + annasOwn + "\r\n--b\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment\r\n\r\na;b\r\n--b--\r\n"
	tests := []struct {
		name      string
		layers    [][]string
		state     smime.State // "" when there is no signature.
		reason    smime.Reason
		decrypted bool
		open      bool // It is said that nothing protects against changes.
	}{
		{"signed", [][]string{sign}, smime.Valid, "", false, false},
		{"signed by the older command", [][]string{strings.Fields("smime -sign -in in -out out -signer anna.pem")}, smime.Valid, "", false, false},
		{"opaque", [][]string{opaque}, smime.Valid, "", false, false},
		{"opaque, streamed", [][]string{append(slices.Clone(opaque), "-stream")}, smime.Valid, "", false, false},
		{"encrypted and authenticated", [][]string{strings.Fields("cms -encrypt -aes-256-gcm -in in -out out desk.pem")}, "", "", true, false},
		{"encrypted", [][]string{encrypt}, "", "", true, true},
		{"encrypted by the older command", [][]string{strings.Fields("smime -encrypt -aes256 -in in -out out desk.pem")}, "", "", true, true},
		{"signed, then encrypted", [][]string{sign, encrypt}, smime.Valid, "", true, false},
		{"opaque, then encrypted", [][]string{opaque, encrypt}, smime.Valid, "", true, false},
		{"encrypted, then signed", [][]string{encrypt, sign}, smime.Uncheckable, smime.Outside, true, true},
		{"encrypted, then opaque", [][]string{encrypt, opaque}, smime.Uncheckable, smime.Outside, true, true},
		{"signed, encrypted, signed", [][]string{sign, encrypt, sign}, smime.Valid, "", true, false},
		{"encrypted twice", [][]string{encrypt, encrypt}, "", "", true, true},
		{"signed by another, encrypted, signed", [][]string{strings.Fields("cms -sign -in in -out out -signer eve.pem"), encrypt, sign}, smime.Bad, smime.Address, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := body
			for _, args := range tt.layers {
				raw = p.openssl(t, raw, args...)
			}
			raw = "From: anna@example.org\nSubject: x\n" + raw
			m := p.read(t, raw)
			if m.Text != "signed words" || m.Decrypted != tt.decrypted {
				t.Fatalf("Text, Decrypted = %q, %v, want the words, %v (%v)", m.Text, m.Decrypted, tt.decrypted, m.Defects)
			}
			if !slices.Contains(names(m), "list.csv") {
				t.Errorf("attachments = %v, want the inner one too", names(m))
			}
			if tt.decrypted && (m.Encrypted != "smime" || !slices.Contains(names(m), "smime.p7m")) {
				t.Errorf("Encrypted, attachments = %q, %v, want smime and the original", m.Encrypted, names(m))
			}
			if got := hasDefect(m, DefectUnauthenticated); got != tt.open {
				t.Errorf("said to be unprotected: %v, want %v", got, tt.open)
			}
			switch {
			case tt.state == "":
				if m.Verified != nil {
					t.Errorf("Verified = %+v, want nothing", m.Verified)
				}
			case m.Verified == nil || m.Verified.State != tt.state || m.Verified.Reason != tt.reason:
				t.Errorf("Verified = %+v, want %s, %s", m.Verified, tt.state, tt.reason)
			}
		})
	}
}

func TestEncryptedPartsAmongOthersStayClosed(t *testing.T) {
	p := newPost(t)
	secret := p.openssl(t, "Content-Type: text/plain\r\n\r\nthe secret\r\n", strings.Fields("cms -encrypt -aes256 -in in -out out desk.pem")...)
	html := func(s string) string { return "Content-Type: text/html\r\n\r\n" + s + "\r\n" }
	multi := func(kind string, parts ...string) string {
		return "Content-Type: multipart/" + kind + "; boundary=o\r\n\r\n--o\r\n" + strings.Join(parts, "\r\n--o\r\n") + "\r\n--o--\r\n"
	}
	for name, raw := range map[string]string{
		"between two halves of a picture": multi("mixed", html(`<img src="http://evil.example/`), secret, html(`">`)),
		"in an alternative":               multi("alternative", html("x"), secret),
		"in a related":                    multi("related", html("x"), secret),
		"alone in a multipart":            multi("mixed", secret),
		"in a signed mail with a third":   multi("signed", secret, html("x"), signaturePart(p.eve.sign(t, "x", true))),
		"behind the first of a signed":    multi("signed", html("x"), secret),
		"in a nested mail":                "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" + secret,
		"deeper":                          multi("mixed", html("x"), strings.ReplaceAll(multi("mixed", secret), "=o\r\n", "=i\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			m := p.read(t, fromAnna+raw)
			if m.Decrypted || strings.Contains(m.Text+m.HTML, "the secret") {
				t.Errorf("Decrypted, Text, HTML = %v, %q, %q, want nothing decrypted", m.Decrypted, m.Text, m.HTML)
			}
			if name != "in a nested mail" && (m.Encrypted != "smime" || !hasDefect(m, DefectEncryptedPart)) {
				t.Errorf("Encrypted, Defects = %q, %v, want smime and why it stays closed", m.Encrypted, m.Defects)
			}
		})
	}
}

func TestMailThatCannotBeDecryptedSaysSo(t *testing.T) {
	p := newPost(t)
	encrypt := func(args, in string) string {
		return p.openssl(t, in, strings.Fields("cms -encrypt -in in -out out "+args)...)
	}
	inner := "Content-Type: text/plain\r\n\r\nthe secret\r\n"
	good := encrypt("-aes256 desk.pem", inner)
	broken := container("enveloped-data", []byte("0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x03\xa0\x80nonsense"))
	for name, tt := range map[string]struct{ raw, defect string }{
		"for somebody else":      {encrypt("-aes256 eve.pem", inner), DefectNoKey},
		"in an unknown way":      {encrypt("-aes192 desk.pem", inner), DefectEncryption},
		"damaged":                {broken, DefectSMIME},
		"too many layers of it":  {encrypt("-aes256 desk.pem", encrypt("-aes256 desk.pem", encrypt("-aes256 desk.pem", encrypt("-aes256 desk.pem", good)))), DefectEncryption},
		"encrypted and then cut": {good[:len(good)/2], DefectSMIME},
	} {
		t.Run(name, func(t *testing.T) {
			m := p.read(t, "From: anna@example.org\n"+tt.raw)
			if m.Encrypted != "smime" || !hasDefect(m, tt.defect) || strings.Contains(m.Text, "secret") {
				t.Errorf("Encrypted, Defects, Text = %q, %v, %q, want smime, %s and no text", m.Encrypted, m.Defects, m.Text, tt.defect)
			}
			if hasDefect(m, DefectInternal) || !slices.Contains(names(m), "smime.p7m") {
				t.Errorf("Defects, attachments = %v, %v, want the original kept", m.Defects, names(m))
			}
		})
	}
	for name, sign := range map[string]string{"detached": "", "opaque": "-nodetach"} {
		raw := p.openssl(t, encrypt("-aes256 eve.pem", inner), strings.Fields("cms -sign -in in -out out -signer anna.pem "+sign)...)
		m := p.read(t, "From: anna@example.org\n"+raw)
		if m.Verified == nil || m.Verified.Reason != smime.Outside || m.Verified.Certificate != nil || !hasDefect(m, DefectNoKey) {
			t.Errorf("signed around it, %s: Verified, Defects = %+v, %v, want outside, no key", name, m.Verified, m.Defects)
		}
	}
	m := parse(t, "From: anna@example.org\n"+good)
	if m.Encrypted != "smime" || m.Decrypted || hasDefect(m, DefectNoKey) {
		t.Errorf("without a policy: Encrypted, Decrypted, Defects = %q, %v, %v, want it recognised only", m.Encrypted, m.Decrypted, m.Defects)
	}
}

// The octets of the attachments reach the sink in the order of the list, those of a decrypted mail too.
func TestDecryptedAttachmentsReachTheSink(t *testing.T) {
	p := newPost(t)
	body := "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + annasOwn + "\r\n--b\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment\r\n\r\na;b\r\n--b--\r\n"
	raw := "From: anna@example.org\n" + p.openssl(t, p.openssl(t, body, strings.Fields("cms -encrypt -aes256 -in in -out out desk.pem")...), strings.Fields("cms -sign -in in -out out -signer anna.pem")...)
	files := map[int]*bytes.Buffer{}
	m, err := Parse(strings.NewReader(raw), Options{SMIME: p.policy, Received: time.Now(), Sink: func(i int) (io.WriteCloser, error) {
		files[i] = &bytes.Buffer{}
		return nopCloser{files[i]}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(names(m), "list.csv")
	if i < 0 || files[i].String() != "a;b" || m.Text != "signed words" {
		t.Errorf("attachments, Text = %v, %q, want list.csv with its octets", names(m), m.Text)
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
