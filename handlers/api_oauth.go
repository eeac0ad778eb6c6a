package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
)

// apiOAuthOut is how an inbox or a sending account signs in with OAuth 2.0. Secrets and tokens are never in it.
type apiOAuthOut struct {
	Auth            string     `json:"auth"`     // oauth2_client or oauth2_user; others: it does not sign in so.
	Provider        string     `json:"provider"` // microsoft, google or other.
	Authority       string     `json:"authority"`
	Tenant          string     `json:"tenant"`
	ClientID        string     `json:"client_id"`
	Scope           string     `json:"scope"`
	SecretExpiresOn string     `json:"secret_expires_on"` // Last day of the client secret; "" when not known.
	Shared          bool       `json:"shared"`            // Somebody else than the address signs in, who may open the mailbox.
	ClientSecretSet bool       `json:"client_secret_set"`
	CertificateSet  bool       `json:"certificate_set"`
	Connected       bool       `json:"connected"`
	Account         string     `json:"account"`     // Who signed in.
	AccessEnds      *time.Time `json:"access_ends"` // Null when there is no token now.
	Code            string     `json:"code"`        // What is wrong; "" when nothing is.
}

// apiOAuthIn is what can be set of it. What is left out stays as it is.
type apiOAuthIn struct {
	Auth            *string `json:"auth"`
	Provider        *string `json:"provider"`
	Authority       *string `json:"authority"`
	Tenant          *string `json:"tenant"`
	ClientID        *string `json:"client_id"`
	ClientSecret    *string `json:"client_secret"`
	SecretExpiresOn *string `json:"secret_expires_on"`
	Certificate     *string `json:"certificate"` // Certificate and private key of the app, PEM.
	Scope           *string `json:"scope"`
	Shared          *bool   `json:"shared"`
}

func apiOAuthOf(v gateway.OAuthView) apiOAuthOut {
	s := v.Settings
	return apiOAuthOut{
		Auth: v.Auth, Provider: s.Provider, Authority: s.Authority, Tenant: s.Tenant, ClientID: s.ClientID, Scope: s.Scope, SecretExpiresOn: s.SecretExpiresOn,
		Shared: s.Shared, ClientSecretSet: v.SecretSet, CertificateSet: v.CertificateSet, Connected: v.Connected, Account: v.Account,
		AccessEnds: apiTimeOrNil(v.AccessEnds), Code: v.Code,
	}
}

// apiOAuthOwner is what the path names, when the person may configure it.
func (h *Handlers) apiOAuthOwner(c *gin.Context) (gateway.OAuthOwner, error) {
	if strings.HasPrefix(c.FullPath(), apiPrefix+"/inboxes/") {
		v, err := h.apiInboxInPath(c)
		return gateway.OAuthInbox(v.ID), err
	}
	a, err := h.apiSendingInPath(c)
	return gateway.OAuthSending(a.ID), err
}

func apiOAuthShow(h *Handlers, c *gin.Context) error {
	o, err := h.apiOAuthOwner(c)
	if err != nil {
		return err
	}
	v, err := h.Gateway.OAuth(c.Request.Context(), o)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiOAuthOf(v))
	return nil
}

// apiOAuthUpdate sets what was given. Where a person has to sign in, that happens in a browser.
func apiOAuthUpdate(h *Handlers, c *gin.Context) error {
	o, err := h.apiOAuthOwner(c)
	if err != nil {
		return err
	}
	var in apiOAuthIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	v, err := h.Gateway.OAuth(c.Request.Context(), o)
	if err != nil {
		return err
	}
	d := gateway.OAuthDraft{Auth: v.Auth, Settings: v.Settings, Secret: in.ClientSecret, Certificate: in.Certificate}
	s := &d.Settings
	apiSet(&d.Auth, in.Auth)
	apiSet(&s.Provider, in.Provider)
	if in.Provider != nil && in.Authority == nil && *in.Provider != v.Settings.Provider {
		s.Authority = "" // That of the provider.
	}
	apiSet(&s.Authority, in.Authority)
	apiSet(&s.Tenant, in.Tenant)
	apiSet(&s.ClientID, in.ClientID)
	apiSet(&s.Scope, in.Scope)
	apiSet(&s.SecretExpiresOn, in.SecretExpiresOn)
	apiSet(&s.Shared, in.Shared)
	if err := h.Gateway.SetOAuth(c.Request.Context(), apiUser(c), o, v.Version, d); err != nil {
		return err
	}
	return apiOAuthShow(h, c)
}
