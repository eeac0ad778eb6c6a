package gateway

import (
	"context"
	"encoding/pem"
	"errors"

	"letterbox/gateway/outbound"
	"letterbox/gateway/smime"
	"letterbox/models"
)

// SMIMEKeys returns our certificates, without their keys.
func (g *Gateway) SMIMEKeys(ctx context.Context) ([]models.SMIMEKey, error) {
	all, err := g.Store.SMIMEKeys(ctx)
	for i := range all {
		all[i].KeyEnc = ""
	}
	return all, err
}

// SMIMECertificates returns the certificates of others; at most 500.
func (g *Gateway) SMIMECertificates(ctx context.Context) ([]models.SMIMECertificate, error) {
	return g.Store.SMIMECertificates(ctx, 500)
}

// PublicCertificate returns a certificate of ours in PEM, for those who write to us.
func (g *Gateway) PublicCertificate(ctx context.Context, id int64) (address string, file []byte, err error) {
	k, err := g.Store.SMIMEKeyByID(ctx, id)
	if err != nil {
		return "", nil, err
	}
	return k.Address, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate}), nil
}

// ImportSMIMEKey adds a certificate of ours with its private key: a .p12 file with its password, or PEM. It signs from now
// on. What cannot be taken is a models.InvalidList.
func (g *Gateway) ImportSMIMEKey(ctx context.Context, by *models.User, file []byte, password string) error {
	invalid := func(code string) error { return models.InvalidList{{Field: "file", Code: code}} }
	id, err := smime.ImportPEM(file)
	if err != nil && !errors.Is(err, smime.ErrPair) {
		id, err = smime.ImportP12(file, password)
	}
	switch {
	case errors.Is(err, smime.ErrPassword):
		return models.InvalidList{{Field: "p12_password", Code: "E-SMIME-02"}}
	case errors.Is(err, smime.ErrPair):
		return invalid("E-SMIME-01")
	case err != nil:
		return invalid("E-SMIME-05")
	case now().After(id.Certificate.NotAfter):
		return invalid("E-SMIME-06")
	}
	added := 0
	for _, address := range id.Certificate.EmailAddresses {
		if address = lower(address); added > 0 || !outbound.Plain(address) || !smime.For(id.Certificate, address) {
			continue
		}
		if err := g.addIdentity(ctx, by, address, "imported", id); errors.Is(err, models.ErrConflict) {
			return invalid("E-SMIME-07")
		} else if err != nil {
			return err
		}
		added++
	}
	if added == 0 {
		return invalid("E-SMIME-08")
	}
	return nil
}

// ImportSMIMECertificate adds a certificate of somebody we write to, in PEM or DER. What cannot be taken is a
// models.InvalidList.
func (g *Gateway) ImportSMIMECertificate(ctx context.Context, by *models.User, file []byte) error {
	invalid := func(code string) error { return models.InvalidList{{Field: "partner", Code: code}} }
	c, err := smime.ParseCertificate(file)
	if err != nil {
		return invalid("E-SMIME-05")
	}
	if !smime.Encrypts(c, now()) {
		return invalid("E-SMIME-06")
	}
	added := 0
	for _, address := range c.EmailAddresses {
		if !outbound.Plain(address) || !smime.For(c, address) {
			continue
		}
		if err := g.addCertificate(ctx, certificateOf(address, "imported", c)); err != nil {
			return err
		}
		added++
	}
	if added == 0 {
		return invalid("E-SMIME-08")
	}
	return g.audit(ctx, by, "smime.certificate", "smime", map[string]string{"fingerprint": smime.Fingerprint(c)})
}

// RevokeSMIMECertificate says whether a certificate of somebody else is used.
func (g *Gateway) RevokeSMIMECertificate(ctx context.Context, by *models.User, id int64, revoked bool) error {
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		at, action := now(), "smime.revoke"
		when := &at
		if !revoked {
			when, action = nil, "smime.restore"
		}
		if err := g.Store.RevokeSMIMECertificate(ctx, id, when); err != nil {
			return err
		}
		return g.audit(ctx, by, action, "smime:"+itoa(id), nil)
	})
}
