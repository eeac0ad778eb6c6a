package preset

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// maxFile bounds an autoconfig file, in octets.
const maxFile = 64 << 10

// errRedirect ends a request that the server wants to send elsewhere: only the domain itself speaks for its mail.
var errRedirect = errors.New("autoconfig: redirected")

// byFile fetches the file in which a domain describes its mail servers (draft-ietf-mailmaint-autoconfig), over HTTPS
// only. It sends the domain and never the address.
func (f *Finder) byFile(ctx context.Context, domain, address string) []Proposal {
	if f.deps.DialWeb == nil {
		return nil
	}
	client := f.web()
	defer client.CloseIdleConnections()
	places := []string{
		"https://autoconfig." + domain + "/mail/config-v1.1.xml",
		"https://" + domain + "/.well-known/autoconfig/mail/config-v1.1.xml",
	}
	found := make([][]Proposal, len(places))
	var wait sync.WaitGroup
	for i, place := range places {
		wait.Go(func() { found[i] = fetchFile(ctx, client, place, domain, address) })
	}
	wait.Wait()
	for _, one := range found {
		if len(one) > 0 {
			return one
		}
	}
	return nil
}

// web is a client that goes nowhere but where it is sent.
func (f *Finder) web() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		Transport: &http.Transport{
			Proxy:           func(*http.Request) (*url.URL, error) { return nil, nil },
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: f.deps.Roots},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return f.deps.DialWeb(ctx, network, address)
			},
			MaxResponseHeaderBytes: maxFile,
		},
	}
}

func fetchFile(ctx context.Context, client *http.Client, place, domain, address string) []Proposal {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil
	}
	res, err := client.Do(req)
	if err != nil {
		return nil // Nothing published is nothing found.
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	if err != nil || len(raw) > maxFile {
		return nil
	}
	return parseFile(raw, domain, address)
}

// configFile is the part of an autoconfig file that is of use here.
type configFile struct {
	Provider []struct {
		Incoming []struct {
			Type     string `xml:"type,attr"`
			Host     string `xml:"hostname"`
			Port     int    `xml:"port"`
			Socket   string `xml:"socketType"`
			Username string `xml:"username"`
		} `xml:"incomingServer"`
	} `xml:"emailProvider"`
}

// parseFile reads an autoconfig file. Servers without encryption are left out.
func parseFile(raw []byte, domain, address string) []Proposal {
	var file configFile
	if err := xml.Unmarshal(raw, &file); err != nil {
		return nil
	}
	local, _, _ := strings.Cut(address, "@")
	fill := strings.NewReplacer("%EMAILADDRESS%", address, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain)
	var out []Proposal
	for _, p := range file.Provider {
		for _, s := range p.Incoming {
			security := map[string]string{"SSL": "tls", "TLS": "tls", "STARTTLS": "starttls"}[strings.ToUpper(strings.TrimSpace(s.Socket))]
			receive := strings.ToLower(s.Type)
			host := strings.ToLower(fill.Replace(strings.TrimSpace(s.Host)))
			if security == "" || receive != "imap" && receive != "pop3" || !hostName(host) || s.Port < 1 || s.Port > 65535 || len(out) == 8 {
				continue
			}
			user := fill.Replace(strings.TrimSpace(s.Username))
			if len(user) > 320 || strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r == 0x7f || r == '%' }) {
				user = address
			}
			out = append(out, Proposal{Receive: receive, Server: Server{host, s.Port, security}, Username: user, Source: SourceAutoconfig})
		}
	}
	return out
}
