package handlers

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/mailtest"
	"letterbox/models"
)

// failures are what a check can find, with the placeholders that its phases give, and the remedies that are one press
// away. That the phases give them is tested where they fail.
var failures = []struct {
	code  string
	args  map[string]string
	fixes []string // In English.
}{
	{"E-DNS-01", nil, []string{"Use mail.firm.example"}},
	{"E-DNS-02", nil, nil},
	{"E-NET-01", nil, []string{"Try port 143"}},
	{"E-NET-02", map[string]string{"local_ip": "192.0.2.1"}, []string{"Try port 143"}},
	{"E-NET-03", map[string]string{"seconds": "10"}, []string{"Try port 143", "Raise the timeout to 60 s"}},
	{"E-NET-04", map[string]string{"seconds": "120"}, []string{"Raise the fetch timeout to 600 s"}},
	{"E-NET-05", map[string]string{"text": "Bye"}, nil},
	{"E-NET-06", nil, nil},
	{"E-NET-07", nil, nil},
	{"E-NET-08", nil, nil},
	{"E-NET-09", nil, []string{"Try port 143"}},
	{"E-NET-10", nil, nil},
	{"E-TLS-01", map[string]string{"fingerprint": "ab", "issuer": "CN=Firm"}, []string{"Trust this certificate", "Enter the issuer"}},
	{"E-TLS-02", map[string]string{"fingerprint": "ab", "date": "2026-05-01"}, []string{"Trust this certificate"}},
	{"E-TLS-03", nil, []string{"Set TLS"}},
	{"E-TLS-04", nil, []string{"Set STARTTLS"}},
	{"E-TLS-05", nil, nil},
	{"E-TLS-06", nil, nil},
	{"E-TLS-07", map[string]string{"fingerprint": "ab", "names": "mx.firm.example", "name": "mx.firm.example"}, []string{"Use mx.firm.example", "Trust this certificate"}},
	{"E-TLS-08", map[string]string{"fingerprint": "ab", "date": "2026-05-01"}, []string{"Trust this certificate"}},
	{"E-TLS-09", nil, nil},
	{"E-AUTH-01", map[string]string{"text": "No"}, []string{"Try “anna” as the user name"}},
	{"E-AUTH-02", map[string]string{"provider": "imap.firm.example"}, nil},
	{"E-AUTH-03", map[string]string{"provider": "imap.firm.example"}, nil},
	{"E-AUTH-04", nil, nil},
	{"E-AUTH-05", nil, []string{"Use user name and password"}},
	{"E-AUTH-06", nil, []string{"Set STARTTLS"}},
	{"E-IMAP-01", map[string]string{"folder": "Kunden", "list": "INBOX, Firm/Kunden", "suggest": "Firm/Kunden"}, []string{"Use Firm/Kunden", "Use INBOX"}},
	{"E-IMAP-02", map[string]string{"folder": "Kunden"}, nil},
	{"E-IMAP-03", map[string]string{"folder": "Sent", "use": "sent"}, []string{"Do not read this folder"}},
	{"E-IMAP-06", map[string]string{"used": "1 MiB", "quota": "1 MiB"}, nil},
	{"E-IMAP-07", map[string]string{"folder": "INBOX", "strategy": "move"}, []string{"Leave on the server"}},
	{"E-POP-01", nil, nil},
	{"E-POP-02", nil, nil},
	{"E-POP-03", map[string]string{"provider": "pop.firm.example", "minutes": "15"}, []string{"Set the interval to 15 minutes"}},
}

func TestEachFailureOfACheckHasCauseRemedyAndFixInBothLanguages(t *testing.T) {
	s := newSite(t)
	settings := models.DefaultInboxSettings()
	settings.Host, settings.Port, settings.Username, settings.Folders = "imap.firm.example", 993, "anna@firm.example", []string{"Kunden"}
	selfExplaining := []string{"E-DNS-02", "E-NET-06", "E-NET-07", "E-NET-08", "E-TLS-09", "E-POP-01"} // The sentence itself says what to do.
	for _, f := range failures {
		args := map[string]string{"host": settings.Host, "port": "993"}
		for name, value := range f.args {
			args[name] = value
		}
		for _, lang := range []string{"de", "en"} {
			c, _ := gin.CreateTestContext(httptest.NewRecorder())
			v := &visit{Context: c, h: s.h, l: s.h.cat.Locale(lang)}
			for _, at := range []checked{{form: "wizard", s: settings}, {id: 7, s: settings}} {
				got := v.phase(at, gateway.CheckPhase{Phase: mailbox.PhaseConnect, State: "failed", Code: f.code, Args: args, Duration: time.Second})
				said := fmt.Sprint(got)
				if got.Found == "" || got.Found == f.code || strings.ContainsAny(got.Found+got.Remedy, "{}") {
					t.Errorf("%s, %s: %s", f.code, lang, said)
				}
				if got.Remedy == "" && !slices.Contains(selfExplaining, f.code) {
					t.Errorf("%s, %s: there is no remedy", f.code, lang)
				}
				var texts []string
				for _, fix := range got.Fixes {
					texts = append(texts, fix.Text)
					if at.id != 0 != (fix.Href != "") || strings.HasPrefix(fix.Text, "fix.") || strings.ContainsAny(fix.Text, "{}") {
						t.Errorf("%s, %s: the fix is %+v", f.code, lang, fix)
					}
				}
				if at.id == 0 && lang == "en" && !slices.Equal(texts, f.fixes) {
					t.Errorf("%s: fixes %q, want %q", f.code, texts, f.fixes)
				}
				if at.id == 0 && len(texts) != len(f.fixes) {
					t.Errorf("%s, %s: %d fixes, want %d", f.code, lang, len(texts), len(f.fixes))
				}
				page, err := s.h.views.Render(lang, "check_phase", got)
				if err != nil || !strings.Contains(string(page), f.code) {
					t.Errorf("%s, %s: %v\n%s", f.code, lang, err, page)
				}
			}
		}
	}
}

// With a script the page asks for the phases one by one.
func TestCheckIsToldPhaseByPhase(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	host, port := server(t, d.IMAPAddr)
	s := newSite(t)
	form := s.draft(map[string]string{"host": host, "port": port, "username": "alice", "password": "secret", "tls_verify": "pinned",
		"fingerprint": d.Certificate.Fingerprint, "do": "check", "live": "yes"})
	got := s.post("/inboxes/new", s.as("lead"), form)
	lines := strings.Split(strings.TrimSpace(got.Body), "\n")
	if got.Status != 200 || got.Header.Get("Content-Type") != "application/x-ndjson" || len(lines) != 8 {
		t.Fatalf("status %d, %s, %d lines, want seven phases and a report\n%s", got.Status, got.Header.Get("Content-Type"), len(lines), got.Body)
	}
	for i, want := range []string{"Server name", "Connection", "Encryption", "Sign-in", "Folders", "Rights", "Messages"} {
		if !strings.HasPrefix(lines[i], `{"phase":`) || !strings.Contains(lines[i], want) {
			t.Errorf("line %d = %s, want the phase %s", i, lines[i], want)
		}
	}
	if !strings.HasPrefix(lines[7], `{"report":`) || strings.Contains(got.Body, "secret") {
		t.Errorf("the last line is %s", lines[7])
	}
	form.Set("host", "")
	s.post("/inboxes/new", s.as("lead"), form).want(t, 422, `id="errors"`)
}

func TestFixOfAStoredInboxOpensItsForm(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	host, port := server(t, d.IMAPAddr)
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": host, "port": port, "security": "tls", "enabled": ""})).Header.Get("Location")
	got := s.post(page+"/check", cookie, url.Values{})
	got.want(t, 200, "E-TLS-04", page+"/edit?security=starttls")
	s.get(page+"/edit?security=starttls&folders=INBOX%0AKunden", cookie).want(t, 200, `value="starttls" selected`, "INBOX\nKunden</textarea>")
}
