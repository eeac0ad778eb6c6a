package rule

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

func catalogue(t *testing.T, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "templates", "catalogue", lang, "rules.json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	de, en := catalogue(t, "de"), catalogue(t, "en")
	if d := cmp.Diff(slices.Sorted(maps.Keys(de)), slices.Sorted(maps.Keys(en))); d != "" {
		t.Errorf("keys (-de +en):\n%s", d)
	}
	for key, text := range de {
		if d := cmp.Diff(placeholders(text), placeholders(en[key])); d != "" {
			t.Errorf("placeholders of %s (-de +en):\n%s", key, d)
		}
		if strings.HasPrefix(key, "check.") && strings.HasSuffix(key, ".refused") && !strings.Contains(text, "{would_pass}") {
			t.Errorf("%s does not say what would pass", key)
		}
	}
}

// constants returns the values of the string constants in a file of this package.
func constants(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	return values
}

func TestEveryReasonHasItsSentence(t *testing.T) {
	de := catalogue(t, "de")
	reasons := constants(t, "reason.go")
	if len(reasons) < 20 {
		t.Fatalf("%d reasons found in reason.go", len(reasons))
	}
	if diff := cmp.Diff(reasons, texts(Reasons())); diff != "" {
		t.Errorf("Reasons (-declared +listed):\n%s", diff)
	}
	for _, reason := range reasons {
		if de["verdict."+reason] == "" {
			t.Errorf("verdict.%s has no sentence", reason)
		}
	}
}

// every refusal key of the translator is a literal in a call of refuse, or in a patternError.
func TestEveryRefusalOfAPatternHasItsSentence(t *testing.T) {
	de := catalogue(t, "de")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`p\.refuse\("(\w+)"|patternError\{key: "(\w+)"`)
	found := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(src), -1) {
			found++
			if de["rx."+m[1]+m[2]] == "" {
				t.Errorf("%s: rx.%s has no sentence", file, m[1]+m[2])
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d refusals found in the source", found)
	}
}

// fill reports what is missing to write a sentence.
func fill(t *testing.T, texts map[string]string, key string, args map[string]string) {
	t.Helper()
	text, ok := texts[key]
	if !ok {
		t.Errorf("%s has no sentence", key)
	}
	for _, name := range placeholders(text) {
		if args[name] == "" {
			t.Errorf("%s needs {%s}, arguments are %v", key, name, args)
		}
	}
}

func TestSentencesOfVerdictsCanBeFilled(t *testing.T) {
	de := catalogue(t, "de")
	rules := []models.Rules{
		{},
		{AllowUnknown: true},
		{AutoMail: "comment", AllowUnknown: true},
		{AllowedSenders: []string{"@bosch.com"}, BlockedSenders: []string{"@evil.example"}, Domains: []string{"bosch.com"}, RecipientsExpected: []string{"support@example.org"}, SubjectKeywords: []string{"Drucker"}, BodyKeywords: []string{"schnell"}},
		{AllowedSenders: []string{"@example.org"}},
		{BlockedSenders: []string{"@bosch.com"}},
		{Domains: []string{"example.org"}},
		{DomainMode: "pattern", DomainPattern: `.+@bosch\.com`},
		{DomainMode: "pattern", DomainPattern: `.+@example\.org`},
		{DomainMode: "pattern", DomainPattern: `^(a+)+$`},
		{RecipientsExpected: []string{"other@example.org"}},
		{SubjectKeywords: []string{"Rechnung"}},
		{BodyKeywords: []string{"Rechnung"}},
		{EmptySubject: "reject", RejectSubject: []string{"Newsletter"}},
		{RejectSubject: []string{"drucker"}},
		{RejectSubject: []string{"^(a+)+$"}},
		{SpamMail: "set_aside", RateLimit: 5}, {RateLimit: 1}, {MaxAttachments: 1}, {MaxAttachments: 5},
		{BlockAttachments: []string{`\.exe$`}}, {BlockAttachments: []string{`\.scr$`}}, {BlockAttachments: []string{"^(a+)+$"}},
	}
	changes := []func(*Facts){
		func(*Facts) {},
		func(f *Facts) { f.Known = false },
		func(f *Facts) { f.From, f.FromShown = "", "" },
		func(f *Facts) { f.From = strings.Repeat("a", 60) + "@bosch.com" },
		func(f *Facts) { f.Recipients = nil },
		func(f *Facts) { f.Loop = true },
		func(f *Facts) { f.Own = true },
		func(f *Facts) { f.Bounce = true },
		func(f *Facts) { f.AutoReason = "Auto-Submitted: auto-replied" },
		func(f *Facts) { f.List = true },
		func(f *Facts) { f.Subject = "" },
		func(f *Facts) { f.Subject = strings.Repeat("a", 40) + "!" },
		func(f *Facts) { f.Spam = "X-Spam-Flag: YES" },
		func(f *Facts) { f.Recent = 2 },
		func(f *Facts) { f.Files = []File{{Name: "a.exe"}, {Name: strings.Repeat("a", 40) + "!"}} },
	}
	reached := map[string]bool{}
	for _, r := range rules {
		s := compiled(t, r)
		for _, change := range changes {
			f := person()
			change(&f)
			v := s.Decide(f)
			if v.Reason != "" {
				fill(t, de, "verdict."+string(v.Reason), v.Args)
				reached["verdict."+string(v.Reason)] = true
			}
			for _, c := range v.Looked {
				key := "check." + c.Rule + ".refused"
				if c.Passed {
					key = "check." + c.Rule + ".passed"
				}
				fill(t, de, key, c.Args)
				reached[key] = true
			}
		}
	}
	for _, reason := range []Reason{
		UnknownSender, SenderUnreadable, SenderNotAllowed, SenderBlocked, DomainPattern, RecipientUnexpected,
		KeywordSubject, KeywordBody, SubjectEmpty, SubjectRejected, AutoReply, Bounce, Loop, OwnMail, MailingList, RuleTimeout,
		Spam, RateLimited, TooManyAttachments, AttachmentBlocked,
	} {
		if !reached["verdict."+string(reason)] {
			t.Errorf("%s was not reached", reason)
		}
	}
}

func TestSentencesOfFindingsCanBeFilled(t *testing.T) {
	de := catalogue(t, "de")
	rules := []models.Rules{
		{AllowUnknown: true, AllowCreate: true, SubjectKeywords: []string{"kurz"}, AllowedSenders: []string{"x"}, AutoMail: "x", BodyKeywords: slices.Repeat([]string{"Keyword"}, 51)},
		{RateLimit: -1}, {ExternalNumbers: []string{"x"}},
		{RejectSubject: slices.Repeat([]string{"x*"}, 51)},
		{AllowUnknown: true, AllowCreate: true},
		pattern1(`[^@\T]@Bosch\.com | x`), pattern1(`.*`), pattern1(`^(a+)+$`), pattern1(`.*bosch\.com`), pattern1(`[^@\T]@bosch\.com`),
	}
	for typed := range perlRefused {
		rules = append(rules, pattern1(typed))
	}
	for _, typed := range perlPatterns {
		rules = append(rules, pattern1(typed))
	}
	reached := map[string]bool{}
	for _, r := range rules {
		for _, f := range Lint(r, []string{"kunde@gmx.example"}) {
			reached[f.Code] = true
			fill(t, de, f.Code, f.Args)
			if key := f.Args["detail_key"]; key != "" {
				fill(t, de, key, f.Args)
			}
		}
	}
	for key := range de {
		if (strings.HasPrefix(key, "E-") || strings.HasPrefix(key, "W-")) && !reached[key] {
			t.Errorf("%s was not reached", key)
		}
	}
}

func texts(reasons []Reason) []string {
	var out []string
	for _, r := range reasons {
		out = append(out, string(r))
	}
	return out
}
