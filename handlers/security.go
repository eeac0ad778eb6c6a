package handlers

import "letterbox/gateway/smime"

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
