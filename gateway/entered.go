package gateway

import (
	"strings"
	"time"

	"letterbox/models"
)

// enteredFor is how long a password that was entered on one page of several is good for the next ones.
const enteredFor = time.Hour

// SealEntered encrypts a password that a person has entered on one page and that the next page needs, so that it never
// stands readable in a page and nothing is stored before the person has decided. It opens for the same person and the
// same host only, and for an hour.
func (g *Gateway) SealEntered(by *models.User, host, password string) (string, error) {
	return g.Secrets.Seal(now().Add(enteredFor).Format(time.RFC3339)+" "+password, enteredPlace(by, host))
}

// OpenEntered returns what SealEntered has sealed; ok is false when it was for somebody else or for another host, or is
// too old.
func (g *Gateway) OpenEntered(by *models.User, host, sealed string) (password string, ok bool) {
	plain, err := g.Secrets.Open(sealed, enteredPlace(by, host))
	if err != nil {
		return "", false // It was tampered with, or belongs elsewhere: as if it were not there.
	}
	until, password, _ := strings.Cut(plain, " ")
	at, err := time.Parse(time.RFC3339, until)
	if err != nil || now().After(at) {
		return "", false
	}
	return password, true
}

func enteredPlace(by *models.User, host string) string {
	id := int64(0)
	if by != nil {
		id = by.ID
	}
	return "entered/" + itoa(id) + "/" + strings.ToLower(host)
}
