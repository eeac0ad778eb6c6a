package handlers

import (
	"strings"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// unsafe names what about a connection lets others read along or pose as the server: the code of the sentence that
// says so, "" when nothing does.
func unsafe(s models.InboxSettings) string {
	switch {
	case s.Receive != "imap" && s.Receive != "pop3":
		return ""
	case s.Security == "none" || s.Security == "starttls_if_available":
		return "W-05"
	case s.TLSVerify == "off":
		return "W-06"
	}
	return ""
}

// sameConnection reports whether the same server is reached in the same way.
func sameConnection(a, b models.InboxSettings) bool {
	return a.Receive == b.Receive && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port && a.Security == b.Security && a.TLSVerify == b.TLSVerify
}

// askConfirmation wants an unsafe connection confirmed by a word that is typed; once is enough for one connection.
func (v *visit) askConfirmation(f *form, before, now models.InboxSettings) {
	code := unsafe(now)
	if code == "" || sameConnection(before, now) || plainWord(f.get("confirm_plain")) == plainWord(v.l.T("inbox.confirm_plain.word")) {
		return
	}
	if code == "W-06" {
		code = "W-06-CONFIRM"
	}
	f.refuse("confirm_plain", code, "host", now.Host)
}

// plainWord is a word as it is compared: keyboards without umlauts can confirm, too.
func plainWord(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "ü", "ue")
}

// mayTrust refuses to let anybody but an admin of the installation switch off the check of the server's certificate.
// Where the configuration forbids it, nobody may. Others may go on using a connection for which an admin has done so.
func mayTrust(g *gateway.Gateway, a tracker.Access, before models.InboxSettings, d gateway.InboxDraft) error {
	if d.Settings.TLSVerify == "off" && g.ForbidUnverified {
		return &missingRight{"right.trust_nobody"}
	}
	if d.Settings.TLSVerify != "off" || a.Admin() || before.TLSVerify == "off" && sameConnection(before, d.Settings) {
		return nil
	}
	return &missingRight{"right.trust"}
}

// badge is a mark of an inbox that is connected in a way that others should know of.
type badge struct{ Kind, Icon, Text string }

func (v *visit) badges(s models.InboxSettings) []badge {
	if s.Receive != "imap" && s.Receive != "pop3" {
		return nil
	}
	var out []badge
	switch s.Security {
	case "none":
		out = append(out, badge{"bad", "warn", v.l.T("inbox.badge.plain")})
	case "starttls_if_available":
		out = append(out, badge{"warn", "warn", v.l.T("inbox.badge.maybe_plain")})
	}
	switch {
	case s.Security == "none":
	case s.TLSVerify == "off":
		out = append(out, badge{"bad", "warn", v.l.T("inbox.badge.off")})
	case s.TLSVerify == "ca":
		out = append(out, badge{"calm", "lock", v.l.T("inbox.badge.ca")})
	case s.TLSVerify == "pinned":
		out = append(out, badge{"calm", "lock", v.l.T("inbox.badge.pinned")})
	}
	return out
}
