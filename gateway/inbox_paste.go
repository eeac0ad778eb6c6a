package gateway

import (
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"letterbox/models"
)

// TakeApart splits the address of a server that somebody has pasted whole, "imaps://mail.example.org:993/" or
// "mail.example.org:993", into protocol, host, port and security. What it cannot read stays as it is, for the check of the
// draft to refuse. The connection never gets less safe by it.
func TakeApart(s *models.InboxSettings) {
	text := strings.TrimSpace(s.Host)
	if !strings.Contains(text, "://") {
		host, rest, ok := strings.Cut(text, ":")
		if port, err := strconv.Atoi(rest); ok && err == nil && host != "" && port > 0 && port < 1<<16 {
			s.Host, s.Port = host, port
		}
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return
	}
	receive, implicit := strings.CutSuffix(u.Scheme, "s")
	if receive == "pop" {
		receive = "pop3"
	}
	if receive != "imap" && receive != "pop3" {
		return
	}
	s.Receive, s.Host, s.Port = receive, u.Hostname(), 0
	if n, err := strconv.Atoi(u.Port()); err == nil {
		s.Port = n
	}
	switch {
	case implicit:
		s.Security = "tls"
	case s.Security == "tls" && s.Port != 993 && s.Port != 995:
		s.Security = "starttls"
	case s.Security == "auto" && s.Port == 0: // The port of encryption from the start is another one.
		s.Security = "starttls"
	}
	if s.Port == 0 {
		s.Port = defaultPort(*s)
	}
}

// takeAddressApart splits "Support <support@example.org>" into name and address.
func takeAddressApart(d *InboxDraft) {
	whole := d.Address
	if !strings.Contains(whole, "<") {
		return
	}
	a, err := mail.ParseAddress(whole)
	if err != nil {
		return
	}
	d.Address = a.Address
	if d.Name == "" || d.Name == whole {
		d.Name = a.Name
	}
	if d.Settings.Username == whole {
		d.Settings.Username = a.Address
	}
}
