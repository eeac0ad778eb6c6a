package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiSendingOut is a sending account in the API. The password is never in it.
type apiSendingOut struct {
	ID           int64     `json:"id"`
	Place        string    `json:"place"` // "default", "project:3" or "inbox:5".
	Address      string    `json:"address"`
	Name         string    `json:"name"`
	Host         string    `json:"host"`
	Port         int       `json:"port"`
	Security     string    `json:"security"`
	TLSVerify    string    `json:"tls_verify"`
	Fingerprint  string    `json:"fingerprint"`
	Auth         string    `json:"auth"`
	Username     string    `json:"username"`
	PasswordSet  bool      `json:"password_set"`
	ReplyTo      string    `json:"reply_to"`
	Tagged       bool      `json:"tagged"` // Replies go to "base+token@".
	Signature    string    `json:"signature"`
	Language     string    `json:"language"`
	PerMinute    int       `json:"per_minute"`
	SMIMESign    bool      `json:"smime_sign"`
	SMIMEEncrypt string    `json:"smime_encrypt"` // "off", "if_possible" or "required".
	TroubleCode  string    `json:"trouble_code"`  // "" when it works.
	Version      int64     `json:"version"`
	CreatedAt    time.Time `json:"created_at"`
}

// apiSendingIn is what can be set of a sending account.
type apiSendingIn struct {
	Place        *string `json:"place"`
	Address      *string `json:"address"`
	Name         *string `json:"name"`
	Host         *string `json:"host"`
	Port         *int    `json:"port"`
	Security     *string `json:"security"`
	TLSVerify    *string `json:"tls_verify"`
	CAPEM        *string `json:"ca_pem"`
	Fingerprint  *string `json:"fingerprint"`
	Auth         *string `json:"auth"`
	Username     *string `json:"username"`
	Password     *string `json:"password"`
	ReplyTo      *string `json:"reply_to"`
	Tagged       *bool   `json:"tagged"`
	Signature    *string `json:"signature"`
	Language     *string `json:"language"`
	PerMinute    *int    `json:"per_minute"`
	SMIMESign    *bool   `json:"smime_sign"`
	SMIMEEncrypt *string `json:"smime_encrypt"`
}

func apiSendingOf(a gateway.SendingView) apiSendingOut {
	s := a.Settings
	return apiSendingOut{
		ID: a.ID, Place: a.Place, Address: a.Address, Name: a.Name, Host: s.Host, Port: s.Port, Security: s.Security, TLSVerify: s.TLSVerify,
		Fingerprint: s.Fingerprint, Auth: s.Auth, Username: s.Username, PasswordSet: a.PasswordSet, ReplyTo: s.ReplyTo, Tagged: s.Tagged,
		Signature: s.Signature, Language: s.Language, PerMinute: s.PerMinute, SMIMESign: s.SMIMESign, SMIMEEncrypt: or(s.SMIMEEncrypt, "off"),
		TroubleCode: a.TroubleCode, Version: a.Version, CreatedAt: apiTime(a.CreatedAt),
	}
}

func apiSendingList(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	all, err := h.Gateway.SendingAccounts(c.Request.Context())
	if err != nil {
		return err
	}
	return apiPaged(c, all, func(a gateway.SendingView) int64 { return a.ID }, apiSendingOf)
}

func apiSendingCreate(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	var in apiSendingIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	d := gateway.SendingDraft{Place: "default", Settings: models.DefaultSendingSettings()}
	in.into(&d)
	a, err := h.Gateway.CreateSendingAccount(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	apiCreated(c, "/sending-accounts/"+strconv.FormatInt(a.ID, 10), apiSendingOf(a))
	return nil
}

// into puts what was given into a draft.
func (in apiSendingIn) into(d *gateway.SendingDraft) {
	d.Password = in.Password
	s := &d.Settings
	apiSet(&d.Place, in.Place)
	apiSet(&d.Address, in.Address)
	apiSet(&d.Name, in.Name)
	apiSet(&s.Host, in.Host)
	apiSet(&s.Port, in.Port)
	apiSet(&s.Security, in.Security)
	apiSet(&s.TLSVerify, in.TLSVerify)
	apiSet(&s.CAPEM, in.CAPEM)
	apiSet(&s.Fingerprint, in.Fingerprint)
	apiSet(&s.Auth, in.Auth)
	apiSet(&s.Username, in.Username)
	apiSet(&s.ReplyTo, in.ReplyTo)
	apiSet(&s.Tagged, in.Tagged)
	apiSet(&s.Signature, in.Signature)
	apiSet(&s.Language, in.Language)
	apiSet(&s.PerMinute, in.PerMinute)
	apiSet(&s.SMIMESign, in.SMIMESign)
	apiSet(&s.SMIMEEncrypt, in.SMIMEEncrypt)
}

// apiSendingInPath returns the account that the path names, to admins.
func (h *Handlers) apiSendingInPath(c *gin.Context) (gateway.SendingView, error) {
	if err := apiAdmin(h, c); err != nil {
		return gateway.SendingView{}, err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return gateway.SendingView{}, models.ErrNotFound
	}
	return h.Gateway.SendingAccount(c.Request.Context(), id)
}

func apiSendingShow(h *Handlers, c *gin.Context) error {
	a, err := h.apiSendingInPath(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiSendingOf(a))
	return nil
}

func apiSendingUpdate(h *Handlers, c *gin.Context) error {
	a, err := h.apiSendingInPath(c)
	if err != nil {
		return err
	}
	var in apiSendingIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	d := gateway.SendingDraft{Place: a.Place, Address: a.Address, Name: a.Name, Settings: a.Settings}
	in.into(&d)
	if a, err = h.Gateway.UpdateSendingAccount(c.Request.Context(), apiUser(c), a.ID, apiExpected(c, nil, a.Version), d); err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiSendingOf(a))
	return nil
}

func apiSendingDelete(h *Handlers, c *gin.Context) error {
	a, err := h.apiSendingInPath(c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Gateway.DeleteSendingAccount(c.Request.Context(), apiUser(c), a.ID))
}
