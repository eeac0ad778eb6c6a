package gateway_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// import takes in a file.
func (d *den) imports(g *gateway.Gateway, file string, change func(*gateway.ConfigImport)) ([]gateway.ConfigChange, error) {
	d.t.Helper()
	return d.importsAs(g, nil, file, change)
}

func (d *den) importsAs(g *gateway.Gateway, by *models.User, file string, change func(*gateway.ConfigImport)) ([]gateway.ConfigChange, error) {
	d.t.Helper()
	entries, err := inboxfile.Read([]byte(file))
	if err != nil {
		return nil, err
	}
	q := gateway.ConfigImport{Entries: entries, Secret: func(kind, name string) (string, error) {
		if kind == "env" && strings.HasPrefix(name, "HAVE_") {
			return "secret of " + name, nil
		}
		return "", errors.New("no such thing")
	}}
	if change != nil {
		change(&q)
	}
	return g.ImportInboxes(d.t.Context(), by, q)
}

func (d *den) exports(g *gateway.Gateway) string {
	d.t.Helper()
	raw, err := g.ExportInboxes(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return string(raw)
}

// differing is an inbox in which everything is set otherwise than in a new one.
func differing(project int64) gateway.InboxDraft {
	password := "p4ssword"
	no := false
	return gateway.InboxDraft{
		Name: "All of it", Address: "all@here.example", ProjectID: project, Global: true, Password: &password,
		Settings: models.InboxSettings{
			Receive: "pop3", Host: "mail.here.example", Port: 110, Security: "starttls", TLSVerify: "pinned", CAPEM: "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
			Fingerprint: strings.Repeat("ab", 32), Auth: "oauth2_client", Username: "all", Aliases: []string{"more@here.example"}, Folders: []string{"INBOX", "Anfragen/Ä ö"},
			Select: "unseen", ImportSince: "2026-11-21", After: "move", MoveTo: "Done", MoveRejectedTo: "No", MoveFailedTo: "Failed", POP3After: "delete_after_days", POP3DeleteDays: 7,
			PollInterval: 90 * time.Second, BatchSize: 20, ConnectTimeout: 5 * time.Second, FetchTimeout: time.Minute, MaxMessageSize: 10 << 20, RetentionDays: 10,
			HideInMessages: true, ReprocessUnread: true,
			OAuth: models.OAuthSettings{Provider: "other", Authority: "https://login.here.example", Tenant: "t1", ClientID: "c1", Scope: "mail", SecretExpiresOn: "2027-01-01", Shared: true},
		},
		Rules: models.Rules{
			AllowUnknown: true, AllowedSenders: []string{"a@b.example"}, BlockedSenders: []string{"@spam.example"}, DomainMode: "pattern", Domains: []string{"there.example"}, DomainPattern: `.*@(a|b)\.example`,
			RecipientsExpected: []string{"all@here.example"}, SubjectKeywords: []string{"#Alarm"}, BodyKeywords: []string{"Einsatzort"}, RejectSubject: []string{"^Buy"}, CutBody: []string{"^-- $"}, DropAttachments: []string{`\.ics$`},
			MaxAttachments: 5, BlockAttachments: []string{`\.exe$`}, RateLimit: 9, SpamMail: "set_aside", SenderCheck: "require", AuthServID: "mx.here.example", SenderFailed: "set_aside", RejectNotice: "verified",
			Commands: []string{"status"}, EmptySubject: "reject", Process: "dry_run", AttachToActive: "attach_only", Intake: true, NumberMatch: "known", ClosedIssues: "follow_up", AutoMail: "comment", ExternalNumbers: []string{`Redmine: #(\d+)`}, PlusProjects: []string{"*"},
			Extraction: models.Extraction{
				NoMatch: "set_aside", Correlate: models.Correlation{By: "field", Window: "2h0m0s", Reopen: &no},
				Profiles: []models.Profile{{
					Name: "Einsatz", About: "Leitstelle", Fields: []models.ProfileField{{Name: "Nummer", From: "file", File: "*.txt", By: "pattern", Expr: `Nr (\d+)`, Type: "list", Format: ",", Required: true}},
					Title: "{Nummer}", Text: "{text}\nEnde", Priority: "high", Priorities: []string{"1 = urgent"}, Labels: "a, b", Assignee: "bea", Due: "{Nummer}", Key: "{Nummer}", Further: "comment",
				}},
			},
			Flow: models.Flow{Zone: "Europe/Berlin", Rules: []models.FlowRule{{
				Name: "Night", Off: true, When: "any", Comments: true, Stop: true,
				Conditions: []models.FlowCondition{{Field: "header", Name: "X-Kind", Op: "contains", Value: "alarm"}}, Actions: []models.FlowAction{{Do: "label", Value: "night"}},
			}}},
		},
	}
}

// everySet reports the fields below v that are as in a new inbox: one that was added to the models and forgotten here.
func everySet(t *testing.T, v, usual reflect.Value, path string) {
	t.Helper()
	for i := range v.NumField() {
		f, at := v.Field(i), path+"."+v.Type().Field(i).Name
		switch {
		case at == ".TrustedAt" || at == ".Script":
		case f.Kind() == reflect.Struct:
			everySet(t, f, usual.Field(i), at)
		case reflect.DeepEqual(f.Interface(), usual.Field(i).Interface()):
			t.Errorf("%s is as in a new inbox; set it otherwise in the test", at)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for j := range f.Len() {
				everySet(t, f.Index(j), reflect.Zero(f.Type().Elem()), at)
			}
		}
	}
}

func TestInboxesComeBackFromTheirFile(t *testing.T) {
	d := differing(1)
	everySet(t, reflect.ValueOf(d.Settings), reflect.ValueOf(models.DefaultInboxSettings()), "")
	everySet(t, reflect.ValueOf(d.Rules), reflect.ValueOf(models.DefaultRules()), "")
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		here := newDen(t, s)
		g := here.process(nil)
		g.OAuthHosts = []string{"login.here.example"}
		if _, err := here.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "bea", Name: "Bea", Addresses: []string{"bea@here.example"}, Role: models.RoleMember}); err != nil {
			t.Fatal(err)
		}
		draft := differing(here.project.ID)
		draft.Rules.Script = models.Script{}
		one, err := g.CreateInbox(t.Context(), nil, draft)
		if err != nil {
			t.Fatalf("%v", err)
		}
		secret := "app secret"
		if err := g.SetOAuth(t.Context(), nil, gateway.OAuthInbox(one.ID), 0, gateway.OAuthDraft{Auth: "oauth2_client", Settings: draft.Settings.OAuth, Secret: &secret}); err != nil {
			t.Fatal(err)
		}
		ack := gateway.Acknowledgement{Mode: "everyone", Text: map[string]string{"de": "Danke\n\n{key}", "en": "Thanks"}, Refusal: map[string]string{"de": "Nein", "en": ""}}
		if err := g.SetAcknowledgement(t.Context(), nil, one.ID, ack); err != nil {
			t.Fatal(err)
		}
		here.inbox(g, nil)
		file := here.exports(g)
		for _, word := range []string{"p4ssword", "s3cret", secret} {
			if strings.Contains(file, word) {
				t.Errorf("the file holds the secret %q", word)
			}
		}
		if all, err := here.imports(g, file, nil); err != nil || len(all) != 2 || all[0].Differs() || all[1].Differs() {
			t.Errorf("the file of what is there differs: %+v, %v", all, err)
		}
		for _, v := range []int64{one.ID, one.ID + 1} {
			if err := g.DeleteInbox(t.Context(), nil, v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := here.imports(g, file, nil); err == nil {
			t.Error("a new inbox keeps a password that nobody has given, want it refused")
		}
		given := strings.NewReplacer("password: keep", "password: ${env:HAVE_PASSWORD}", "client_secret: keep", "client_secret: ${env:HAVE_SECRET}").Replace(file)
		all, err := here.imports(g, given, nil)
		if err != nil || len(all) != 2 || !all[0].New {
			t.Fatalf("import into nothing: %+v, %v", all, err)
		}
		if d := cmp.Diff(here.exports(g), file); d != "" {
			t.Errorf("exported again (-got +want):\n%s", d)
		}
		if all, err := here.imports(g, given, nil); err != nil || all[0].Differs() || all[1].Differs() {
			t.Errorf("imported again, there is something to do: %+v, %v", all, err)
		}
	})
}

// The secrets of a file are those of the inbox afterwards.
func TestImportedPasswordsAreUsed(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		const file = "inboxes:\n  - name: Support\n    project: SUP\n    address: support@here.example\n    password: ${env:HAVE_IT}\n    settings: {host: mail.here.example}\n"
		if _, err := d.imports(g, file, nil); err != nil {
			t.Fatal(err)
		}
		ib, err := d.store.InboxByName(t.Context(), "Support")
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := d.ring.Open(ib.PasswordEnc, gateway.InboxSecretPlace(ib.ID)); plain != "secret of HAVE_IT" || err != nil {
			t.Errorf("password = %q, %v", plain, err)
		}
		all, err := d.imports(g, strings.Replace(file, "HAVE_IT", "HAVE_OTHER", 1), nil)
		if err != nil || fmt.Sprint(all[0].Changes) != "[{password keep replaced [] []}]" {
			t.Errorf("another password: %+v, %v", all, err)
		}
		moved := strings.NewReplacer("mail.here", "imap.here", "${env:HAVE_IT}", "keep").Replace(file)
		if _, err := d.imports(g, moved, nil); lines(err) != "5 password E-INBOX-07" {
			t.Errorf("keeping the password for another server: %v", lines(err))
		}
	})
}

// lines writes a list of what is to be checked.
func lines(err error) string {
	list, ok := errors.AsType[models.InvalidList](err)
	if !ok {
		return fmt.Sprint(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%d %s %s", e.Line, e.Field, e.Code))
	}
	return strings.Join(out, ", ")
}

func TestDryRunsAndBrokenFilesChangeNothing(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		d.inbox(g, nil)
		before := d.exports(g)
		const change = "inboxes:\n  - name: support\n    address: other@here.example\n    rules: {allow_create: false}\n  - name: New\n    project: SUP\n    settings: {receive: push, auth: none}\n"
		all, err := d.imports(g, change, func(q *gateway.ConfigImport) { q.Dry = true })
		if err != nil || len(all) != 2 || all[0].New || !all[1].New {
			t.Fatalf("dry run: %+v, %v", all, err)
		}
		var fields []string
		for _, c := range all[0].Changes {
			fields = append(fields, c.Field+" "+c.Before+">"+c.After)
		}
		if want := []string{"name Support>support", "address support@here.example>other@here.example", "allow_create true>false"}; cmp.Diff(fields, want) != "" {
			t.Errorf("differences = %q, want %q", fields, want)
		}
		for name, file := range map[string]string{
			"3 settings.host E-API-02":                "inboxes:\n  - name: Support\n    settings: {host: [a]}\n",
			"4 project E-PROJECT-04":                  "inboxes:\n  - name: Support\n  - name: Bad\n    project: NONE\n",
			"7 flow.rules.0.name E-FLOW-01":           "inboxes:\n  - name: Support\n    address: x@here.example\n    rules:\n      flow:\n        rules:\n          - actions: [{do: label, value: a}]\n",
			"5 domain_pattern E-RX-00":                "inboxes:\n  - name: Support\n    rules:\n      domain_mode: pattern\n      domain_pattern: \"(\"\n",
			"3 ack_mode E-SEND-02":                    "inboxes:\n  - name: Support\n    acknowledgement: {mode: often}\n",
			"3 password E-CONF-06":                    "inboxes:\n  - name: Support\n    password: ${file:/none}\n",
			"3 receive E-INBOX-10, 6 port E-INBOX-03": "inboxes:\n  - name: Support\n    settings: {receive: fax}\n  - name: B\n    project: SUP\n    settings: {host: a, port: 70000}\n",
			"4 project E-INBOX-02":                    "inboxes:\n  - name: Support\n    address: y@here.example\n  - name: B\n    settings: {receive: push, auth: none}\n",
		} {
			if _, err := d.imports(g, file, nil); lines(err) != name {
				t.Errorf("%s, want %s", lines(err), name)
			}
		}
		if d := cmp.Diff(d.exports(g), before); d != "" {
			t.Errorf("something has changed (-got +want):\n%s", d)
		}
		if list, _, err := s.Audits(t.Context(), store.AuditFilter{Action: "inbox.import", Limit: 10}); err != nil || len(list) > 0 {
			t.Errorf("audited: %v, %v", list, err)
		}
	})
}

func TestOnlyWhatWasShownIsApplied(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		in := d.inbox(g, nil)
		const file = "inboxes:\n  - name: Support\n    rules: {allow_create: false}\n"
		shown, err := d.imports(g, file, func(q *gateway.ConfigImport) { q.Dry = true })
		if err != nil {
			t.Fatal(err)
		}
		rules := in.Rules
		rules.AllowCreate, rules.AllowComment = false, false
		if _, err := g.SaveRules(t.Context(), nil, in.ID, in.RuleVersion, rules); err != nil {
			t.Fatal(err)
		}
		if _, err := d.imports(g, file, func(q *gateway.ConfigImport) { q.Shown = gateway.Digest(shown) }); !errors.Is(err, models.ErrConflict) {
			t.Errorf("a difference that nobody has seen is applied: %v, want a conflict", err)
		}
	})
}

// Two imports of the same new inboxes at the same moment.
func TestImportsAtOnceMakeNothingTwice(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		var file strings.Builder
		file.WriteString("inboxes:\n")
		for i := range 5 {
			fmt.Fprintf(&file, "  - name: Inbox %d\n    project: SUP\n    settings: {receive: push, auth: none}\n", i)
		}
		var wg sync.WaitGroup
		for range 3 {
			g := d.process(nil)
			wg.Go(func() {
				var err error
				for range 5 { // Whoever comes second is told, and finds nothing to do then.
					if _, err = d.imports(g, file.String(), nil); err == nil {
						return
					}
				}
				t.Errorf("import: %v", lines(err))
			})
		}
		wg.Wait()
		all, err := s.Inboxes(t.Context())
		if err != nil || len(all) != 5 {
			t.Errorf("%d inboxes, %v, want 5", len(all), err)
		}
	})
}
