package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiSMIMEKeyOut is a certificate of ours. Its private key is never in an answer.
type apiSMIMEKeyOut struct {
	ID          int64     `json:"id"`
	Address     string    `json:"address"`
	Fingerprint string    `json:"fingerprint"` // SHA-256 in lower-case hex.
	Source      string    `json:"source"`      // "self" or "imported".
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	CreatedAt   time.Time `json:"created_at"`
}

// apiSMIMEKeyIn is a new certificate of ours with its private key.
type apiSMIMEKeyIn struct {
	File     *[]byte `json:"file"` // A .p12 file or PEM, in base64.
	Password *string `json:"password"`
}

// apiSMIMECertificateOut is a certificate of somebody we write to.
type apiSMIMECertificateOut struct {
	ID          int64      `json:"id"`
	Address     string     `json:"address"`
	Fingerprint string     `json:"fingerprint"` // SHA-256 in lower-case hex.
	Source      string     `json:"source"`      // "mail" (it came with a signed one) or "imported".
	Issuer      string     `json:"issuer"`
	NotBefore   time.Time  `json:"not_before"`
	NotAfter    time.Time  `json:"not_after"`
	FirstSeenAt time.Time  `json:"first_seen_at"`
	RevokedAt   *time.Time `json:"revoked_at"` // Null while it may be used.
}

// apiSMIMECertificateIn is a new certificate of somebody we write to.
type apiSMIMECertificateIn struct {
	File *[]byte `json:"file"` // PEM or DER, in base64.
}

// apiSMIMECertificatePatch says whether a certificate of somebody else is used.
type apiSMIMECertificatePatch struct {
	Revoked *bool `json:"revoked"`
}

func apiSMIMEKeyOf(k models.SMIMEKey) apiSMIMEKeyOut {
	return apiSMIMEKeyOut{k.ID, k.Address, k.Fingerprint, k.Source, apiTime(k.NotBefore), apiTime(k.NotAfter), apiTime(k.CreatedAt)}
}

func apiSMIMECertificateOf(k models.SMIMECertificate) apiSMIMECertificateOut {
	return apiSMIMECertificateOut{
		k.ID, k.Address, k.Fingerprint, k.Source, k.Issuer, apiTime(k.NotBefore), apiTime(k.NotAfter), apiTime(k.FirstSeenAt), apiTimeOrNil(k.RevokedAt),
	}
}

func smimeKeyID(k models.SMIMEKey) int64                 { return k.ID }
func smimeCertificateID(k models.SMIMECertificate) int64 { return k.ID }

// apiAdminsList returns what read lists, for admins of the installation.
func apiAdminsList[T any](h *Handlers, c *gin.Context, read func(*gateway.Gateway, context.Context) ([]T, error)) ([]T, error) {
	if err := apiAdmin(h, c); err != nil {
		return nil, err
	}
	return read(h.Gateway, c.Request.Context())
}

func apiSMIMEKeyList(h *Handlers, c *gin.Context) error {
	list, err := apiAdminsList(h, c, (*gateway.Gateway).SMIMEKeys)
	if err != nil {
		return err
	}
	return apiPaged(c, list, smimeKeyID, apiSMIMEKeyOf)
}

func apiSMIMEKeyShow(h *Handlers, c *gin.Context) error {
	list, err := apiAdminsList(h, c, (*gateway.Gateway).SMIMEKeys)
	if err != nil {
		return err
	}
	return apiOne(c, list, smimeKeyID, apiSMIMEKeyOf)
}

func apiSMIMEKeyCertificate(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	_, file, err := h.Gateway.PublicCertificate(c.Request.Context(), id)
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="certificate.cer"`)
	c.Data(http.StatusOK, "application/x-x509-user-cert", file)
	return nil
}

func apiSMIMEKeyCreate(h *Handlers, c *gin.Context) error {
	var in apiSMIMEKeyIn
	if err := apiSMIMEFile(h, c, &in); err != nil {
		return err
	}
	password := ""
	apiSet(&password, in.Password)
	return apiEmpty(c, h.Gateway.ImportSMIMEKey(c.Request.Context(), apiUser(c), *in.File, password))
}

// apiSMIMEFile reads a request of an admin that has to have a file.
func apiSMIMEFile(h *Handlers, c *gin.Context, in any) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	given, err := apiDecode(c, in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "file"); faults != nil {
		return faults
	}
	return nil
}

func apiSMIMECertificateList(h *Handlers, c *gin.Context) error {
	list, err := apiAdminsList(h, c, (*gateway.Gateway).SMIMECertificates)
	if err != nil {
		return err
	}
	return apiPaged(c, list, smimeCertificateID, apiSMIMECertificateOf)
}

func apiSMIMECertificateShow(h *Handlers, c *gin.Context) error {
	list, err := apiAdminsList(h, c, (*gateway.Gateway).SMIMECertificates)
	if err != nil {
		return err
	}
	return apiOne(c, list, smimeCertificateID, apiSMIMECertificateOf)
}

func apiSMIMECertificateCreate(h *Handlers, c *gin.Context) error {
	var in apiSMIMECertificateIn
	if err := apiSMIMEFile(h, c, &in); err != nil {
		return err
	}
	return apiEmpty(c, h.Gateway.ImportSMIMECertificate(c.Request.Context(), apiUser(c), *in.File))
}

func apiSMIMECertificateUpdate(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	var in apiSMIMECertificatePatch
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if given["revoked"] {
		if err := h.Gateway.RevokeSMIMECertificate(c.Request.Context(), apiUser(c), id, *in.Revoked); err != nil {
			return err
		}
	}
	return apiSMIMECertificateShow(h, c)
}
