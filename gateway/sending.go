package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/oauth"
	"letterbox/gateway/outbound"
	"letterbox/models"
)

// SendingDraft is all that a person or a program can set of a sending account.
type SendingDraft struct {
	Place    string // "default", "project:3" or "inbox:5".
	Address  string
	Name     string
	Settings models.SendingSettings
	// Password replaces the stored one. Nil leaves it, unless the server or the user changes: then it is cleared, because
	// it was given for another server (SEC-12).
	Password *string
}

// SendingView is a sending account as people see it. It never holds the password.
type SendingView struct {
	models.SendingAccount
	PasswordSet bool
	Trouble     map[string]string // Placeholders of the sentence TroubleCode.
}

// SendingAccounts returns all sending accounts by place.
func (g *Gateway) SendingAccounts(ctx context.Context) ([]SendingView, error) {
	all, err := g.Store.SendingAccounts(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]SendingView, len(all))
	for i, a := range all {
		views[i] = sendingView(a)
	}
	return views, nil
}

// SendingAccount returns one sending account; models.ErrNotFound when there is none.
func (g *Gateway) SendingAccount(ctx context.Context, id int64) (SendingView, error) {
	a, err := g.Store.SendingAccountByID(ctx, id)
	return sendingView(a), err
}

func sendingView(a models.SendingAccount) SendingView {
	v := SendingView{SendingAccount: a, PasswordSet: a.PasswordEnc != ""}
	v.PasswordEnc = ""
	if a.TroubleArgs != "" {
		_ = json.Unmarshal([]byte(a.TroubleArgs), &v.Trouble) // Shown without its placeholders when it cannot be read.
	}
	return v
}

// CreateSendingAccount adds a sending account. A draft that cannot be taken is a models.InvalidList.
func (g *Gateway) CreateSendingAccount(ctx context.Context, by *models.User, d SendingDraft) (SendingView, error) {
	defer g.own.empty()
	if list := completeSending(&d); len(list) > 0 {
		return SendingView{}, list
	}
	at := now()
	a := models.SendingAccount{Place: d.Place, Address: lower(d.Address), Name: d.Name, Settings: d.Settings, CreatedAt: at, UpdatedAt: at}
	err := g.sendingVersioned(ctx, by, "sending.create", func(ctx context.Context) error {
		if err := g.freePlace(ctx, 0, d.Place); err != nil {
			return err
		}
		if err := g.Store.CreateSendingAccount(ctx, &a); err != nil {
			return err
		}
		if err := g.sealSending(&a, d.Password); err != nil {
			return err
		}
		if err := g.Store.UpdateSendingAccount(ctx, &a, a.Version); err != nil {
			return err
		}
		return g.audit(ctx, by, "sending.create", "sending:"+itoa(a.ID), auditSending(a, d))
	}, a.Place)
	if err != nil {
		return SendingView{}, err
	}
	g.sendSoon()
	return g.SendingAccount(ctx, a.ID)
}

// UpdateSendingAccount changes an account when its version is still version; models.ErrConflict otherwise. 0 skips that
// check.
func (g *Gateway) UpdateSendingAccount(ctx context.Context, by *models.User, id, version int64, d SendingDraft) (SendingView, error) {
	defer g.own.empty()
	if list := completeSending(&d); len(list) > 0 {
		return SendingView{}, list
	}
	was, err := g.Store.SendingAccountByID(ctx, id)
	if err != nil {
		return SendingView{}, err
	}
	err = g.sendingVersioned(ctx, by, "sending.update", func(ctx context.Context) error {
		a, err := g.Store.SendingAccountByID(ctx, id)
		if err != nil {
			return err
		}
		if version != 0 && a.Version != version {
			return models.ErrConflict
		}
		if err := g.freePlace(ctx, id, d.Place); err != nil {
			return err
		}
		if d.Password == nil && otherServer(a.Settings, d.Settings) && a.PasswordEnc != "" {
			if d.Settings.Auth == "password" {
				return models.InvalidList{{Field: "password", Code: "E-INBOX-07"}}
			}
			a.PasswordEnc = ""
		}
		if sendingLosesOAuth(a.Settings, d.Settings) {
			if err := g.Store.DeleteOAuth(ctx, string(OAuthSending(id))); err != nil {
				return err
			}
		}
		before := a.Version
		a.Place, a.Address, a.Name, a.Settings = d.Place, lower(d.Address), d.Name, d.Settings
		if err := g.sealSending(&a, d.Password); err != nil {
			return err
		}
		if err := g.Store.UpdateSendingAccount(ctx, &a, before); err != nil {
			return err
		}
		return g.audit(ctx, by, "sending.update", "sending:"+itoa(id), auditSending(a, d))
	}, slices.Compact([]string{was.Place, d.Place})...)
	if err != nil {
		return SendingView{}, err
	}
	g.sendSoon()
	return g.SendingAccount(ctx, id)
}

// DeleteSendingAccount removes an account. Mail that still waits for it is given up, visibly.
func (g *Gateway) DeleteSendingAccount(ctx context.Context, by *models.User, id int64) error {
	defer g.own.empty()
	was, err := g.Store.SendingAccountByID(ctx, id)
	if err != nil {
		return err
	}
	return g.sendingVersioned(ctx, by, "sending.delete", func(ctx context.Context) error {
		if err := g.Store.DeleteSendingAccount(ctx, id, "E-SMTP-12"); err != nil {
			return err
		}
		if err := g.Store.DeleteOAuth(ctx, string(OAuthSending(id))); err != nil {
			return err
		}
		return g.audit(ctx, by, "sending.delete", "sending:"+itoa(id), nil)
	}, was.Place)
}

func otherServer(was, is models.SendingSettings) bool {
	return was.Host != is.Host || was.Port != is.Port || was.Username != is.Username || was.Security != is.Security
}

func auditSending(a models.SendingAccount, d SendingDraft) map[string]string {
	out := map[string]string{
		"place": a.Place, "address": a.Address, "host": a.Settings.Host, "port": strconv.Itoa(a.Settings.Port),
		"security": a.Settings.Security, "tls_verify": a.Settings.TLSVerify,
	}
	if d.Password != nil {
		out["password"] = "changed"
	}
	return out
}

// freePlace refuses a place that another account has.
func (g *Gateway) freePlace(ctx context.Context, id int64, place string) error {
	other, err := g.Store.SendingAccountAt(ctx, place)
	if errors.Is(err, models.ErrNotFound) || err == nil && other.ID == id {
		return nil
	}
	if err != nil {
		return err
	}
	return models.InvalidList{{Field: "place", Code: "E-SEND-01"}}
}

// completeSending fills in what follows from the rest of a draft and returns what is to be checked.
func completeSending(d *SendingDraft) models.InvalidList {
	s := &d.Settings
	d.Place, d.Address, d.Name, s.Host = strings.TrimSpace(d.Place), strings.TrimSpace(d.Address), outbound.Line(d.Name, 120), strings.TrimSpace(s.Host)
	s.ReplyTo = lower(strings.TrimSpace(s.ReplyTo))
	if s.Port == 0 {
		s.Port = 587
		if s.Security == "tls" || s.Security == "auto" || s.Security == "" {
			s.Port = 465
		}
	}
	if s.Username == "" && s.Auth != "none" {
		s.Username = d.Address
	}
	var list models.InvalidList
	refuse := func(field, code string, args map[string]string) {
		list = append(list, &models.Invalid{Field: field, Code: code, Args: args})
	}
	if !validPlace(d.Place) {
		refuse("place", "E-SEND-02", nil)
	}
	if !outbound.Plain(d.Address) {
		refuse("address", "E-SEND-03", map[string]string{"address": d.Address})
	}
	if s.ReplyTo != "" && !outbound.Plain(s.ReplyTo) {
		refuse("reply_to", "E-SEND-03", map[string]string{"address": s.ReplyTo})
	}
	if s.Host == "" {
		refuse("host", "E-SEND-04", nil)
	}
	if s.Port < 1 || s.Port > 65535 {
		refuse("port", "E-SEND-05", nil)
	}
	if s.PerMinute < 0 || s.PerMinute > 100_000 {
		refuse("per_minute", "E-SEND-05", nil)
	}
	for _, c := range []struct {
		field, value string
		allowed      []string
	}{
		{"security", s.Security, []string{"auto", "tls", "starttls", "starttls_if_available", "none"}},
		{"tls_verify", s.TLSVerify, []string{"system", "ca", "pinned", "off"}},
		{"auth", s.Auth, []string{"password", "none", oauth.ClientFlow, oauth.UserFlow}},
		{"language", s.Language, []string{"de", "en"}},
		{"smime_encrypt", s.SMIMEEncrypt, []string{"", "off", encryptIfPossible, encryptRequired}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			refuse(c.field, "E-SEND-02", nil)
		}
	}
	if unsafeOAuth(s.Auth, s.Security, s.TLSVerify) {
		refuse("security", "E-OAUTH-20", nil)
	}
	if len(s.Signature) > 4<<10 {
		refuse("signature", "E-TEXT-01", map[string]string{"max": "4096"})
	}
	return list
}

func validPlace(place string) bool {
	kind, id, ok := strings.Cut(place, ":")
	if !ok {
		return place == "default"
	}
	n, err := strconv.ParseInt(id, 10, 64)
	return err == nil && n > 0 && itoa(n) == id && (kind == "project" || kind == "inbox")
}

func (g *Gateway) sealSending(a *models.SendingAccount, password *string) error {
	if password == nil {
		return nil
	}
	if a.PasswordEnc = ""; *password == "" {
		return nil
	}
	sealed, err := g.Secrets.Seal(*password, SendingSecretPlace(a.ID))
	if err != nil {
		return fmt.Errorf("seal the password: %w", err)
	}
	a.PasswordEnc = sealed
	return nil
}

// SendingSecretPlace is what the password of a sending account is bound to.
func SendingSecretPlace(id int64) string { return "sending_accounts/" + itoa(id) + "/password" }

// CheckSending tries a sending account before it is saved: connect, encrypt, sign in, and ask whether the server takes
// mail from the address. Nothing is sent. id names the account whose stored password is used when the draft has none and
// its server is unchanged; 0 for a new one.
func (g *Gateway) CheckSending(ctx context.Context, id int64, d SendingDraft) (CheckReport, error) {
	if list := completeSending(&d); len(list) > 0 {
		return CheckReport{}, list
	}
	a := models.SendingAccount{ID: id, Address: lower(d.Address), Settings: d.Settings}
	password := ""
	if id != 0 {
		stored, err := g.Store.SendingAccountByID(ctx, id)
		if err != nil {
			return CheckReport{}, err
		}
		if d.Password == nil && stored.PasswordEnc != "" && !otherServer(stored.Settings, d.Settings) {
			if password, err = g.Secrets.Open(stored.PasswordEnc, SendingSecretPlace(id)); err != nil {
				return CheckReport{}, fmt.Errorf("open the stored password: %w", err)
			}
		}
	}
	if d.Password != nil {
		password = *d.Password
	}
	run := &checkRun{start: time.Now(), phases: sendingPhases()}
	acct, err := g.smtpAccount(a.Settings, password)
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseTLS)), nil
	}
	if id != 0 && acct.OAuth() {
		run.phases = slices.Insert(sendingPhases(), 3, mailbox.PhaseToken)
		stored, err := g.Store.SendingAccountByID(ctx, id)
		if err != nil {
			return CheckReport{}, err
		}
		if !sendingLosesOAuth(stored.Settings, d.Settings) {
			g.bear(&acct, OAuthSending(id), stored.Settings.OAuth, "smtp", true)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := outbound.Open(ctx, acct, helloOf(a.Address), func(st mailbox.Step) {
		run.add(CheckPhase{Phase: st.Phase, State: "ok", Args: st.Note})
	})
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseConnect)), nil
	}
	defer s.Close()
	if err := s.Check(ctx, a.Address); err != nil {
		return run.failed(asProblem(err, outbound.PhaseSender)), nil
	}
	run.add(CheckPhase{Phase: outbound.PhaseSender, State: "ok", Args: map[string]string{"address": a.Address}})
	run.report.OK = true
	return run.report, nil
}

func sendingPhases() []mailbox.Phase {
	return []mailbox.Phase{mailbox.PhaseDNS, mailbox.PhaseConnect, mailbox.PhaseTLS, mailbox.PhaseSignIn, outbound.PhaseSender}
}

// helloOf is the name that we greet a server with: the domain of the address.
func helloOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// smtpAccount collects what the SMTP client needs.
func (g *Gateway) smtpAccount(s models.SendingSettings, password string) (mailbox.Account, error) {
	if g.ForbidUnverified && mailbox.Verify(s.TLSVerify) == mailbox.VerifyOff {
		return mailbox.Account{}, unverified()
	}
	return accountOf(models.InboxSettings{
		Host: s.Host, Port: s.Port, Security: s.Security, TLSVerify: s.TLSVerify, CAPEM: s.CAPEM, Fingerprint: s.Fingerprint,
		TrustedAt: s.TrustedAt, Auth: s.Auth, Username: s.Username, ConnectTimeout: 20 * time.Second,
	}, password, g.Dial)
}

// openSending signs in at the server of a sending account. A failure is a *mailbox.Problem. encrypted is what the
// connection was encrypted with, "" when it was not.
func (g *Gateway) openSending(ctx context.Context, a models.SendingAccount) (s *outbound.Session, encrypted string, err error) {
	password := ""
	if a.PasswordEnc != "" {
		if password, err = g.Secrets.Open(a.PasswordEnc, SendingSecretPlace(a.ID)); err != nil {
			return nil, "", &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-KEY-01", Err: err}
		}
	}
	acct, err := g.smtpAccount(a.Settings, password)
	if err != nil {
		return nil, "", err
	}
	at := net.JoinHostPort(acct.Host, strconv.Itoa(acct.Port))
	acct.Encrypted = a.EncryptedWith == at
	acct.OnEncrypted = func() { encrypted = at }
	tokens := g.bear(&acct, OAuthSending(a.ID), a.Settings.OAuth, "smtp", false)
	s, err = outbound.Open(ctx, acct, helloOf(a.Address), nil)
	if tokens.refused(ctx, err) {
		s, err = outbound.Open(ctx, acct, helloOf(a.Address), nil)
	}
	return s, encrypted, err
}
