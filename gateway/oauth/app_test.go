package oauth_test

import (
	"strings"
	"testing"

	"letterbox/gateway/oauth"
)

func TestScopeIsWhatTheProviderNeeds(t *testing.T) {
	for _, test := range []struct{ provider, flow, protocol, want string }{
		{"microsoft", oauth.ClientFlow, "imap", "https://outlook.office365.com/.default"},
		{"microsoft", oauth.ClientFlow, "smtp", "https://outlook.office365.com/.default"},
		{"microsoft", oauth.UserFlow, "imap", "https://outlook.office.com/IMAP.AccessAsUser.All"},
		{"microsoft", oauth.UserFlow, "pop3", "https://outlook.office.com/POP.AccessAsUser.All"},
		{"microsoft", oauth.UserFlow, "smtp", "https://outlook.office.com/SMTP.Send"},
		{"google", oauth.UserFlow, "imap", "https://mail.google.com/"},
	} {
		got := oauth.Scope(test.provider, test.flow, test.protocol)
		if first, rest, _ := strings.Cut(got, " "); first != test.want || test.flow == oauth.UserFlow && test.provider == "microsoft" && !strings.Contains(rest, "offline_access") {
			t.Errorf("%s, %s, %s: %q, want %q", test.provider, test.flow, test.protocol, got, test.want)
		}
	}
}
