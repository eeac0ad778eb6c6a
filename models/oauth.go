package models

import "time"

// OAuthSettings are how an inbox or a sending account signs in with OAuth 2.0 (RFC 6749): the app that is registered with
// an identity provider. They hold no secret.
type OAuthSettings struct {
	Provider  string `json:"provider"`  // microsoft, google, other.
	Authority string `json:"authority"` // Where the sign-in service is: "https://login.microsoftonline.com".
	Tenant    string `json:"tenant"`    // Directory of the organisation, by GUID or domain; "" where there is none.
	ClientID  string `json:"client_id"`
	Scope     string `json:"scope"` // What is asked for, words with blanks between; "": what the provider needs for mail.
	// SecretExpiresOn is the last day of the client secret (2026-11-21), as its owner has noted it; "" when not known.
	SecretExpiresOn string `json:"secret_expires_on"`
	// Shared says that somebody else than the address signs in, who may open the mailbox.
	Shared bool `json:"shared"`
}

// OAuthCredential is what an account signs in with: secrets of the app, and the tokens that came of them. All processes
// share it. Sealed columns are bound to the owner.
type OAuthCredential struct {
	Owner           string `gorm:"primaryKey"` // "inboxes/5" or "sending_accounts/3".
	SecretEnc       string // Client secret; "" when none.
	CertificateEnc  string // Certificate and private key of the app in PEM; "" when none.
	RefreshEnc      string // Refresh token; "" when nobody has signed in.
	AccessEnc       string // Access token; "" when there is none.
	AccessExpiresAt *time.Time
	RefreshAt       *time.Time // From then on a new access token is fetched.
	Granted         string     // Scopes of the access token, as the provider says.
	Account         string     // Who signed in; "" for an app, or when the provider does not say.
	ConnectedAt     *time.Time // When somebody signed in.
	Code            string     // Of the message catalogue: why no token can be had; "" when fine.
	Args            string     // Placeholders of its sentence, JSON.
	TroubleAt       *time.Time // Since when.
	Reminded        int        // At how many days before the end of the secret was last reminded; 0: not yet.
	Claim           string     // Names the refresh under way; "" when there is none.
	ClaimedUntil    *time.Time // In database time.
	UpdatedAt       time.Time
}

// TableName is the name of its table.
func (OAuthCredential) TableName() string { return "oauth_credentials" }

// OAuthGrant is a sign-in that somebody has begun and not finished.
type OAuthGrant struct {
	ID          int64
	StateHash   []byte // SHA-256 of the state parameter; unique.
	Kind        string // "code" (browser comes back) or "device" (we ask until it is done).
	Owner       string
	UserID      int64  // Who began it: nobody else can finish it.
	DataEnc     string // What is secret about it: PKCE verifier and nonce, or the device code. Sealed.
	Redirect    string // The redirect URI, exactly as it was sent.
	UserCode    string // What is to be entered, for "device".
	VerifyAt    string // Where it is to be entered.
	WaitSeconds int    // Between two questions.
	NextAt      *time.Time
	Code        string // Why it failed; "" while it is under way.
	Args        string // JSON.
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// TableName is the name of its table.
func (OAuthGrant) TableName() string { return "oauth_grants" }
