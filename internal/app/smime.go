package app

import (
	"fmt"
	"os"
	"path/filepath"

	"letterbox/gateway/smime"
)

// LoadSMIME reads what signatures are checked and encrypted mails opened with: the PEM files (*.pem) in the folder keys,
// and the issuers in the file roots. An empty name stands for no keys, and for the issuers of the system. A file that
// cannot be used is an error that names it, so that no key goes missing unseen.
func LoadSMIME(keys, roots string) (*smime.Policy, error) {
	p := &smime.Policy{}
	if roots != "" {
		text, err := os.ReadFile(roots)
		if err != nil {
			return nil, fmt.Errorf("issuers for S/MIME: %w", err)
		}
		if p.Roots, err = smime.ParseRoots(text); err != nil {
			return nil, fmt.Errorf("issuers for S/MIME in %s: %w", roots, err)
		}
	}
	if keys == "" {
		return p, nil
	}
	entries, err := os.ReadDir(keys)
	if err != nil {
		return nil, fmt.Errorf("folder of S/MIME keys: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".pem" {
			continue
		}
		name := filepath.Join(keys, e.Name())
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("S/MIME key: %w", err)
		}
		if err := p.Keys.Add(text); err != nil {
			return nil, fmt.Errorf("S/MIME key in %s: %w", name, err)
		}
	}
	return p, nil
}
