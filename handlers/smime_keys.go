package handlers

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"letterbox/models"
)

// smimeView is what the page of S/MIME shows.
type smimeView struct {
	Keys     []smimeKeyRow
	Partners []smimePartnerRow
}

// smimeKeyRow is a certificate of ours.
type smimeKeyRow struct {
	models.SMIMEKey
	Health health
}

// smimePartnerRow is a certificate of somebody we write to.
type smimePartnerRow struct {
	models.SMIMECertificate
	Health  health
	Changed bool // The address has another one, too.
}

// smimeShow shows our keys and the certificates of others.
func smimeShow(v *visit) error {
	return v.showSMIME(http.StatusOK, v.newForm("smime", map[string]string{"file": "", "p12_password": "", "partner": ""}))
}

func (v *visit) showSMIME(status int, f *form) error {
	keys, err := v.h.Gateway.SMIMEKeys(v.ctx())
	if err != nil {
		return err
	}
	partners, err := v.h.Gateway.SMIMECertificates(v.ctx())
	if err != nil {
		return err
	}
	data, seen := smimeView{}, map[string]int{}
	for _, k := range keys {
		row := smimeKeyRow{SMIMEKey: k, Health: health{"ok", "check", v.l.T("smime.signs")}}
		switch seen["key:"+k.Address]++; {
		case seen["key:"+k.Address] > 1:
			row.Health = health{"calm", "dots", v.l.T("smime.old")}
		case time.Now().After(k.NotAfter):
			row.Health = health{"bad", "cross", v.l.T("smime.expired")}
		}
		data.Keys = append(data.Keys, row)
	}
	for _, c := range partners {
		seen[c.Address]++
	}
	for _, c := range partners {
		row := smimePartnerRow{SMIMECertificate: c, Health: health{"ok", "check", v.l.T("smime.used")}, Changed: seen[c.Address] > 1}
		switch {
		case c.RevokedAt != nil:
			row.Health = health{"bad", "cross", v.l.T("smime.revoked")}
		case time.Now().After(c.NotAfter):
			row.Health = health{"warn", "warn", v.l.T("smime.expired")}
		}
		data.Partners = append(data.Partners, row)
	}
	return v.render(status, "smime_keys", view{Title: v.l.T("smime.title"), Section: "sending", Form: f, Data: data})
}

// smimeImport adds a key of ours or a certificate of somebody else.
func smimeImport(v *visit) error {
	file, fileErr := v.uploaded("file", maxCertificate)
	partner, partnerErr := v.uploaded("partner", maxCertificate)
	f, err := v.readForm("smime", "file", "p12_password", "partner")
	if err != nil {
		return err
	}
	flash, err := "flash.smime_key", errors.Join(fileErr, partnerErr)
	switch {
	case err != nil:
	case v.PostForm("do") == "partner":
		flash = "flash.smime_partner"
		err = v.h.Gateway.ImportSMIMECertificate(v.ctx(), v.me, []byte(partner))
	default:
		err = v.h.Gateway.ImportSMIMEKey(v.ctx(), v.me, []byte(file), f.text("p12_password"))
	}
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showSMIME(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", flash)
	return v.redirect("/smime")
}

// smimeRevoke says whether a certificate of somebody else is used.
func smimeRevoke(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	revoke := v.PostForm("do") == "revoke"
	if err := v.h.Gateway.RevokeSMIMECertificate(v.ctx(), v.me, id, revoke); err != nil {
		return err
	}
	v.say("ok", map[bool]string{true: "flash.smime_revoked", false: "flash.smime_restored"}[revoke])
	return v.redirect("/smime")
}

// smimeDownload hands out a certificate of ours, for those who write to us. The private key never leaves.
func smimeDownload(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	address, file, err := v.h.Gateway.PublicCertificate(v.ctx(), id)
	if err != nil {
		return err
	}
	name := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"\/;`, r) {
			return '_'
		}
		return r
	}, address)
	v.Header("Content-Disposition", `attachment; filename="`+name+`.cer"`)
	v.Data(http.StatusOK, "application/x-x509-user-cert", file)
	return nil
}
