package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"letterbox/gateway/mailbox"
)

// refusal is an error answer (RFC 6749, 5.2), with what Microsoft adds.
type refusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
}

// Errors of a device grant that are no refusal (RFC 8628, 3.5).
var (
	errPending = errors.New("authorization_pending")
	errSlower  = errors.New("slow_down")
)

// unreachable says that no identity provider answers at the authority.
func (a App) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	p := &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-01", Args: map[string]string{"authority": a.Authority}, Err: err}
	if inner, ok := errors.AsType[*mailbox.Problem](err); ok { // What the guarded dialer refuses or cannot reach.
		p.Err = fmt.Errorf("%s: %w", inner.Code, inner)
	}
	return p
}

// byNumber are errors of Microsoft's identity platform by number.
func byNumber(n int) string {
	switch n {
	case 700016, 90002, 900023, 700038: // No such app in the tenant, no such tenant.
		return "E-OAUTH-02"
	case 7000222: // The secret has expired.
		return "E-OAUTH-04"
	case 7000215, 7000218, 700027, 7000216, 50012: // The secret or the certificate is not the one of the app.
		return "E-OAUTH-11"
	case 700082, 70008, 70043, 50173, 50078, 50079, 50076, 65001, 65004, 54005, 70000, 700084, 50057, 50034:
		return "E-OAUTH-03"
	case 50194, 90130: // "common" with an app of one tenant.
		return "E-OAUTH-05"
	}
	return ""
}

// problem explains an error answer.
func (a App) problem(status int, said refusal) error {
	said.Error = word(said.Error)
	switch said.Error {
	case "authorization_pending":
		return errPending
	case "slow_down":
		return errSlower
	}
	p := &mailbox.Problem{
		Phase: mailbox.PhaseToken, Args: map[string]string{"authority": a.Authority, "aadsts": said.Error, "text": said.Error},
		Err: fmt.Errorf("identity provider answered %d %s %v", status, said.Error, said.Codes),
	}
	for _, n := range said.Codes {
		if p.Code == "" {
			if p.Code = byNumber(n); p.Code != "" {
				p.Args["aadsts"] = "AADSTS" + strconv.Itoa(n)
			}
		}
	}
	if p.Code == "" && len(said.Codes) > 0 {
		p.Args["aadsts"] = "AADSTS" + strconv.Itoa(said.Codes[0])
	}
	p.Args["text"] = p.Args["aadsts"]
	switch {
	case p.Code != "":
	case status == http.StatusTooManyRequests || status >= 500 || said.Error == "temporarily_unavailable" || said.Error == "server_error":
		p.Code, p.Args["text"] = "E-OAUTH-12", strconv.Itoa(status)
	case said.Error == "unauthorized_client" || said.Error == "invalid_client" && (status == http.StatusNotFound || saysUnknown(said.Description)):
		p.Code = "E-OAUTH-02"
	case said.Error == "invalid_client" && strings.Contains(strings.ToLower(said.Description), "expired"):
		p.Code = "E-OAUTH-04"
	case said.Error == "invalid_client":
		p.Code = "E-OAUTH-11"
	case said.Error == "invalid_grant" || said.Error == "interaction_required" || said.Error == "consent_required" ||
		said.Error == "access_denied" || said.Error == "expired_token" || said.Error == "login_required":
		p.Code = "E-OAUTH-03"
	case said.Error == "":
		p.Code = "E-OAUTH-01"
	default:
		p.Code = "E-OAUTH-13"
	}
	return p
}

// saysUnknown reports whether a provider without numbers means that there is no such client.
func saysUnknown(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "not found") || strings.Contains(text, "unknown client") || strings.Contains(text, "no such client")
}

// word keeps an error code only when it looks like one: it is shown to people.
func word(s string) string {
	if len(s) > 60 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "unknown_error"
	}
	return s
}

// Lasting reports whether a problem stays until somebody acts: trying again helps nothing.
func Lasting(code string) bool {
	switch code {
	case "E-OAUTH-02", "E-OAUTH-03", "E-OAUTH-04", "E-OAUTH-05", "E-OAUTH-08", "E-OAUTH-11", "E-OAUTH-13":
		return true
	}
	return false
}
