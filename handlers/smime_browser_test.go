package handlers_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"letterbox/handlers"
	"letterbox/internal/browsertest"
)

// certificate makes a key and a certificate for an address: the certificate, and both in a .p12 file.
func certificate(t *testing.T, address, password string) (cert, p12 string) {
	t.Helper()
	dir := t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "30", "-subj", "/CN=Test",
		"-addext", "subjectAltName=email:"+address, "-addext", "extendedKeyUsage=emailProtection")
	openssl("pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-out", "id.p12", "-passout", "pass:"+password)
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "id.p12")
}

// Keys and certificates as an administrator deals with them in a browser: a .p12 file, the certificate of a customer, an
// account that signs and encrypts, and the lock that whoever answers sees.
func TestKeysAndCertificatesInABrowser(t *testing.T) {
	s := handlers.NewSite(t)
	s.TakeIn(false, "Carl <carl@customer.example>", "The roof leaks", "It drips.")
	_, p12 := certificate(t, "support@letterbox.example", "of the file")
	partner, _ := certificate(t, "carl@customer.example", "x")
	p := visitor(browser(t), t, s, "admin", "en")

	p.open("/smime")
	p.do("a wrong password", chromedp.SetUploadFiles("#f-file", []string{p12}), chromedp.SendKeys("#f-p12_password", "of nothing"),
		browsertest.Click(`button[value="key"]`), chromedp.WaitVisible(`#errors a[href="#f-p12_password"]`))
	p.do("the right one", chromedp.SetUploadFiles("#f-file", []string{p12}), chromedp.SendKeys("#f-p12_password", "of the file"),
		browsertest.Click(`button[value="key"]`), chromedp.WaitVisible(`a[href="/smime/keys/1/certificate"]`))
	p.do("the certificate of a customer", chromedp.SetUploadFiles("#f-partner", []string{partner}), browsertest.Click(`button[value="partner"]`),
		chromedp.WaitVisible(`button[value="revoke"]`))
	p.do("put it out of use", browsertest.Click(`button[value="revoke"]`), chromedp.WaitVisible(`button[value="restore"]`))
	p.do("and into use again", browsertest.Click(`button[value="restore"]`), chromedp.WaitVisible(`button[value="revoke"]`))
	var text string
	p.do("read the page", chromedp.Text("#main", &text))
	for _, want := range []string{"support@letterbox.example", "carl@customer.example"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page says %q, want %q in it", text, want)
		}
	}

	p.open("/sending/new")
	p.do("an account that signs and encrypts", chromedp.SendKeys("#f-address", "support@letterbox.example"), chromedp.SendKeys("#f-host", "127.0.0.1"),
		chromedp.SendKeys("#f-port", "9"), chromedp.SetValue("#f-auth", "none"), browsertest.Click("#f-smime_sign"), chromedp.SetValue("#f-smime_encrypt", "if_possible"),
		browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`a[href="/sending/accounts/1"]`))
	p.open("/issues/1")
	p.do("see the lock", chromedp.WaitVisible(`label.option:has(input[value="carl@customer.example"]) .tag.ok`))

	for _, lang := range []string{"en", "de"} {
		p.do("choose the language", chromedp.ActionFunc(func(ctx context.Context) error {
			return network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": lang}).Do(ctx)
		}))
		for _, page := range []string{"/smime", "/sending/accounts/1", "/issues/1"} {
			var wide int64
			p.do("a phone", chromedp.EmulateViewport(320, 900))
			p.open(page)
			p.do("measure", chromedp.Evaluate(`document.documentElement.scrollWidth`, &wide))
			if wide > 320 {
				t.Errorf("%s in %s is %d pixels wide, want at most 320", page, lang, wide)
			}
			p.picture(fmt.Sprintf("smime-%s-%s", lang, strings.Trim(strings.ReplaceAll(page, "/", "-"), "-")))
		}
	}
}

// Whoever opens the link of a mail chooses what ends, without signing in.
func TestMailsAreEndedInABrowser(t *testing.T) {
	s := handlers.NewSite(t)
	s.Member("other")
	s.TakeIn(false, "Carl <carl@customer.example>", "The roof leaks", "It drips.")
	ctx := browser(t)
	p := person{t, ctx, s}
	p.open(s.UnsubscribeLink("other", 1))
	p.picture("unsubscribe-en")
	if s.Muted("other", 1) {
		t.Error("looking at the page has muted the issue")
	}
	p.do("end the mails about this issue", browsertest.Click(`button[value="issue"]`), chromedp.WaitVisible(`p[role="status"]`))
	if !s.Muted("other", 1) {
		t.Error("the issue is not muted")
	}
}

// picture keeps what is seen, where somebody wants to look at it.
func (p person) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("LETTERBOX_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	step, stop := context.WithTimeout(p.ctx, 40*time.Second)
	defer stop()
	var shot []byte
	if err := chromedp.Run(step, chromedp.FullScreenshot(&shot, 100)); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
