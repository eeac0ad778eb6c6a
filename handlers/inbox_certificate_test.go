package handlers

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterbox/internal/mailtest"
	"letterbox/models/store"
)

// secured starts a mail server with a certificate of its own issuer, and an inbox that reads it.
func (s *site) secured(t *testing.T, cookie string, change map[string]string) (d *mailtest.Dovecot, page string) {
	t.Helper()
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{Issued: true})
	s.ok(err)
	d = mailtest.StartDovecot(t, mailtest.DovecotOptions{Certificate: cert})
	host, port := server(t, d.IMAPSAddr)
	fields := map[string]string{"host": host, "port": port, "security": "tls", "username": "alice", "password": "secret", "poll_interval": "1"}
	for name, value := range change {
		fields[name] = value
	}
	return d, s.post("/inboxes/new", cookie, s.draft(fields)).Header.Get("Location")
}

func TestCertificateIsShownTrustedAndEffectiveAtOnce(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	d, page := s.secured(t, cookie, nil)
	s.runGateway(t)
	s.await(t, page, cookie, "E-TLS-01")
	s.post(page+"/check", cookie, url.Values{}).want(t, 200, page+"/certificate", "See the certificate")
	got := s.get(page+"/certificate", cookie)
	got.want(t, 200, d.Certificate.Fingerprint, "Letterbox test server", "Letterbox test authority", "localhost, 127.0.0.1", "Trust this certificate", "!Trusted so far")
	// The password was given for a server that the system's list knows.
	form := s.read(t, cookie, "certificate", got)
	got = form.press(t, "Trust this certificate")
	got.want(t, 422, "Enter the password again", `href="#f-password"`)
	s.read(t, cookie, "certificate", got).set("password", "secret").press(t, "Trust this certificate").want(t, 303)
	s.await(t, page, cookie, "Connected")
	s.get(page, cookie).want(t, 200, "Fixed fingerprint")
}

func TestChangedCertificateStopsTheInboxAndSaysSo(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	old := strings.Repeat("ab", 32)
	d, page := s.secured(t, cookie, map[string]string{"tls_verify": "pinned", "fingerprint": old})
	if err := d.Deliver("alice", []byte("From: anna@there.example\r\nSubject: x\r\n\r\ny\r\n")); err != nil {
		t.Fatal(err)
	}
	s.runGateway(t)
	s.await(t, page, cookie, "Certificate changed, paused since")
	s.get(page, cookie).want(t, 200, "shows a different certificate from the one you trusted on", "E-TLS-02", "Certificate changed")
	got := s.get(page+"/certificate", cookie)
	got.want(t, 200, "The server shows another certificate than the one that is trusted", old, d.Certificate.Fingerprint)
	s.read(t, cookie, "certificate", got).press(t, "Trust this certificate").want(t, 303) // The same kind of check: no password.
	s.await(t, page, cookie, "Connected")
	s.get(page+"/certificate", cookie).want(t, 200, "Trusted so far", "!another certificate than the one", "!Trust this certificate</button>")
	log, _, err := s.store.Audits(t.Context(), store.AuditFilter{Limit: 50})
	s.ok(err)
	if all := fmt.Sprint(log); !strings.Contains(all, "inbox.update") || !strings.Contains(all, d.Certificate.Fingerprint) {
		t.Errorf("the audit log does not name the change: %s", all)
	}
}

func TestIssuerIsTakenFromAFile(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	d, page := s.secured(t, cookie, map[string]string{"enabled": ""})
	form := s.read(t, cookie, "certificate", s.get(page+"/certificate", cookie))
	send := func(file string) answer {
		t.Helper()
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range form.fields {
			if name != "password" {
				_ = w.WriteField(name, values[0])
			}
		}
		_ = w.WriteField("do", "ca")
		_ = w.WriteField("password", "secret")
		part, err := w.CreateFormFile("ca_file", "ca.pem")
		s.ok(err)
		_, _ = part.Write([]byte(file))
		s.ok(w.Close())
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+form.action, &body)
		s.ok(err)
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Cookie", cookie)
		res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
		s.ok(err)
		defer res.Body.Close()
		var out bytes.Buffer
		_, err = out.ReadFrom(res.Body)
		s.ok(err)
		return answer{Status: res.StatusCode, Body: out.String(), Header: res.Header}
	}
	send(strings.Repeat("x", maxCertificate+1)).want(t, 422, `href="#f-ca_pem"`, "larger than 1 MB")
	send("no certificate").want(t, 422, `href="#f-ca_pem"`, "!secret")
	pem := string(d.Certificate.CertPEM)
	send(pem[strings.LastIndex(pem, "-----BEGIN"):]).want(t, 303)
	s.post(page+"/check", cookie, url.Values{}).want(t, 200, `<h2 class="state ok">`)
	s.get(page, cookie).want(t, 200, "Own issuer")
}

func TestUncheckedCertificatesCanBeForbidden(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin")
	unsafe := map[string]string{"tls_verify": "off", "confirm_plain": "UNENCRYPTED"}
	_, page := s.secured(t, admin, unsafe)
	s.get("/inboxes", admin).want(t, 200, `tag bad`, "Certificate not verified")
	s.h.Gateway.ForbidUnverified = true
	for _, path := range []string{"/inboxes/new"} {
		s.get(path, admin).want(t, 200, `!value="off"`)
	}
	w := s.wizard(t, "admin")
	w.press("Enter the server myself", []string{"address", "x@here.example", "project", "1"}, `!value="off"`)
	other := s.draft(map[string]string{"tls_verify": "off", "confirm_plain": "UNENCRYPTED", "name": "Third", "username": "third"})
	s.post("/inboxes/new", admin, other).want(t, 403, "forbidden in this installation")
	s.post(page+"/check", admin, url.Values{}).want(t, 200, "E-TLS-10", "Switch it on again")
	s.runGateway(t)
	s.await(t, page, admin, "E-TLS-10")
}
