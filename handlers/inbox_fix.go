package handlers

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
)

// fixView is a remedy that is one press away.
type fixView struct {
	Text string
	Href string // Where it is done; "" when it fills the form that is open.
	Set  string // What the form is filled with before it is checked again: fields and values as in an address.
	Open string // What the form is filled with for somebody to go on: the last field named takes the focus.
}

// fixable are the fields that a remedy may fill.
func fixable() []string {
	return []string{"receive", "host", "port", "security", "tls_verify", "fingerprint", "username", "auth", "folders", "connect_timeout", "fetch_timeout", "poll_interval", "poll_unit", "after"}
}

// fixes are the remedies of a phase, best first.
func (v *visit) fixes(at checked, p gateway.CheckPhase) []fixView {
	var out []fixView
	add := func(text string, pairs ...string) {
		q := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		fix := fixView{Text: text, Set: q.Encode()}
		if at.id != 0 {
			fix = fixView{Text: text, Href: fmt.Sprintf("/inboxes/%d/edit?%s", at.id, q.Encode())}
		}
		out = append(out, fix)
	}
	text := func(args ...any) string { return v.l.T("fix."+p.Code, args...) }
	switch p.Code {
	case "E-NET-01", "E-NET-03", "E-NET-02", "E-NET-09":
		for _, o := range otherPorts(at.s.Receive, at.s.Port) {
			add(v.l.T("fix.port", "port", strconv.Itoa(o.port)), "port", strconv.Itoa(o.port), "security", o.security)
		}
		if p.Code == "E-NET-03" {
			add(text(), "connect_timeout", "60")
		}
	case "E-NET-04":
		add(text(), "fetch_timeout", "600")
	case "E-DNS-01":
		for _, host := range otherHosts(at.s.Host, at.s.Receive) {
			add(v.l.T("fix.host", "host", host), "host", host)
		}
	case "E-TLS-01", "E-TLS-02", "E-TLS-07", "E-TLS-08":
		if name := p.Args["name"]; p.Code == "E-TLS-07" && name != "" && !strings.HasPrefix(name, "*") {
			add(v.l.T("fix.host", "host", name), "host", name)
		}
		if at.id != 0 {
			out = append(out, fixView{Text: v.l.T("fix.certificate"), Href: fmt.Sprintf("/inboxes/%d/certificate", at.id)})
			break
		}
		if p.Args["fingerprint"] != "" {
			add(text(), "tls_verify", "pinned", "fingerprint", p.Args["fingerprint"])
		}
		if p.Code == "E-TLS-01" {
			out = append(out, fixView{Text: v.l.T("fix.ca"), Open: "tls_verify=ca&ca_pem="})
		}
	case "E-TLS-03":
		add(text(), "security", "tls")
	case "E-TLS-04", "E-AUTH-06":
		add(text(), "security", "starttls")
	case "E-AUTH-01":
		if local, _, ok := strings.Cut(at.s.Username, "@"); ok && local != "" {
			add(text("name", local), "username", local)
		}
	case "E-AUTH-05":
		add(text(), "auth", "password")
	case "E-IMAP-01":
		if name := p.Args["suggest"]; name != "" {
			add(text("folder", name), "folders", withFolder(at.s.Folders, p.Args["folder"], name))
		}
		if !slices.Contains(at.s.Folders, "INBOX") {
			add(text("folder", "INBOX"), "folders", withFolder(at.s.Folders, p.Args["folder"], "INBOX"))
		}
	case "E-IMAP-03":
		add(text(), "folders", withFolder(at.s.Folders, p.Args["folder"], ""))
	case "E-IMAP-07":
		add(text(), "after", "leave")
	case "E-POP-03":
		if n, err := strconv.Atoi(p.Args["minutes"]); err == nil {
			add(text("minutes", p.Args["minutes"]), "poll_interval", strconv.Itoa(60*n), "poll_unit", "s")
		}
	}
	return out
}

type portOf struct {
	port     int
	security string
}

// otherPorts are the usual ports of a protocol besides one.
func otherPorts(receive string, but int) []portOf {
	all := []portOf{{993, "tls"}, {143, "starttls"}}
	if receive == "pop3" {
		all = []portOf{{995, "tls"}, {110, "starttls"}}
	}
	return slices.DeleteFunc(all, func(p portOf) bool { return p.port == but })
}

// otherHosts are names that a server of the same domain may have.
func otherHosts(host, receive string) []string {
	first, rest, ok := strings.Cut(host, ".")
	if !ok {
		return nil
	}
	domain := host
	if strings.Contains(rest, ".") && slices.Contains([]string{"imap", "mail", "pop", "pop3", "smtp", "mx", "www"}, strings.ToLower(first)) {
		domain = rest
	}
	names := []string{"imap." + domain, "mail." + domain}
	if receive == "pop3" {
		names = []string{"pop." + domain, "mail." + domain}
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}

// withFolder returns folders, one to a line, with one replaced by another; "" removes it, and INBOX is read when none is
// left.
func withFolder(folders []string, old, name string) string {
	out := []string{}
	for _, f := range folders {
		if strings.EqualFold(f, old) {
			f = name
		}
		if f != "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		out = append(out, "INBOX")
	}
	return strings.Join(out, "\n")
}
