package rule

import (
	"strings"
	"testing"

	"letterbox/models"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ in, want string }{
		{"a@good.com", "a@good.com"},
		{"A.B@Good.COM", "a.b@good.com"},
		{"a@good.com.", "a@good.com"},
		{"a@GOOD.com.evil", "a@good.com.evil"},
		{`"x@good.com"@evil.example`, `"x@good.com"@evil.example`},
		{`"a \" b"@good.com`, `"a \" b"@good.com`},
		{"a@köln.de", "a@xn--kln-sna.de"},
		{"a@KÖLN.de.", "a@xn--kln-sna.de"},
		{"a@XN--kln-sna.DE", "a@xn--kln-sna.de"},
		{"a@ｇood.com", "a@good.com"},
		{"a@good。com", "a@good.com"},
		{"Ünal@good.com", "ünal@good.com"},
		{"a..b.@docomo.example", "a..b.@docomo.example"},
		{"a@_dmarc.good.com", "a@_dmarc.good.com"},
		{"root@localhost", "root@localhost"},
		{"a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"},
		{"a+b=c/d@good.com", "a+b=c/d@good.com"},

		{"", ""},
		{"a", ""},
		{"@good.com", ""},
		{"a@", ""},
		{"a@.", ""},
		{"a@good..com", ""},
		{"a@.good.com", ""},
		{"a@good.com..", ""},
		{"a@good.com\n", ""},
		{"a@good.com\x00", ""},
		{"a\n@good.com", ""},
		{" a@good.com", ""},
		{"a@good.com ", ""},
		{"a@go od.com", ""},
		{"a b@good.com", ""},
		{"a@b@good.com", ""},
		{"a@good.com@evil.example", ""},
		{"<a@good.com>", ""},
		{"Max <a@good.com>", ""},
		{"a@good.com (evil)", ""},
		{"a@good.com,b@evil.example", ""},
		{"a@good.com;b@evil.example", ""},
		{"=?utf-8?q?a=40good.com?= <b@evil.example>", ""},
		{`"a@good.com`, ""},
		{`"a\"@good.com`, ""},
		{`""@good.com`, ""},
		{`"a"b"@good.com`, ""},
		{"a\u200b@good.com", ""},
		{"a\u202e@good.com", ""},
		{"a@good\u200b.com", "a@good.com"}, // Ignored by IDNA, so the name is good.com wherever it is looked up.
		{"a@good\u202e.com", ""},
		{"a@xn--zzzzzzzz99999.com", ""},
		{"a@[192.0.2]", ""},
		{"a@[192.0.2.1", ""},
		{"a@good.com/x", ""},
		{"a@%67ood.com", ""},
		{"a@" + strings.Repeat("x", 64) + ".com", ""},
		{strings.Repeat("x", 320) + "@good.com", ""},
		{"a\xff@good.com", ""},
	}
	for _, tt := range tests {
		a, ok := parseAddress(tt.in)
		got := a.String()
		if !ok {
			got = ""
		}
		if got != tt.want {
			t.Errorf("parseAddress(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// SEC-46: a domain rule sees the addr-spec and nothing else, and as a whole.
func TestForgedDomainsPassNoDomainRule(t *testing.T) {
	for _, rules := range []models.Rules{
		{AllowUnknown: true, Domains: []string{"good.com"}},
		{AllowUnknown: true, AllowedSenders: []string{"@good.com"}},
		{AllowUnknown: true, DomainMode: "pattern", DomainPattern: `.*@good\.com`},
		{AllowUnknown: true, DomainMode: "pattern", DomainPattern: `^.*@good\.com$`},
	} {
		s := compiled(t, rules)
		for _, from := range []string{
			"a@good.com.evil", `"x@good.com"@evil`, "=?utf-8?q?a=40good.com?= <b@evil>", "a@good.com\n", "a@good.com\nb@evil", "a@evilgood.com", "a@gооd.com",
			"a@good.com@evil", "a@evil\x00@good.com", "a@evil@good.com", "a@evil,b@good.com", "a@good-com", "a@xn--good.com", "a@good.com%0a", "a@sub.good.com",
		} {
			f := person()
			f.From, f.FromShown = from, "good <a@good.com>"
			if got := s.Decide(f); got.Outcome != Reject {
				t.Errorf("From %q under %+v: %s", from, rules, got.Outcome)
			}
		}
		for _, from := range []string{"a@good.com", "a@GOOD.com", "A@good.com."} {
			f := person()
			f.From = from
			if got := s.Decide(f); got.Outcome != Accept {
				t.Errorf("From %q under %+v: %s %q", from, rules, got.Outcome, got.Reason)
			}
		}
	}
}

func FuzzDecide(f *testing.F) {
	for _, s := range []string{"a@good.com", `"x@good.com"@evil`, "a@good.com\n", "a@köln.de", "a@[::1]", "a@XN--KLN-sna.de.", "a@b@c", "\xff@x", "ſ@ſ.de", "İ@İ.de"} {
		f.Add(s, s, "Betreff", s)
	}
	sets := []*Set{
		compiled(f, models.Rules{AllowUnknown: true, Domains: []string{"good.com", "*.good.com"}}),
		compiled(f, models.Rules{AllowUnknown: true, DomainMode: "pattern", DomainPattern: `.*@(.*\.)?good\.com`}),
		compiled(f, models.Rules{AllowUnknown: true, AllowedSenders: []string{"*@good.com", "@*.good.com"}, BodyKeywords: []string{"Betreff"}}),
	}
	f.Fuzz(func(t *testing.T, from, recipient, subject, text string) {
		for _, s := range sets {
			v := s.Decide(Facts{From: from, Recipients: []string{recipient}, Subject: subject, Text: text})
			if v.Outcome == Accept {
				domain := strings.ToLower(from[strings.LastIndexByte(from, '@')+1:])
				if isASCII(domain) && !strings.HasSuffix(strings.TrimSuffix(domain, "."), "good.com") {
					t.Errorf("From %q was let in", from)
				}
				if strings.ContainsAny(from, "\r\n\x00") {
					t.Errorf("From %q was let in", from)
				}
			}
			if v.Outcome == "" || len(v.Looked) == 0 || (v.Reason == "") != (v.Outcome == Accept) {
				t.Errorf("verdict %+v", v)
			}
		}
		a, ok := parseAddress(from)
		if !ok {
			return
		}
		if again, ok := parseAddress(a.String()); !ok || again != a {
			t.Errorf("parseAddress(%q) = %q, and of that %q, %t", from, a, again, ok)
		}
	})
}
