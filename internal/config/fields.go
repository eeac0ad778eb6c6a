package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// envPrefix begins the name of every environment variable of the program.
const envPrefix = "LETTERBOX_"

// Field describes one setting.
type Field struct {
	Key     string // In the TOML file: "base_url".
	Env     string // "LETTERBOX_BASE_URL".
	Flag    string // "base-url"; "" for what must not stand on a command line, where others can read it.
	Default string
	Doc     string
	Secret  bool
	List    bool // A TOML array; in variables and flags separated by commas.
	index   int
}

// Fields returns every setting in the order of [Config].
func Fields() []Field {
	t := reflect.TypeFor[Config]()
	fields := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("key")
		flag := strings.ReplaceAll(key, "_", "-")
		if f.Tag.Get("flag") == "none" {
			flag = ""
		}
		fields = append(fields, Field{
			Key: key, Env: envPrefix + strings.ToUpper(key), Flag: flag,
			Default: f.Tag.Get("default"), Doc: f.Tag.Get("doc"), Secret: f.Tag.Get("secret") == "true",
			List: f.Type.Kind() == reflect.Slice, index: i,
		})
	}
	return fields
}

// set parses text into the setting. The error says what is accepted and never repeats a secret.
func (f Field) set(c *Config, text string) error {
	text = strings.TrimSpace(text)
	switch f.Key {
	case "listen":
		c.Listen = text
		return checkListen(text)
	case "smtp_listen":
		c.SMTPListen = text
		if text == "" || strings.HasPrefix(text, "unix:") && len(text) > len("unix:") {
			return nil
		}
		return checkListen(text)
	case "smtp_protocol":
		c.SMTPProtocol = text
		return oneOf(text, "lmtp", "smtp")
	case "smtp_certificate":
		c.SMTPCertificate = text
		return nil
	case "smtp_key":
		c.SMTPKey = text
		return nil
	case "db":
		c.DB = text
		return checkDB(text)
	case "base_url":
		c.BaseURL = strings.TrimRight(text, "/")
		return checkBaseURL(text)
	case "data":
		c.Data = text
		if text == "" {
			return errors.New("a folder is needed")
		}
		return nil
	case "allowed_networks":
		networks, err := parseNetworks(strings.Split(text, ","))
		c.AllowedNetworks = networks
		return err
	case "allow_unverified_tls":
		c.AllowUnverifiedTLS = text == "true"
		return oneOf(text, "true", "false")
	case "role":
		c.Role = Role(text)
		return oneOf(text, string(RoleAll), string(RoleWeb), string(RoleGateway))
	case "log_level":
		if err := oneOf(text, "debug", "info", "warn", "error"); err != nil {
			return err
		}
		return c.LogLevel.UnmarshalText([]byte(text))
	case "log_format":
		c.LogFormat = text
		return oneOf(text, "text", "json")
	case "inboxes_per_project":
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return errors.New("a whole number, 0 or more, is needed")
		}
		c.InboxesPerProject = n
		return nil
	case "smime_keys":
		c.SMIMEKeys = text // Package smime reads what is there.
		return nil
	case "smime_roots":
		c.SMIMERoots = text
		return nil
	case "oauth_authorities":
		c.OAuthAuthorities = nil
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); strings.ContainsAny(name, "/@ ") {
				return fmt.Errorf("%q is not a host name", name)
			} else if name != "" {
				c.OAuthAuthorities = append(c.OAuthAuthorities, name)
			}
		}
		return nil
	case "oauth_roots":
		c.OAuthRoots = text
		return nil
	case "oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name", "oidc_create", "oidc_trust_address":
		return setOIDC(c, f.Key, text)
	case "secret_key":
		c.SecretKey = text // Package secret checks it.
		return nil
	}
	return fmt.Errorf("no parser for %s", f.Key)
}

func oneOf(text string, allowed ...string) error {
	if slices.Contains(allowed, text) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s", text, strings.Join(allowed, ", "))
}

func checkListen(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return fmt.Errorf("%q has no port between 0 and 65535", text)
	}
	return nil
}

func checkDB(text string) error {
	switch scheme, rest, _ := strings.Cut(text, ":"); {
	case text == "", scheme == "sqlite" && rest != "", scheme == "mysql" && strings.Contains(rest, "/"):
		return nil
	}
	return errors.New("it is neither sqlite:PATH nor mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE")
}

func checkBaseURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an address such as https://issues.example.org", text)
	}
	return nil
}

func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var wrong []error
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); err != nil && addrErr == nil && addr.Zone() == "" {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%q is not a network such as 10.0.0.0/8", text))
			continue
		}
		networks = append(networks, network.Masked())
	}
	return networks, errors.Join(wrong...)
}

// text is the setting as a person writes it.
func (f Field) text(c Config) string {
	switch v := reflect.ValueOf(c).Field(f.index).Interface().(type) {
	case []netip.Prefix:
		list := make([]string, len(v))
		for i, network := range v {
			list[i] = network.String()
		}
		return strings.Join(list, ",")
	case []string:
		return strings.Join(v, ",")
	case slog.Level:
		return strings.ToLower(v.String())
	default:
		return fmt.Sprint(v)
	}
}
