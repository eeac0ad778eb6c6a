package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "ask perl and rewrite testdata/perl.json")

// perlPatterns are patterns that must match what Perl matches.
var perlPatterns = []string{
	// The three of the Allegra manual, as printed and as they were meant.
	`[^@\T]@bosch\.com`, `[^@\t]@bosch\.com`, `[^@\s]+@bosch\.com`, `.*[^@\T]@bosch\.com`,
	`[^@\T]@t-online\.de | [^@\t]@computer\.org`, `.[^@\T]@t-online\.de|.[^@\t]@computer\.org`, `(?x) [^@\s]+@t-online\.de | [^@\t]+@computer\.org`,
	`\W[-.\W]+\@[-.\W]+\.\W{2,3}`, `\w[-.\w]+\@[-.\w]+\.\w{2,3}`,
	// As people write them.
	`.*`, `.+@.+`, `.*@bosch\.com`, `^.*@bosch\.com$`, `.*@(bosch|t-online)\.(com|de)`, `(?i).*@BOSCH\.com`, `.*@.*bosch\.com`,
	`[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}`, `(?!info@).*@bosch\.com`, `.*(?<!\.evil)@bosch\.com`, `(?=.*@bosch)(?=.*com$).*`,
	`[\w.+-]+@(?:[\w-]+\.)+(?:com|de)`, `(max|erika)\@bosch\.com`, `.*@bosch.com`, `\S+\@\S+`, `.*\.de\Z`, `.*@(?>bo|bosch)\.com`,
	// Escapes.
	`\Ta`, `[\T]a`, `\ia\jb`, `\q\y\m`, `\_\-\@\!`, `\x41\x{42}\x{e9}`, `\x`, `\x4`, `\101\102`, `[\101-\103]+`, `\0\07`, `\o{101}`, `\cA`, `\e`, `\a\t`,
	`\N{U+41}`, `\N+`, `\N{3}`, `\h+`, `\H+`, `\v`, `\V+`, `\R`, `a\R?b`, `\X`, `a\Kb`, `\d+`, `\D+`, `\s`, `\S*`, `\bab\b`, `a\Bb`, `\Aab\z`, `ab\Z`,
	// Classes.
	`[]a]+`, `[^]a]+`, `[a-]+`, `[-a]+`, `[\w-]+`, `[a-c-e]+`, `[a-\d]+`, `[\d-x]+`, `[a-z-[aeiou]]`, `[a\]b]+`, `[\\]`, `[\b]`, `[[a]+`, `[a[:digit:]]+`,
	`[[:alpha:]]+`, `[[:^digit:]]+`, `[[:alnum:]_]+`, `[[:punct:]]+`, `[[:space:]]`, `[[:blank:]]`, `[[:cntrl:]]`, `[[:graph:]]+`, `[[:print:]]+`, `[[:xdigit:]]+`,
	`[[:upper:]]+`, `[[:lower:]]+`, `(?i)[[:upper:]]+`, `[[:word:]]+`, `[[:ascii:]]+`, `[\h]`, `[\Ha]`, `[\V]+`, `[^\v]+`, `[\x41-\x43]+`, `[\x{e0}-\x{ff}]+`, `[à-ü]+`, `[^a-z@.]`, `[.]`, `[$^*]`,
	`\p{L}+`, `\pL+`, `\PL+`, `\p{Lu}\p{Ll}*`, `\P{Lu}+`, `\p{^Lu}+`, `\p{Greek}+`, `\p{IsGreek}+`, `\p{Script=Greek}+`, `\p{Letter}+`, `\p{Alpha}+`, `\p{IsAlpha}+`, `\p{ Uppercase_Letter }`, `\p{gc=Nd}+`, `[\p{L}\p{Nd}]+`, `(?i)\p{Lu}+`,
	// Quantifiers.
	`a*`, `a+?b`, `a{2}`, `a{2,}`, `a{1,2}b`, `a{,2}`, `a{ 1, 2 }`, `a{`, `a{b`, `a{1,b}`, `x{,}`, `{a`, `a}`, `a*+a`, `a*+b`, `(?:ab)++`, `a?+a`, `a{1,2}+a`, `(a|ab)(c|bcd)?`, `^*a`, `\b+a`, `(?=a)*ab`, `()*a`, `a{0}b`,
	// Groups.
	`(a)(b)\1`, `(a)(b)\2\1`, `(?<x>a)(b)\1\2`, `(b)(?<x>a)\2\1`, `(?<x>a)\k<x>`, `(?<x>a)\k'x'`, `(?<x>a)\k{x}`, `(?<x>a)\g{x}`, `(?P<x>a)(?P=x)`, `(?'x'a)\g1`, `(a)(b)\g{-1}\g-2`, `(a)\g{1}`, `(a)|b\1`, `(?:a|())b`,
	`(a)?(?(1)b|c)`, `(?<x>a)?(?(<x>)b|c)`, `(a)?(?('x')b|c)(?<x>)`, `(?>a|ab)c`, `(?#note)a(?#note)*`, `a(?i)B|c`, `(a(?i)b)c`, `(?i:a)b`, `(?-i:a)b`, `(?^:a)b`, `(?i)(?^:a)B`, `(?s).`, `(?-s).`, `(?m)^b$`, `a(?m)$.^b`,
	`(?sx-i: a . b )`, `(?x)a #note` + "\n" + `b`, `(?x)a\ b`, `(?x)[ ]a`, `(?x) a + `, `(?n)(a)(?<x>b)\1`, `(?u)\w`, `a||b`, `|a`, `(|a)b`, `\10(a)`, `(a)\10`, `(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10`,
	// What Perl refuses, we refuse.
	`(`, `)`, `a)`, `(a`, `[a`, `[]`, `*a`, `a**`, `a+++`, `(?<x`, `(?<>a)`, `\1`, `(a)\2`, `\g{0}`, `\g`, `\k<x>`, `[z-a]`, `[[:foo:]]`, `[[.a.]]`, `\p{Foo}`, `(?z)`, `\x{`, `\o1`, `a{70000}`, `(?(1)a|b|c)(x)`,
}

// perlRefused are patterns that Perl takes and we refuse, with the reason given.
var perlRefused = map[string]string{
	`(?|(a)|(b))`: "branch_reset", `(a(?1)?b)`: "recursion", `(?R)?`: "recursion", `(?<x>a(?&x)?)`: "recursion", `(?<x>a(?P>x)?)`: "recursion", `(?+1)?(a)`: "recursion", `(a)(?-1)`: "recursion",
	`a(*SKIP)b`: "verb", `(*ACCEPT)`: "verb", `(*pla:a)a`: "verb", `(?{1})a`: "code", `(??{1})a`: "code", `a\b{wb}`: "boundary", `(?a)\w`: "flag", `(?xx)[a b]`: "flag", `(?l)a`: "flag",
	`(?(?=a)a|b)`: "conditional", `(?(R)a|b)`: "conditional", `(?<x>a)|(?<x>b)`: "duplicate_name", `\Ga`: "last_match", `\Ua`: "change_case", `\LA\E`: "change_case", `\p{Line_Break=Alphabetic}`: "property", `\p{LC}`: "property",
	`\N{LATIN SMALL LETTER A}`: "code_point", `a{3,1}`: "repeat_reversed", `[[:^alpha:]]`: "posix", `(?(1)a|b)`: "no_such_group", `{2}a`: "nothing_to_repeat", `a\`: "trailing_backslash", `\c`: "control", `\x{110000}`: "code_point",
	strings.Repeat("a", 1001): "too_long", `\N{3`: "code_point",
}

var perlSubjects = []string{
	"max@bosch.com", "x@bosch.com", "t@bosch.com", "T@bosch.com", "max@BOSCH.com", "max@de.bosch.com", "max@bosch.com.evil.example", "max@evilbosch.com", "info@bosch.com", "max.evil@bosch.com",
	"max@t-online.de", "max@t-online.de ", " x@computer.org", "xy@t-online.de", "a@b.de", "ab@cd.info", "--.@--.--", "erika@bosch.com", "ünal@köln.de", "max@bosch.com\n", "max@boschxcom",
	"", "a", "b", "c", "ab", "ba", "aa", "aab", "aba", "abab", "abba", "aba\x08", "abc", "abcd", "ac", "bc", "bb", "A", "B", "AB", "Ab", "aB", "ABC", "T", "Ta", "a1", "1", "123", "x", "xa", "-", "_", ".", "^", "]", "]a", "-a", "a-", "[a", "a]", "aeb", "d", "e", "e]", "b-]",
	"a b", "ab ", " ", "\t", "\n", "\r\n", "a\nb", "\x00\a", "\x00", "\x01", "\x1b", "\a\t", "\b", "\\", "aé", "é", "ABé", "à", "ß", "αβγ", "Α", "É", "\u2028", "\u00a0", "!", "_-@!", "{", "a{", "a{b", "a{1,b}", "x{,}", "{a", "a}", "iajb", "qym", "\x04", "abcdefghija", "abcdefghijj", "\x08a", "a\x08", "e\u0301", "٣", "f", "ff", "９",
}

// A perlCase is what perl said about a pattern: "error", or a 1 or 0 for every subject.
type perlCases map[string]string

const perlProgram = `use strict; no warnings; use JSON::PP;
my ($patterns, $subjects) = @{decode_json(do { local $/; <STDIN> })};
my %out;
for my $pattern (@$patterns) {
  utf8::upgrade(my $p = $pattern);
  my $re = eval { qr/\A(?:$p)\z/u };
  $out{$pattern} = defined $re ? join("", map { utf8::upgrade(my $s = $_); $s =~ $re ? 1 : 0 } @$subjects) : "error";
}
print JSON::PP->new->ascii->canonical->encode(\%out);`

// askPerl returns nil when there is no perl.
func askPerl(t *testing.T, patterns []string) perlCases {
	t.Helper()
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Log("no perl: only the recorded results are compared")
		return nil
	}
	in, err := json.Marshal([]any{patterns, perlSubjects})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), perl, "-e", perlProgram)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var cases perlCases
	if err := json.Unmarshal(out, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestTranslatedPatternsMatchWhatPerlMatches(t *testing.T) {
	golden := filepath.Join("testdata", "perl.json")
	live := askPerl(t, perlPatterns)
	if *update {
		raw, err := json.MarshalIndent(live, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var recorded perlCases
	if err := json.Unmarshal(raw, &recorded); err != nil {
		t.Fatal(err)
	}
	if live != nil {
		if d := cmp.Diff(recorded, live); d != "" {
			t.Errorf("this perl differs from the one recorded (-recorded +live):\n%s", d)
		}
	}
	if len(recorded) != len(perlPatterns) {
		t.Errorf("%d patterns recorded, want %d: run the test with -update", len(recorded), len(perlPatterns))
	}
	for _, typed := range perlPatterns {
		want := recorded[typed]
		p, err := compilePattern(typed)
		if err != nil {
			if want != "error" {
				t.Errorf("%s is refused (%v), Perl takes it", typed, err)
			}
			continue
		}
		if want == "error" {
			t.Errorf("%s is taken as %s, Perl refuses it", typed, p.expr)
			continue
		}
		for i, s := range perlSubjects {
			got, err := matchString(p.whole, s)
			if err != nil || got != (want[i] == '1') {
				t.Errorf("%s on %q = %t, %v; perl says %c (translated %s)", typed, s, got, err, want[i], p.expr)
			}
		}
	}
}

func TestPatternsWithoutCounterpartAreRefused(t *testing.T) {
	for typed, key := range perlRefused {
		_, err := translate(typed)
		e, ok := errors.AsType[*patternError](err)
		if !ok {
			t.Errorf("%.30s is taken, want a refusal", typed)
			continue
		}
		if key != "" && e.key != key {
			t.Errorf("%.30s is refused for %s, want %s", typed, e.key, key)
		}
		if e.pos < 1 || e.pos > len([]rune(typed))+1 {
			t.Errorf("%.30s is refused at character %d", typed, e.pos)
		}
	}
}

// perl does not see \Q...\E in a pattern that it reads from a variable, so these have their own table.
func TestQuotedPartsStandForThemselves(t *testing.T) {
	tests := []struct {
		pattern, subject string
		want             bool
	}{
		{`.*\Q@bosch.com\E`, "max@bosch.com", true},
		{`.*\Q@bosch.com\E`, "max@boschxcom", false},
		{`.*\Q@bosch.com`, "max@bosch.com", true},
		{`\Qa.b\E+`, "a.bbb", true},
		{`\Q(|)#\E`, "(|)#", true},
		{`(?x)\Qa b\E c`, "a bc", true},
		{`[\Q.]\E]+`, ".].", true},
		{`\Q\E`, "", true},
	}
	for _, tt := range tests {
		p, err := compilePattern(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		if got, err := matchString(p.whole, tt.subject); got != tt.want || err != nil {
			t.Errorf("%s on %q = %t, %v; want %t", tt.pattern, tt.subject, got, err, tt.want)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, p := range perlPatterns {
		f.Add(p)
	}
	for p := range perlRefused {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		tr, err := translate(typed)
		if err != nil {
			e, ok := errors.AsType[*patternError](err)
			if !ok || e.pos < 1 || e.key == "unreadable" {
				t.Fatalf("%q: %v", typed, err)
			}
			return
		}
		if _, err := compileRegexp(tr.expr); err != nil {
			t.Errorf("%q is translated to %q, which cannot be compiled", typed, tr.expr)
		}
	})
}
