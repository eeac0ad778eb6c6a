package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func diff(got, want Config) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty())
}

func TestDefaults(t *testing.T) {
	want := Config{
		Listen: "127.0.0.1:8080", DB: "sqlite:" + filepath.Join("data", "letterbox.db"), Data: "data",
		AllowUnverifiedTLS: true, SMTPProtocol: "lmtp", Role: RoleAll, LogLevel: slog.LevelInfo, LogFormat: "text",
	}
	if d := diff(Default(), want); d != "" {
		t.Errorf("default settings (-want +got):\n%s", d)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "letterbox.toml", "listen = \"127.0.0.1:1\"\nbase_url = \"https://file.example.org/\"\nrole = 'web'\nallowed_networks = [\"10.0.0.0/8\", \"192.168.7.1\"]\n")
	db := write(t, "dsn", "mysql:u:p@tcp(127.0.0.1:3306)/letterbox\n")
	env := []string{"LETTERBOX_LISTEN=127.0.0.1:2", "LETTERBOX_BASE_URL=https://env.example.org", "LETTERBOX_DB_FILE=" + db, "LETTERBOX_DATA=", "PATH=/bin"}
	flags := map[string]string{"listen": "127.0.0.1:3"}

	got, err := Load(Source{File: file, Env: env, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Listen = "127.0.0.1:3"
	want.BaseURL = "https://env.example.org"
	want.Role = RoleWeb
	want.DB = "mysql:u:p@tcp(127.0.0.1:3306)/letterbox"
	want.AllowedNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.7.1/32")}
	if d := diff(got, want); d != "" {
		t.Errorf("settings (-want +got):\n%s", d)
	}

	named, err := Load(Source{Env: []string{"LETTERBOX_CONFIG=" + file}})
	if err != nil || named.Role != RoleWeb {
		t.Errorf("with LETTERBOX_CONFIG: role %q, error %v; want role web", named.Role, err)
	}
}

func TestEveryErrorAtOnce(t *testing.T) {
	file := write(t, "letterbox.toml", "listen = 'nowhere'\n\nlissten = 'x'\ndata = 7\nallowed_networks = ['10.0.0.0/8', 'lan', '1.2.3.4/99']\n")
	env := []string{
		"LETTERBOX_ROLE=boss", "LETTERBOX_BASEURL=https://example.org", "LETTERBOX_SECRET_KEY_FILE=" + filepath.Join(t.TempDir(), "none"),
		"LETTERBOX_DB=mysql:u:hunter2@host", "LETTERBOX_LOG_FORMAT=xml", "LETTERBOX_LOG_FORMAT_FILE=x",
		"LETTERBOX_PORT_8080_TCP=tcp://10.1.2.3:8080", "LETTERBOX_TEST_MYSQL=x",
	}
	_, err := Load(Source{File: file, Env: env, Flags: map[string]string{"log-level": "loud", "base-url": "example.org"}})
	problems, ok := errors.AsType[Problems](err)
	if !ok {
		t.Fatalf("error is %T %v, want Problems", err, err)
	}
	var got []string
	for _, p := range problems {
		text := strings.ReplaceAll(p.Text, "no such file or directory", "missing")
		if strings.HasPrefix(text, "open ") {
			text = text[strings.LastIndex(text, ": ")+2:]
		}
		got = append(got, strings.TrimPrefix(p.Where, file)+" "+text)
	}
	want := []string{
		`:1 "nowhere" is not HOST:PORT`,
		`:3 there is no setting "lissten"; did you mean "listen"?`,
		`:4 data takes a text`,
		`:5 "lan" is not a network such as 10.0.0.0/8`,
		`:5 "1.2.3.4/99" is not a network such as 10.0.0.0/8`,
		`LETTERBOX_DB it is neither sqlite:PATH nor mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE`,
		`LETTERBOX_SECRET_KEY_FILE missing`,
		`LETTERBOX_ROLE "boss" is not one of all, web, gateway`,
		`LETTERBOX_LOG_FORMAT_FILE LETTERBOX_LOG_FORMAT is set as well; use one of them`,
		`LETTERBOX_BASEURL there is no such variable; did you mean LETTERBOX_BASE_URL?`,
		`--base-url "example.org" is not an address such as https://issues.example.org`,
		`--log-level "loud" is not one of debug, info, warn, error`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error repeats the password: %v", err)
	}
}

func TestFileThatIsNotTOMLNamesTheLine(t *testing.T) {
	for name, content := range map[string]string{"syntax": "listen = '127.0.0.1:1'\nrole =\n", "twice": "role = 'web'\nrole = 'web'\n"} {
		t.Run(name, func(t *testing.T) {
			file := write(t, "letterbox.toml", content)
			_, err := Load(Source{File: file})
			if err == nil || !strings.HasPrefix(err.Error(), file) {
				t.Errorf("error = %v, want one that begins with the file", err)
			}
		})
	}
	if _, err := Load(Source{File: filepath.Join(t.TempDir(), "none.toml")}); err == nil {
		t.Error("a missing file was accepted")
	}
}

func TestExampleReadsBackAsTheDefaults(t *testing.T) {
	var b strings.Builder
	if err := WriteExample(&b); err != nil {
		t.Fatal(err)
	}
	var live []string
	for line := range strings.Lines(b.String()) {
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			name, _, _ := strings.Cut(rest, " =")
			for _, f := range Fields() {
				if f.Key == name {
					live = append(live, rest)
				}
			}
		}
	}
	if len(live) != len(Fields()) {
		t.Errorf("the example shows %d settings, want %d:\n%s", len(live), len(Fields()), b.String())
	}
	for name, content := range map[string]string{"as printed": b.String(), "comments removed": strings.Join(live, "")} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(Source{File: write(t, "letterbox.toml", content)})
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(got, Default()); d != "" {
				t.Errorf("settings (-want +got):\n%s", d)
			}
		})
	}
}

func TestEverySettingIsDescribedAndReachable(t *testing.T) {
	values := map[string]string{
		"listen": "localhost:0", "db": "sqlite:x.db", "data": "d", "base_url": "https://a.example.org", "secret_key": "k",
		"allowed_networks": "10.0.0.0/8,fd00::/8", "role": "gateway", "log_level": "debug", "log_format": "json",
		"smime_keys": "keys", "smime_roots": "issuers.pem", "allow_unverified_tls": "false", "inboxes_per_project": "2",
		"oauth_authorities": "id.example.org,login.example.org:8443", "oauth_roots": "roots.pem",
		"oidc_issuer": "https://id.example.org/realm/", "oidc_client_id": "letterbox", "oidc_client_secret": "s", "oidc_name": "Firm", "oidc_create": "example.org,*",
		"oidc_trust_address": "true",
		"smtp_listen":        "unix:/run/letterbox/lmtp", "smtp_protocol": "smtp", "smtp_certificate": "door.pem", "smtp_key": "door.key",
	}
	for _, f := range Fields() {
		if f.Key == "" || f.Doc == "" {
			t.Errorf("setting %+v has no key or no description", f)
		}
		value, ok := values[f.Key]
		if !ok {
			t.Errorf("no example value for %s", f.Key)
			continue
		}
		sources := map[string]Source{
			"variable":      {Env: []string{f.Env + "=" + value}},
			"file variable": {Env: []string{f.Env + "_FILE=" + write(t, "value", value+"\n")}},
		}
		if f.Key != "secret_key" && f.Key != "oidc_client_secret" { // They stand on no command line.
			sources["flag"] = Source{Flags: map[string]string{f.Flag: value}}
		}
		for name, src := range sources {
			if other := map[string]string{"oidc_issuer": "LETTERBOX_OIDC_CLIENT_ID=x", "oidc_client_id": "LETTERBOX_OIDC_ISSUER=https://id.example.org"}[f.Key]; other != "" {
				src.Env = append(src.Env, other) // One is nothing without the other.
			}
			c, err := Load(src)
			if err != nil {
				t.Errorf("%s of %s: %v", name, f.Key, err)
			} else if got := f.text(c); got != value {
				t.Errorf("%s of %s = %q, want %q", name, f.Key, got, value)
			}
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, err := Load(Source{Env: []string{"LETTERBOX_SECRET_KEY=canary1", "LETTERBOX_DB=mysql:u:canary2@tcp(h:1)/d", "LETTERBOX_OIDC_CLIENT_SECRET=canary3"}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s", c, c, c, c)
	slog.New(slog.NewTextHandler(&out, nil)).Info("settings", "config", c)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("settings", "config", c)
	if err := c.WriteEffective(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "canary") {
		t.Errorf("a secret was printed:\n%s", out.String())
	}
	if !strings.Contains(out.String(), `secret_key = "(set)"`) {
		t.Errorf("it is not said that the key is set:\n%s", out.String())
	}
}

func TestIdentityProviderIsNamedWhole(t *testing.T) {
	for _, env := range []string{
		"LETTERBOX_OIDC_ISSUER=https://id.example.org", "LETTERBOX_OIDC_CLIENT_ID=letterbox", "LETTERBOX_OIDC_ISSUER=http://id.example.org",
		"LETTERBOX_OIDC_ISSUER=https://me@id.example.org", "LETTERBOX_OIDC_CREATE=*.example.org", "LETTERBOX_OIDC_TRUST_ADDRESS=yes",
	} {
		if _, err := Load(Source{Env: []string{env}}); err == nil {
			t.Errorf("%s alone is taken, want an error", env)
		}
	}
	c, err := Load(Source{Env: []string{"LETTERBOX_OIDC_CREATE=Example.org, @firm.example"}})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"a@example.org": true, "a@EXAMPLE.org": true, "a@firm.example": true, "a@evil.example.org": false, "a@example.org.evil": false, "@example.org": false, "": false} {
		if got := c.OIDCAdmits(address); got != want {
			t.Errorf("OIDCAdmits(%q) = %t, want %t", address, got, want)
		}
	}
}
