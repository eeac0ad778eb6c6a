package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

// lint returns the findings as lines of code and arguments of interest.
func lint(rules models.Rules, senders []string, names ...string) []string {
	lines := []string{}
	for _, f := range Lint(rules, senders) {
		line := f.Field + " " + f.Code
		for _, name := range names {
			if v, ok := f.Args[name]; ok {
				line += fmt.Sprintf(" %s=%s", name, v)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func pattern1(p string) models.Rules {
	return models.Rules{DomainMode: "pattern", DomainPattern: p}
}

// The three patterns of the Allegra manual as they are printed there.
func TestPatternsOfTheAllegraManualAreExplained(t *testing.T) {
	senders := []string{"max.mustermann@bosch.com", "erika@t-online.de", "info@computer.org", "kunde@gmx.example"}
	tests := []struct {
		name, pattern string
		want          []string
	}{
		{
			"one domain", `[^@\T]@bosch\.com`,
			[]string{
				`domain_pattern W-RX-01 esc=\T suggestion=\t`,
				`domain_pattern W-RX-02 example=max@bosch.com.evil.example suggestion=(?i)[^@\s]+@bosch\.com`,
				`domain_pattern W-RX-04 n=4`,
				`domain_pattern W-RX-06 example=max@bosch.com suggestion=(?i)[^@\s]+@bosch\.com`,
			},
		},
		{
			"two domains", `[^@\T]@t-online\.de | [^@\t]@computer\.org`,
			[]string{
				`domain_pattern W-RX-01 esc=\T suggestion=\t`,
				`domain_pattern W-RX-02 example=max@t-online.de.evil.example suggestion=(?i)[^@\s]+@(t-online\.de|computer\.org)`,
				`domain_pattern W-RX-03 suggestion=(?i)[^@\s]+@(t-online\.de|computer\.org)`,
				`domain_pattern W-RX-04 n=4`,
				`domain_pattern W-RX-06 example=max@t-online.de suggestion=(?i)[^@\s]+@(t-online\.de|computer\.org)`,
			},
		},
		{
			"every domain", `\W[-.\W]+\@[-.\W]+\.\W{2,3}`,
			[]string{
				`domain_pattern W-RX-04 n=4`,
				`domain_pattern W-RX-06 example=max@example.org suggestion=\w[-.\w]+\@[-.\w]+\.\w{2,3}`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lint(pattern1(tt.pattern), senders, "esc", "n", "example", "suggestion")
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("Lint (-want +got):\n%s", d)
			}
			s := compiled(t, pattern1(tt.pattern))
			f := person()
			f.From = "x@bosch.com.evil.example"
			if v := s.Decide(f); v.Outcome != Reject {
				t.Errorf("%s is let in", f.From)
			}
		})
	}
}

func TestSuggestionsDoWhatWasMeant(t *testing.T) {
	for _, printed := range []string{`[^@\T]@bosch\.com`, `[^@\T]@t-online\.de | [^@\t]@computer\.org`} {
		var suggestion string
		for _, f := range Lint(pattern1(printed), nil) {
			if f.Code == "W-RX-06" {
				suggestion = f.Args["suggestion"]
			}
		}
		if got := lint(pattern1(suggestion), nil); len(got) != 0 {
			t.Errorf("%s is suggested and gives %v", suggestion, got)
		}
		s := compiled(t, pattern1(suggestion))
		for _, tt := range []struct {
			local, suffix string
			want          Outcome
		}{{"max", "", Accept}, {"max", ".evil.example", Reject}} {
			for _, domain := range []string{"bosch.com", "t-online.de", "computer.org"} {
				if !strings.Contains(printed, strings.Split(domain, ".")[0]) {
					continue
				}
				f := person()
				f.From = tt.local + "@" + domain + tt.suffix
				if got := s.Decide(f).Outcome; got != tt.want {
					t.Errorf("%s on %s: %s, want %s", suggestion, f.From, got, tt.want)
				}
			}
		}
	}
}

func TestLintOfPatterns(t *testing.T) {
	senders := []string{"max@bosch.com", "erika@de.bosch.com"}
	tests := []struct {
		name, pattern string
		senders       []string
		want          []string
	}{
		{"none", "", senders, []string{}},
		{"the whole address, no anchors", `[^@]+@([^@.]+\.)*bosch\.com`, senders, []string{}},
		{"the whole address, anchors", `^.+@(de\.)?bosch\.com$`, senders, []string{}},
		{"one address", `max@bosch\.com`, senders, []string{}},
		{"an address of one letter", `a@bosch\.com`, nil, []string{}},
		{"local parts of one kind", `vertrieb-\w+@bosch\.com`, nil, []string{}},
		{"an umlaut domain", `[^@]+@köln\.de`, nil, []string{}},
		{"alternatives of endings", `[^@]+@bosch\.(com|de)`, senders[:1], []string{}},
		{"the domain only", `bosch\.com`, nil, []string{"domain_pattern W-RX-02", "domain_pattern W-RX-06"}},
		{"the domain only, anchored", `^bosch\.com$`, nil, []string{"domain_pattern W-RX-06"}},
		{"an end that is too open", `.*bosch\.com`, senders, []string{"domain_pattern W-RX-02"}},
		{"an open right end", `[^@]+@bosch\.com.*`, senders[:1], []string{"domain_pattern W-RX-02"}},
		{"everything", `.*`, senders, []string{"domain_pattern W-RX-05"}},
		{"everything with dots", `.+@.+\..+`, nil, []string{"domain_pattern W-RX-05"}},
		{"no sender", `[^@]+@example\.org`, senders, []string{"domain_pattern W-RX-04"}},
		{"senders that cannot be read", `[^@]+@example\.org`, []string{"", "x"}, []string{}},
		{"blanks around the bar", `.+@bosch\.com | .+@example\.org`, senders, []string{"domain_pattern W-RX-03", "domain_pattern W-RX-04", "domain_pattern W-RX-06"}},
		{"blanks that are free", `(?x) .+@bosch\.com | .+@de\.bosch\.com`, senders, []string{}},
		{"a blank in a class", `[^@ ]+@(de\.)?bosch\.com`, senders, []string{}},
		{"an escaped letter", `[^@\y]+@bosch\.com`, senders, []string{"domain_pattern W-RX-01"}},
		{"the same one twice", `[^@\y]+\y?@bosch\.com`, senders, []string{"domain_pattern W-RX-01"}},
		{"capitals", `[^@]+@Bosch\.com`, nil, []string{"domain_pattern W-RX-07"}},
		{"capitals that are left out", `[^@A-Z]+@bosch\.com`, nil, []string{}},
		{"a class of capitals", `[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}`, nil, []string{"domain_pattern W-RX-07"}},
		{"capitals that do no harm", `(?i)[^@]*[A-Za-z]@(de\.)?BOSCH\.com`, nil, []string{}},
		{"everybody but one domain", `(?!.*@gmx\.example$).*`, senders, []string{}},
		{"everybody but one kind of domain", `[^@]+@(?!gmx\.)[^@]+(?<!\.evil\.example)`, senders, []string{}},
		{"too slow", `^(\w+\.?)+@bosch\.com$`, senders, []string{"domain_pattern W-RX-08"}},
		{"not readable", `[^@+@bosch\.com`, senders, []string{"domain_pattern E-RX-00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lint(pattern1(tt.pattern), tt.senders)); d != "" {
				t.Errorf("Lint of %s (-want +got):\n%s", tt.pattern, d)
			}
		})
	}
}

func TestLintOfLists(t *testing.T) {
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("Schlüssel %d", i)
	}
	open := models.Rules{AllowUnknown: true, AllowCreate: true}
	with := func(change func(*models.Rules)) models.Rules {
		r := open
		change(&r)
		return r
	}
	tests := []struct {
		name  string
		rules models.Rules
		want  []string
	}{
		{"nothing", models.Rules{}, []string{}},
		{"a short keyword", models.Rules{SubjectKeywords: []string{"Alarm", "Alarm!", ""}}, []string{"subject_keywords E-GATE-01 word=Alarm"}},
		{"umlauts are one character", models.Rules{BodyKeywords: []string{"Übung!", "U\u0308bung", "äöü   ß"}}, []string{"body_keywords E-GATE-01 word=U\u0308bung", "body_keywords E-GATE-01 word=äöü   ß"}},
		{"fifty-one keywords", models.Rules{BodyKeywords: many}, []string{"body_keywords E-GATE-04"}},
		{"errors stand first", models.Rules{AllowUnknown: true, AllowCreate: true, DomainMode: "pattern", DomainPattern: ".*", BodyKeywords: []string{"kurz"}}, []string{"body_keywords E-GATE-01 word=kurz", "domain_pattern W-RX-05"}},
		{"every error", models.Rules{AllowedSenders: []string{"x", "@b.de", "y"}, Domains: []string{"a b"}}, []string{"allowed_senders E-GATE-02 entry=x", "allowed_senders E-GATE-02 entry=y", "domains E-GATE-02 entry=a b"}},

		{"open to everybody", open, []string{"allow_unknown W-08"}},
		{"open, blocked senders do not restrict", with(func(r *models.Rules) { r.BlockedSenders = []string{"@b.de"} }), []string{"allow_unknown W-08"}},
		{"open, the pattern matches all", with(func(r *models.Rules) { r.DomainMode, r.DomainPattern = "pattern", ".*" }), []string{"allow_unknown W-08", "domain_pattern W-RX-05"}},
		{"open, comments only", models.Rules{AllowUnknown: true, AllowComment: true}, []string{}},
		{"restricted by senders", with(func(r *models.Rules) { r.AllowedSenders = []string{"@b.de"} }), []string{}},
		{"restricted by domains", with(func(r *models.Rules) { r.Domains = []string{"b.de"} }), []string{}},
		{"restricted by a list that is not in force", with(func(r *models.Rules) { r.DomainMode, r.Domains = "pattern", []string{"b.de"} }), []string{"allow_unknown W-08"}},
		{"restricted by a pattern", with(func(r *models.Rules) { r.DomainMode, r.DomainPattern = "pattern", `.+@b\.de` }), []string{}},
		{"restricted by recipients", with(func(r *models.Rules) { r.RecipientsExpected = []string{"a@b.de"} }), []string{}},
		{"restricted by keywords", with(func(r *models.Rules) { r.SubjectKeywords = []string{"Bestellung"} }), []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lint(tt.rules, nil, "word", "entry")); d != "" {
				t.Errorf("Lint (-want +got):\n%s", d)
			}
		})
	}
}

func TestRulesWithoutErrorsCanBeCompiled(t *testing.T) {
	for _, typed := range perlPatterns {
		broken := false
		for _, f := range Lint(pattern1(typed), []string{"max@bosch.com"}) {
			broken = broken || strings.HasPrefix(f.Code, "E-")
		}
		if _, err := Compile(pattern1(typed)); (err != nil) != broken {
			t.Errorf("%s: Compile says %v, Lint finds an error: %t", typed, err, broken)
		}
	}
}

func BenchmarkLint(b *testing.B) {
	senders := make([]string, 100)
	for i := range senders {
		senders[i] = fmt.Sprintf("kunde-%d@example.org", i)
	}
	for b.Loop() {
		Lint(pattern1(`[^@\T]@t-online\.de | [^@\t]@computer\.org`), senders)
	}
}
