package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// setOIDC parses a setting of the identity provider that people sign in with.
func setOIDC(c *Config, key, text string) error {
	switch key {
	case "oidc_issuer":
		c.OIDCIssuer = text // With a slash at the end where the provider has one: it has to be the same text.
		return checkIssuer(text)
	case "oidc_client_id":
		c.OIDCClientID = text
	case "oidc_client_secret":
		c.OIDCClientSecret = text
	case "oidc_name":
		c.OIDCName = text
		if len([]rune(text)) > 60 {
			return errors.New("at most 60 letters stand on a button")
		}
	case "oidc_create":
		c.OIDCCreate = nil
		for name := range strings.SplitSeq(text, ",") {
			name = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@"))
			if strings.ContainsAny(name, "/@ ") || name != "*" && strings.Contains(name, "*") {
				return fmt.Errorf("%q is not a domain such as example.org", name)
			} else if name != "" {
				c.OIDCCreate = append(c.OIDCCreate, name)
			}
		}
	case "oidc_trust_address":
		c.OIDCTrustAddress = text == "true"
		return oneOf(text, "true", "false")
	}
	return nil
}

func checkIssuer(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an address such as https://id.example.org/realm", text)
	}
	return nil
}

// checkOIDC checks what belongs together.
func (l *loader) checkOIDC() {
	if l.cfg.OIDCIssuer != "" && l.cfg.OIDCClientID == "" {
		l.problem("oidc_issuer", "oidc_client_id is needed as well")
	}
	if l.cfg.OIDCIssuer == "" && l.cfg.OIDCClientID != "" {
		l.problem("oidc_client_id", "oidc_issuer is needed as well")
	}
}

// OIDCAdmits reports whether somebody with this verified address may become a member at the first sign-in.
func (c Config) OIDCAdmits(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && (slices.Contains(c.OIDCCreate, "*") || slices.Contains(c.OIDCCreate, strings.ToLower(address[at+1:])))
}
