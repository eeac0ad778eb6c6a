package app

import (
	"crypto/x509"
	"fmt"
	"os"
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
