package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/models"
)

// accountEditView is what the form of a sending account shows.
type accountEditView struct {
	ID          int64
	Places      []option
	PasswordSet bool
	Waiting     bool
	Report      []phaseView
	OK          bool
	Summary     string
}

func accountFields() []string {
	return []string{
		"place", "address", "from_name", "host", "port", "security", "tls_verify", "ca_pem", "fingerprint", "auth", "username", "password",
		"reply_to", "tagged", "signature", "text_language", "per_minute", "smime_sign", "smime_encrypt", "version", "confirm_plain",
	}
}

func accountValues(a models.SendingAccount) map[string]string {
	s := a.Settings
	return map[string]string{
		"place": a.Place, "address": a.Address, "from_name": a.Name, "host": s.Host, "port": number(int64(s.Port)), "security": s.Security,
		"tls_verify": s.TLSVerify, "ca_pem": s.CAPEM, "fingerprint": s.Fingerprint, "auth": s.Auth, "username": s.Username, "password": "",
		"reply_to": s.ReplyTo, "tagged": yesNo(s.Tagged), "signature": s.Signature, "text_language": s.Language,
		"smime_sign": yesNo(s.SMIMESign), "smime_encrypt": s.SMIMEEncrypt,
		"per_minute": number(int64(s.PerMinute)), "version": strconv.FormatInt(a.Version, 10), "confirm_plain": "",
	}
}

// accountDraft reads the form of a sending account.
func accountDraft(f *form) gateway.SendingDraft {
	d := gateway.SendingDraft{Place: f.get("place"), Address: f.get("address"), Name: f.get("from_name"), Settings: models.SendingSettings{
		Host: f.get("host"), Security: f.get("security"), TLSVerify: f.get("tls_verify"), CAPEM: f.get("ca_pem"), Fingerprint: f.get("fingerprint"),
		Auth: f.get("auth"), Username: f.get("username"), ReplyTo: f.get("reply_to"), Tagged: f.yes("tagged"), Signature: f.text("signature"),
		Language: f.get("text_language"), SMIMESign: f.yes("smime_sign"), SMIMEEncrypt: f.get("smime_encrypt"),
	}}
	for name, to := range map[string]*int{"port": &d.Settings.Port, "per_minute": &d.Settings.PerMinute} {
		text := f.get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			f.refuse(name, "E-SEND-05")
		}
		*to = n
	}
	if p := f.text("password"); p != "" {
		d.Password = &p
	}
	return d
}

// asInbox is the connection of a sending account as that of an inbox: the same is unsafe about both.
func asInbox(s models.SendingSettings) models.InboxSettings {
	return models.InboxSettings{Receive: "imap", Host: s.Host, Port: s.Port, Security: s.Security, TLSVerify: s.TLSVerify}
}

// names that the gateway and the form have for the same field.
func accountNames() map[string]string {
	return map[string]string{"language": "text_language", "name": "from_name"}
}

// accountNew shows an empty form.
func accountNew(v *visit) error {
	a := models.SendingAccount{Place: "default", Settings: models.DefaultSendingSettings()}
	a.Settings.Language = v.l.Lang
	return v.showAccount(http.StatusOK, gateway.SendingView{}, v.newForm("sending", accountValues(a)), nil)
}

// accountShow shows the form of a sending account.
func accountShow(v *visit) error {
	a, err := v.account()
	if err != nil {
		return err
	}
	return v.showAccount(http.StatusOK, a, v.newForm("sending", accountValues(a.SendingAccount)), nil)
}

func (v *visit) account() (gateway.SendingView, error) {
	id, err := v.id("id")
	if err != nil {
		return gateway.SendingView{}, err
	}
	return v.h.Gateway.SendingAccount(v.ctx(), id)
}

func (v *visit) showAccount(status int, a gateway.SendingView, f *form, found *gateway.CheckReport) error {
	places, err := v.places()
	if err != nil {
		return err
	}
	data := accountEditView{ID: a.ID, Places: places, PasswordSet: a.PasswordSet}
	if found != nil {
		data.OK, data.Summary = found.OK, v.l.T("check.failed", "host", f.get("host"))
		if found.OK {
			data.Summary = v.l.T("sending.check_ok")
		}
		for _, p := range merged(found.Phases) {
			data.Report = append(data.Report, v.phase(checked{}, p))
		}
	}
	title := v.l.T("sending.new_title")
	if a.ID != 0 {
		title = v.l.T("sending.edit_title", "address", a.Address)
	}
	return v.render(status, "account_edit", view{Title: title, Section: "sending", Form: f, Data: data})
}

// accountCreate adds a sending account, or only tries what was entered.
func accountCreate(v *visit) error { return v.saveAccount(gateway.SendingView{}) }

// accountUpdate changes a sending account, or only tries what was entered.
func accountUpdate(v *visit) error {
	a, err := v.account()
	if err != nil {
		return err
	}
	return v.saveAccount(a)
}

func (v *visit) saveAccount(a gateway.SendingView) error {
	f, err := v.readForm("sending", accountFields()...)
	if err != nil {
		return err
	}
	d := accountDraft(f)
	d.Settings.OAuth = a.Settings.OAuth // Has a page of its own.
	v.askConfirmation(f, asInbox(a.Settings), asInbox(d.Settings))
	if err := mayTrust(v.h.Gateway, v.access, asInbox(a.Settings), gateway.InboxDraft{Settings: asInbox(d.Settings)}); err != nil {
		return err
	}
	if !f.Failed() && v.PostForm("do") == "check" {
		found, err := v.h.Gateway.CheckSending(v.ctx(), a.ID, d)
		if list, ok := invalid(err); ok {
			f.take(list, accountNames())
			return v.showAccount(http.StatusUnprocessableEntity, a, f, nil)
		}
		if err != nil {
			return err
		}
		return v.showAccount(http.StatusOK, a, f, &found)
	}
	if !f.Failed() {
		if a.ID == 0 {
			a, err = v.h.Gateway.CreateSendingAccount(v.ctx(), v.me, d)
		} else {
			version, perr := strconv.ParseInt(f.get("version"), 10, 64)
			if perr != nil || version <= 0 {
				return errUnreadable
			}
			_, err = v.h.Gateway.UpdateSendingAccount(v.ctx(), v.me, a.ID, version, d)
		}
		if list, ok := invalid(err); ok {
			f.take(list, accountNames())
		} else if errors.Is(err, models.ErrConflict) {
			f.refuse("place", "E-SEND-08")
			f.values["version"] = fmt.Sprint(a.Version)
		} else if err != nil {
			return err
		}
	}
	if f.Failed() {
		return v.showAccount(http.StatusUnprocessableEntity, a, f, nil)
	}
	v.say("ok", "flash.sending_saved", "address", d.Address)
	if strings.HasPrefix(d.Settings.Auth, "oauth2_") {
		return v.redirect(fmt.Sprintf("/sending/accounts/%d/oauth", a.ID))
	}
	return v.redirect("/sending")
}
