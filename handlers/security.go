package handlers

import (
	"letterbox/gateway/smime"
	"letterbox/models"
)

// security is a line about the signature or the encryption of a mail.
type security struct{ Kind, Icon, Text string }

func (v *visit) decrypted() security { return security{"calm", "lock", v.l.T("smime.decrypted")} }

// signature says what a signature is worth; address is that of the signer and is only named when it was verified.
func (v *visit) signature(state, code, address string) security {
	s := security{"warn", "warn", v.l.T(code)}
	switch smime.State(state) {
	case smime.Valid:
		s.Kind, s.Icon = "ok", "check"
		s.Text = v.l.T("smime.by", "state", s.Text, "address", address)
	case smime.Bad:
		s.Kind, s.Icon = "bad", "cross"
	case smime.Unknown, smime.Uncheckable:
	}
	return s
}

// senderChecked says whether the sender of a mail is the one it claims to be, from its trace.
func (v *visit) senderChecked(e models.TraceEntry) security {
	switch e.Code {
	case "gate.sender_pass", "gate.sender_signed":
		return security{"ok", "check", v.l.T("sender.verified", "domain", e.Args["domain"])}
	case "gate.sender_fail":
		return security{"bad", "cross", v.l.T("sender.failed")}
	case "gate.confirmation":
		return security{"warn", "warn", v.l.T("sender.confirmation")}
	}
	return security{"calm", "dots", v.l.T("sender.unverified")}
}
