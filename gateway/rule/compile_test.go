package rule

import (
	"errors"
	"testing"

	"letterbox/models"
)

func TestCompileNamesTheFirstEntryThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name        string
		rules       models.Rules
		field, code string
		arg, want   string
	}{
		{"a bare domain", models.Rules{AllowedSenders: []string{"a@b.de", "bosch.com"}}, "allowed_senders", "E-GATE-02", "entry", "bosch.com"},
		{"a display name", models.Rules{BlockedSenders: []string{"Max <m@b.de>"}}, "blocked_senders", "E-GATE-02", "entry", "Max <m@b.de>"},
		{"a star in the local part", models.Rules{AllowedSenders: []string{"m*@b.de"}}, "allowed_senders", "E-GATE-02", "entry", "m*@b.de"},
		{"a star inside of the domain", models.Rules{AllowedSenders: []string{"@b.*.de"}}, "allowed_senders", "E-GATE-02", "entry", "@b.*.de"},
		{"every domain", models.Rules{AllowedSenders: []string{"*@*"}}, "allowed_senders", "E-GATE-02", "entry", "*@*"},
		{"an address among domains", models.Rules{Domains: []string{"max@bosch.com"}}, "domains", "E-GATE-02", "entry", "max@bosch.com"},
		{"a recipient", models.Rules{RecipientsExpected: []string{"x"}}, "recipients_expected", "E-GATE-02", "entry", "x"},
		{"a pattern", models.Rules{DomainMode: "pattern", DomainPattern: "a("}, "domain_pattern", "E-RX-00", "pos", "2"},
		{"a mode", models.Rules{DomainMode: "regex"}, "domain_mode", "E-GATE-03", "choices", "list, pattern"},
		{"a policy", models.Rules{AutoMail: "drop"}, "auto_mail", "E-GATE-03", "entry", "drop"},
		{"a policy for numbers", models.Rules{NumberMatch: "all"}, "number_match", "E-GATE-03", "entry", "all"},
		{"a policy for closed issues", models.Rules{ClosedIssues: "never"}, "closed_issues", "E-GATE-03", "entry", "never"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Compile(tt.rules)
			f, ok := errors.AsType[*Finding](err)
			if !ok || s != nil {
				t.Fatalf("Compile = %v, %v, want a *Finding", s, err)
			}
			if f.Field != tt.field || f.Code != tt.code || f.Args[tt.arg] != tt.want {
				t.Errorf("finding = %+v, want %s %s with %s %q", f, tt.field, tt.code, tt.arg, tt.want)
			}
		})
	}
}

func TestCompileTakesEveryFormOfEntry(t *testing.T) {
	rules := models.Rules{
		AllowedSenders: []string{"a@b.de", " a@b.de ", "@b.de", "*@b.de", "@*.b.de", "*@*.b.de", "ä@köln.de", "@köln.de", "a@[192.0.2.1]", `"a b"@c.de`},
		Domains:        []string{"b.de", "@b.de", "*.b.de", "Köln.de", "b.de.", "localhost"},
		NumberMatch:    "known", ClosedIssues: "reopen", AutoMail: "comment", DomainMode: "list",
	}
	if _, err := Compile(rules); err != nil {
		t.Error(err)
	}
	if _, err := Compile(models.Rules{}); err != nil {
		t.Errorf("rules that say nothing: %v", err)
	}
	if _, err := Compile(models.Rules{SubjectKeywords: []string{"kurz"}}); err != nil {
		t.Errorf("a keyword that was saved once: %v", err)
	}
}

func TestRefusedPatternsNameConstructAndSubstitute(t *testing.T) {
	_, err := Compile(models.Rules{DomainMode: "pattern", DomainPattern: `x(?|a|b)@example\.org`})
	f, ok := errors.AsType[*Finding](err)
	if !ok {
		t.Fatalf("error = %v", err)
	}
	want := map[string]string{"detail": "(?| → (?:…)", "detail_key": "rx.branch_reset", "construct": "(?|", "pos": "2"}
	for key, value := range want {
		if f.Args[key] != value {
			t.Errorf("%s = %q, want %q", key, f.Args[key], value)
		}
	}
}
