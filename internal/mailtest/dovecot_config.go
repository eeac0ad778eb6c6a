package mailtest

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// write writes what Dovecot reads when it starts on these ports.
func (d *Dovecot) write(ports []int) error {
	if err := os.Chmod(d.dir, 0o755); err != nil {
		return err
	}
	home := filepath.Join(d.dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	root := me.Uid == "0"
	if root {
		mail, err := user.Lookup("mail")
		if err != nil {
			return err
		}
		uid, _ := strconv.Atoi(mail.Uid)
		gid, _ := strconv.Atoi(mail.Gid)
		if err := os.Chown(home, uid, gid); err != nil {
			return err
		}
	}
	var users bytes.Buffer
	for login, password := range d.users {
		fmt.Fprintf(&users, "%s:{PLAIN}%s::::::\n", login, password)
	}
	oauth := fmt.Sprintf("introspection_url = %s\nintrospection_mode = get\nusername_attribute = email\nusername_format = %%n\n"+
		"active_attribute = active\nactive_value = true\n", d.options.Introspect)
	for name, content := range map[string][]byte{
		"oauth2.conf": []byte(oauth),
		"users":       users.Bytes(), "cert.pem": d.Certificate.CertPEM, "key.pem": d.Certificate.KeyPEM, "dovecot.conf": d.config(ports, me, root),
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o644); err != nil { //nolint:gosec // Dovecot's processes run as other users.
			return err
		}
	}
	return nil
}

func (d *Dovecot) config(ports []int, me *user.User, root bool) []byte {
	protocols := "imap lmtp"
	if !d.options.NoPOP3 {
		protocols += " pop3"
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("base_dir = %s/run\nstate_dir = %s/state\nlog_path = %s/log\nprotocols = %s\nlisten = 127.0.0.1", d.dir, d.dir, d.dir, protocols)
	line("ssl = yes\nssl_cert = <%s/cert.pem\nssl_key = <%s/key.pem", d.dir, d.dir)
	line("disable_plaintext_auth = no\nauth_mechanisms = plain login%s\nauth_failure_delay = 0\nlogin_trusted_networks =", d.bearers())
	line("first_valid_uid = 1\nfirst_valid_gid = 1\nmail_home = %s/home/%%n\nmail_location = maildir:~/Maildir", d.dir)
	line("mail_fsync = never\nimap_hibernate_timeout = 0\nmail_max_userip_connections = %d", max(1000, d.options.Connections))
	if n := d.options.Connections; n > 0 {
		line("default_process_limit = %d\ndefault_client_limit = %d\nservice imap {\n  process_limit = %d\n}", n, 4*n, n)
	}
	if d.options.Introspect != "" {
		line("passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = %s/oauth2.conf\n}", d.dir)
	}
	line("passdb {\n  driver = passwd-file\n  args = scheme=plain username_format=%%n %s/users\n}", d.dir)
	owner := ""
	if root {
		line("mail_uid = mail\nmail_gid = mail")
		owner = "uid=mail gid=mail "
	} else {
		group, err := user.LookupGroupId(me.Gid)
		name := me.Gid
		if err == nil {
			name = group.Name
		}
		line("default_internal_user = %s\ndefault_internal_group = %s\ndefault_login_user = %s", me.Username, name, me.Username)
		line("service anvil {\n  chroot =\n}")
	}
	line("service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}") // A wrong password slows nobody down.
	chroot := ""
	if !root {
		chroot = "\n  chroot ="
	}
	line("userdb {\n  driver = static\n  args = %shome=%s/home/%%n\n}", owner, d.dir)
	line("namespace inbox {\n  inbox = yes\n  separator = %s\n  mailbox Trash {\n    auto = create\n    special_use = \\Trash\n  }\n}", d.options.Separator)
	line("service imap-login {%s\n  inet_listener imap {\n    port = %d\n  }\n  inet_listener imaps {\n    port = %d\n    ssl = yes\n  }\n}", chroot, ports[0], ports[1])
	if !d.options.NoPOP3 {
		line("service pop3-login {%s\n  inet_listener pop3 {\n    port = %d\n  }\n  inet_listener pop3s {\n    port = %d\n    ssl = yes\n  }\n}", chroot, ports[2], ports[3])
	}
	line("service lmtp {\n  inet_listener lmtp {\n    address = 127.0.0.1\n    port = %d\n  }\n}", ports[4])
	line("service stats {%s\n  unix_listener stats-writer {\n    mode = 0666\n  }\n}", chroot)
	line("protocol imap {\n  mail_max_userip_connections = %d", max(1000, d.options.Connections))
	if d.options.Capabilities != "" {
		line("  imap_capability = %s", d.options.Capabilities)
	}
	line("}")
	return []byte(b.String())
}

// bearers are the mechanisms for access tokens.
func (d *Dovecot) bearers() string {
	switch {
	case d.options.Introspect == "":
		return ""
	case d.options.NoBearer:
		return " xoauth2"
	}
	return " xoauth2 oauthbearer"
}
