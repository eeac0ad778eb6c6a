package gateway

import (
	"regexp"

	"letterbox/gateway/message"
	"letterbox/gateway/outbound"
	"letterbox/models"
)

// What services write that want to know whether somebody reads an address, in English and German.
var confirmation = regexp.MustCompile(`(?i)\b(?:` +
	`(?:verify|confirm|validate|activate) (?:your|this|the) (?:e-?mail|address|account|identity|sign-?up|registration|log-?in)` +
	`|(?:verification|confirmation|security|sign-?in|log-?in|access|authentication) code|one-time (?:code|password|passcode|pin)` +
	`|e-?mail (?:verification|confirmation)|(?:reset|choose a new) (?:your )?password|password reset|magic link` +
	`|(?:invited you|invitation) to (?:join|collaborate)|join your team` +
	`|(?:E-?Mail-?Adresse|Konto|Anmeldung|Registrierung|Identität) (?:bestätigen|verifizieren|aktivieren|freischalten)` +
	`|bestätigen Sie (?:bitte )?(?:Ihre|Ihr|die|das|diese)|(?:Bestätigungs|Verifizierungs|Sicherheits|Anmelde|Einmal|Zugangs)-?code` +
	`|Einmal-?passwort|Passwort (?:zurücksetzen|vergessen)` +
	`)`)

const confirmationText = 4 << 10 // Octets of the text that are looked at.

// confirms reports whether a mail looks like one by which another service finds out who reads an address (SEC-52): its
// subject says so, or its text does and nobody is to answer it.
func confirms(m *message.Message) bool {
	if confirmation.MatchString(m.Subject) {
		return true
	}
	from := sender(m)
	return from != "" && outbound.Unread(from) && confirmation.MatchString(cut(m.Text, confirmationText))
}

// markConfirmation notes such a mail: who works on the issue must not hand its links and codes on.
func (d *delivery) markConfirmation() {
	if u := d.people.sender; u != nil && u.Role != models.RoleCustomer || !confirms(d.mail) {
		return
	}
	d.note(models.StepGate, "gate.confirmation", "address", sender(d.mail))
}
