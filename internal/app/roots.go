package app

import (
	"crypto/x509"
	"fmt"
	"os"

	"letterbox/internal/config"
	"letterbox/internal/identity"
	"letterbox/internal/netguard"
)

// loadRoots reads the issuers of identity providers' certificates; nil, which stands for those of the system, when no
// file is named.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("issuers of identity providers: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("issuers of identity providers: %s holds no certificate", file)
	}
	return pool, nil
}

// signOn returns the identity provider that people may sign in with; nil when none is configured. It is reached as what
// people name is: at public addresses, or inside the networks that the operator has listed.
func signOn(cfg config.Config, roots *x509.CertPool) *identity.Provider {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	return identity.New(identity.Settings{
		Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, Secret: cfg.OIDCClientSecret, Name: cfg.OIDCName, TrustAddress: cfg.OIDCTrustAddress,
	}, identity.DialFunc(netguard.WebDialer(cfg.AllowedNetworks)), roots)
}
