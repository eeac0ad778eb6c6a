package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/gateway/smime"
	"letterbox/models"
)

// What a sending account may do about encryption.
const (
	encryptIfPossible = "if_possible"
	encryptRequired   = "required"
)

// Why a mail is held.
const (
	codeNoCertificate = "E-SMIME-03" // It must be encrypted and cannot.
	codeExpired       = "E-SMIME-04" // It must be signed, and our certificate has expired.
)

// renewSelf is how long before its end a certificate of our own making is replaced.
const renewSelf = 30 * 24 * time.Hour

// SMIMESecretPlace is what a private key is bound to.
func SMIMESecretPlace(fingerprint string) string { return "smime_keys/" + fingerprint + "/key" }

// protect returns how a mail is written: signed and encrypted as the account says. A mail that must be encrypted and
// cannot is never sent in clear: then the code says why it is held.
func (g *Gateway) protect(ctx context.Context, a models.SendingAccount, o models.Outgoing, m outbound.Mail) (write outbound.Writer, code string, err error) {
	s := a.Settings
	var p outbound.Protection
	if !s.SMIMESign && (s.SMIMEEncrypt == "" || s.SMIMEEncrypt == "off") {
		return m.Write, "", nil
	}
	own, err := g.identity(ctx, a.Address)
	if err != nil {
		return nil, "", err
	}
	if s.SMIMESign {
		if now().After(own.Certificate.NotAfter) {
			return nil, codeExpired, nil
		}
		p.Sign = func(digest []byte) ([]byte, error) { return own.Sign(digest, now()) }
	}
	if s.SMIMEEncrypt == encryptIfPossible || s.SMIMEEncrypt == encryptRequired {
		theirs, err := g.partner(ctx, o.Recipient)
		if err != nil {
			return nil, "", err
		}
		switch {
		case theirs != nil:
			to, method := []*x509.Certificate{theirs.cert, own.Certificate}, theirs.method
			p.Kind = method.Kind()
			p.Encrypt = func(w io.Writer, write func(io.Writer) error) error { return smime.Encrypt(w, to, method, write) }
		case s.SMIMEEncrypt == encryptRequired:
			return nil, codeNoCertificate, nil
		}
	}
	return m.Protected(p), "", nil
}

// partner is how somebody is written to encrypted.
type partner struct {
	cert   *x509.Certificate
	method smime.Method // What all of its readers can read: we read everything.
}

// partner is how an address can be written to encrypted: with its newest certificate that can be used; nil when there is none.
func (g *Gateway) partner(ctx context.Context, address string) (*partner, error) {
	all, err := g.Store.SMIMECertificatesOf(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		cert, err := x509.ParseCertificate(c.Certificate)
		if err != nil || !smime.Encrypts(cert, now()) {
			continue
		}
		p := &partner{cert: cert, method: smime.CBC}
		if c.ReadsGCM {
			p.method = smime.GCM
		}
		return p, nil
	}
	return nil, nil
}

// identity is the certificate of ours that signs for an address. When there is none, or one of our own making ends soon,
// a new one is made; old ones stay to open old mail.
func (g *Gateway) identity(ctx context.Context, address string) (*smime.Identity, error) {
	k, err := g.Store.SMIMEKeyOf(ctx, address)
	if err == nil && (k.Source != "self" || now().Add(renewSelf).Before(k.NotAfter)) {
		return g.openIdentity(k)
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, err
	}
	id, err := smime.SelfSigned(address, now())
	if err != nil {
		return nil, err
	}
	if err := g.addIdentity(ctx, nil, address, "self", id); err != nil {
		return nil, err
	}
	if k, err = g.Store.SMIMEKeyOf(ctx, address); err != nil { // Another process may have been faster.
		return nil, err
	}
	return g.openIdentity(k)
}

func (g *Gateway) openIdentity(k models.SMIMEKey) (*smime.Identity, error) {
	text, err := g.Secrets.Open(k.KeyEnc, SMIMESecretPlace(k.Fingerprint))
	if err != nil {
		return nil, fmt.Errorf("open an S/MIME key: %w", err)
	}
	return smime.ImportPEM([]byte(text))
}

func (g *Gateway) addIdentity(ctx context.Context, by *models.User, address, source string, id *smime.Identity) error {
	text, err := id.PEM()
	if err != nil {
		return err
	}
	k := models.SMIMEKey{
		Address: address, Fingerprint: smime.Fingerprint(id.Certificate), Source: source, Certificate: id.Certificate.Raw,
		NotBefore: id.Certificate.NotBefore.UTC(), NotAfter: id.Certificate.NotAfter.UTC(), CreatedAt: now(),
	}
	if k.KeyEnc, err = g.Secrets.Seal(text, SMIMESecretPlace(k.Fingerprint)); err != nil {
		return fmt.Errorf("seal an S/MIME key: %w", err)
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.AddSMIMEKey(ctx, &k); err != nil {
			return err
		}
		if err := g.Store.ReleaseHeld(ctx, codeExpired); err != nil { // What still cannot go is held again.
			return err
		}
		return g.audit(ctx, by, "smime.key", "smime:"+itoa(k.ID), map[string]string{"address": address, "source": source, "fingerprint": k.Fingerprint})
	})
	if err == nil {
		g.sendSoon()
		g.Changed("outbox")
	}
	return err
}

// storedKeys are the private keys in the database, for mail that was encrypted for us.
func (g *Gateway) storedKeys() *smime.Keys {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var keys smime.Keys
	all, err := g.Store.SMIMEKeys(ctx)
	for _, k := range all {
		text, oerr := g.Secrets.Open(k.KeyEnc, SMIMESecretPlace(k.Fingerprint))
		if oerr == nil {
			oerr = keys.Add([]byte(text))
		}
		err = errors.Join(err, oerr)
	}
	if err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "S/MIME keys not readable", slog.Any("err", err))
	}
	return &keys
}

// harvest keeps the certificate of a signature that is valid, which means: it fits, somebody we trust vouches for it, and
// it is the sender's. What its owner announces to read is kept with it, as of the time of the signature.
func (g *Gateway) harvest(ctx context.Context, d *delivery) {
	if d.mail == nil || d.mail.Verified == nil || d.mail.Verified.State != smime.Valid || len(d.mail.Verified.Certificate) == 0 {
		return
	}
	v := d.mail.Verified
	c, err := x509.ParseCertificate(v.Certificate)
	if err != nil || !smime.Encrypts(c, now()) {
		return
	}
	kept := certificateOf(v.Address, "mail", c)
	if v.Announced {
		at := now()
		if !v.SignedAt.IsZero() && v.SignedAt.Before(at) {
			at = v.SignedAt
		}
		kept.ReadsGCM, kept.AnnouncedAt = v.ReadsGCM, &at
	}
	if err := g.addCertificate(ctx, kept); err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "certificate of a sender not kept", slog.Int64("message_id", d.row.ID), slog.Any("err", err))
	}
}

// certificateOf is a certificate of somebody we write to, with what it says itself of its owner.
func certificateOf(address, source string, c *x509.Certificate) models.SMIMECertificate {
	return models.SMIMECertificate{
		Address: lower(address), Fingerprint: smime.Fingerprint(c), Source: source, Certificate: c.Raw, Issuer: c.Issuer.String(),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), FirstSeenAt: now(), ReadsGCM: smime.ReadsGCM(c),
	}
}

func (g *Gateway) addCertificate(ctx context.Context, c models.SMIMECertificate) error {
	added, err := g.Store.AddSMIMECertificate(ctx, c, codeNoCertificate)
	if added {
		g.sendSoon()
		g.Changed("outbox")
	}
	return err
}

// lock says for each recipient of an answer whether it will be encrypted.
func (g *Gateway) lock(ctx context.Context, p *AnswerPlan) error {
	p.Signs, p.Encrypt = p.account.Settings.SMIMESign, p.account.Settings.SMIMEEncrypt
	if p.Encrypt != encryptIfPossible && p.Encrypt != encryptRequired {
		p.Encrypt = ""
		return nil
	}
	for i := range p.Recipients {
		c, err := g.partner(ctx, p.Recipients[i].Address)
		if err != nil {
			return err
		}
		p.Recipients[i].Locked = c != nil
	}
	return nil
}
