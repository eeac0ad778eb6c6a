package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// certificateView is what the page about the certificate of a server shows.
type certificateView struct {
	gateway.InboxView
	Shown     *gateway.Certificate // What the server shows now; nil when it could not be asked.
	Why       string               // Why it could not be asked.
	Trusted   string               // The fingerprint that is trusted; "" when none is.
	TrustedAt *time.Time
	Server    bool   // There is one.
	Changed   bool   // The server shows another one than is trusted.
	How       string // Certificates are checked now.
}

// inboxCertificate shows what certificate a server has, beside what is trusted.
func inboxCertificate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	return v.showCertificate(http.StatusOK, in, v.newForm("inbox", map[string]string{
		"version": strconv.FormatInt(in.Version, 10), "ca_pem": in.Settings.CAPEM, "password": "", "fingerprint": "",
	}))
}

func (v *visit) showCertificate(status int, in gateway.InboxView, f *form) error {
	data := certificateView{InboxView: in, How: v.l.T("choice.tls_verify." + in.Settings.TLSVerify)}
	data.Server = in.Settings.Receive == "imap" || in.Settings.Receive == "pop3"
	if !data.Server {
		data.Why = v.l.T("certificate.no_server")
		return v.renderCertificate(status, f, data)
	}
	if in.Settings.TLSVerify == "pinned" {
		data.Trusted, data.TrustedAt = in.Settings.Fingerprint, in.Settings.TrustedAt
	}
	var shown gateway.Certificate
	err := v.discreetly(in.Settings, func() (err error) {
		shown, err = v.h.Gateway.ShownCertificate(v.ctx(), in.Settings)
		return err
	})
	p, isProblem := errors.AsType[*mailbox.Problem](err)
	switch {
	case isProblem:
		data.Why = v.l.T(p.Code, v.checkWords(p.Args))
	case err != nil:
		return fmt.Errorf("ask for the certificate: %w", err)
	case shown.Fingerprint == "":
		data.Why = v.l.T("certificate.none")
	default:
		data.Shown = &shown
		data.Changed = data.Trusted != "" && data.Trusted != shown.Fingerprint
		if f.values["fingerprint"] == "" {
			f.values["fingerprint"] = shown.Fingerprint
		}
	}
	return v.renderCertificate(status, f, data)
}

func (v *visit) renderCertificate(status int, f *form, data certificateView) error {
	return v.render(status, "inbox_certificate", view{
		Title: v.l.T("certificate.title", "name", data.Name), Section: "inboxes", Form: f, Data: data,
	})
}

// inboxTrust changes whose certificates are accepted: the one that was shown, those of an issuer, or those that the
// system accepts. It takes effect with the next visit, in every process.
func inboxTrust(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	file, large := v.uploaded("ca_file", maxCertificate)
	f, err := v.readForm("inbox", "version", "ca_pem", "fingerprint", "password")
	if err != nil {
		return err
	}
	if list, ok := invalid(large); ok {
		f.take(list, map[string]string{"ca_file": "ca_pem"})
		return v.showCertificate(http.StatusUnprocessableEntity, in, f)
	}
	if large != nil {
		return large
	}
	if file != "" {
		f.values["ca_pem"] = file
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	d := apiDraftOf(in)
	switch s := &d.Settings; v.Request.PostForm.Get("do") {
	case "pin":
		s.TLSVerify, s.Fingerprint = "pinned", f.get("fingerprint")
	case "ca":
		s.TLSVerify, s.CAPEM = "ca", f.get("ca_pem")
		if !gateway.HoldsCertificate(s.CAPEM) {
			f.refuse("ca_pem", "E-TLS-09")
			return v.showCertificate(http.StatusUnprocessableEntity, in, f)
		}
	case "system":
		s.TLSVerify = "system"
	default:
		return errUnreadable
	}
	if password := f.text("password"); password != "" {
		d.Password = &password
	}
	_, err = v.h.Gateway.UpdateInbox(v.ctx(), v.me, in.ID, version, d)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showCertificate(http.StatusUnprocessableEntity, in, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.certificate", "name", in.Name)
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// maxCertificate bounds a file with certificates, in octets.
const maxCertificate = 1 << 20

// uploaded returns a file of a form; "" when none was chosen. One with more than so many octets is a models.InvalidList.
func (v *visit) uploaded(name string, most int64) (string, error) {
	if v.ContentType() != "multipart/form-data" {
		return "", nil
	}
	if err := v.Request.ParseMultipartForm(maxUpload); err != nil {
		return "", uploadError(err)
	}
	for _, file := range v.Request.MultipartForm.File[name] {
		if file.Size > most {
			return "", models.InvalidList{{Field: name, Code: "E-UPLOAD-01", Args: map[string]string{"max": strconv.FormatInt(most>>20, 10)}}}
		}
		if file.Size == 0 {
			continue
		}
		in, err := file.Open()
		if err != nil {
			return "", fmt.Errorf("open the file: %w", err)
		}
		raw := make([]byte, file.Size)
		_, err = in.ReadAt(raw, 0)
		if err := errors.Join(err, in.Close()); err != nil {
			return "", fmt.Errorf("read the file: %w", err)
		}
		return string(raw), nil
	}
	return "", nil
}
