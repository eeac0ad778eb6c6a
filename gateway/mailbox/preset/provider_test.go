package preset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func hints(t *testing.T, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "catalogue", lang, "preset.json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestEveryProviderIsComplete(t *testing.T) {
	all, err := Providers()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 25 {
		t.Errorf("%d providers, want at least 25", len(all))
	}
	de, en := hints(t, "de"), hints(t, "en")
	seen, domains := map[string]bool{}, map[string]string{}
	for _, p := range all {
		if seen[p.Key] || p.Key == "" || p.Name == "" {
			t.Errorf("provider %q (%q) stands twice or has no name", p.Key, p.Name)
		}
		seen[p.Key] = true
		key := "preset." + p.Key + ".hint"
		if de[key] == "" || en[key] == "" || de[key] == en[key] {
			t.Errorf("%s: hints %q and %q, want one in each language", p.Key, de[key], en[key])
		}
		if !slices.Contains([]string{"address", "local", "other"}, p.Username) {
			t.Errorf("%s: user name %q", p.Key, p.Username)
		}
		if len(p.Auth) == 0 {
			t.Errorf("%s: no way to sign in", p.Key)
		}
		if p.IMAP == nil || p.SMTP == nil {
			t.Errorf("%s: IMAP or SMTP is missing", p.Key)
		}
		for name, s := range map[string]*Server{"imap": p.IMAP, "pop3": p.POP3, "smtp": p.SMTP} {
			if s == nil {
				continue
			}
			if !hostName(s.Host) && s.Host != "127.0.0.1" || s.Port < 1 || s.Port > 65535 {
				t.Errorf("%s: %s is at %s:%d", p.Key, name, s.Host, s.Port)
			}
			if s.Security != "tls" && s.Security != "starttls" {
				t.Errorf("%s: %s has security %q, want an encrypted connection", p.Key, name, s.Security)
			}
			implicit := slices.Contains([]int{993, 995, 465}, s.Port)
			if implicit != (s.Security == "tls") {
				t.Errorf("%s: %s has security %q on port %d", p.Key, name, s.Security, s.Port)
			}
		}
		for _, d := range p.Domains {
			if domains[d] != "" || !hostName(d) {
				t.Errorf("%s: domain %q is no domain or belongs to %s already", p.Key, d, domains[d])
			}
			domains[d] = p.Key
		}
		for _, suffix := range p.MX {
			if !hostName(suffix) {
				t.Errorf("%s: exchanger %q", p.Key, suffix)
			}
		}
	}
	for _, lang := range []map[string]string{de, en} {
		for key := range lang {
			if name := strings.TrimSuffix(strings.TrimPrefix(key, "preset."), ".hint"); !seen[name] {
				t.Errorf("there is a hint for %q and no such provider", name)
			}
		}
	}
}

func TestProviderIsRecognisedByItsExchanger(t *testing.T) {
	all, err := Providers()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"aspmx.l.google.com.": "gmail", "firm-example.mail.protection.outlook.com": "microsoft365", "mx00.kundenserver.de": "ionos",
		"smtpin.rzone.de": "strato", "mta7.am0.yahoodns.net": "yahoo", "mx01.mail.icloud.com": "icloud", "mta-gw.infomaniak.ch": "infomaniak",
		"outlook-com.olc.protection.outlook.com": "outlook", "IN1-SMTP.MESSAGINGENGINE.COM.": "fastmail",
		"mx.firm.example": "", "notgoogle.com": "", "google.com.evil.example": "",
	} {
		p, _ := byExchanger(all, host)
		if p.Key != want {
			t.Errorf("provider of %s = %q, want %q", host, p.Key, want)
		}
	}
}
