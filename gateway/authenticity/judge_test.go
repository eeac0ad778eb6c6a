package authenticity_test

import (
	"testing"

	"letterbox/gateway/authenticity"
)

func TestOnlyTheNamedServerIsBelieved(t *testing.T) {
	const pass, good = "mx.here.example; dmarc=pass header.from=kunde.example", "anna@kunde.example"
	tests := []struct {
		name   string
		fields []string
		above  int
		from   string
		want   authenticity.State
		method string
	}{
		{"its field passes", []string{pass}, 1, good, "pass", "dmarc"},
		{"below the first Received the topmost counts", []string{pass, "mx.here.example; dmarc=fail"}, 0, good, "pass", "dmarc"},
		{"a forged one below does not count", []string{"mx.here.example; dmarc=fail header.from=kunde.example", pass}, 0, good, "fail", "dmarc"},
		{"a forged one below what is above Received does not count", []string{"mx.here.example; spf=softfail smtp.mailfrom=evil.example", pass}, 1, good, "fail", "spf"},
		{"several of the last server count", []string{"mx.here.example; spf=fail smtp.mailfrom=kunde.example", "mx.here.example; dkim=pass header.d=kunde.example"}, 2, good, "pass", "dkim"},
		{"another name", []string{"mx.evil.example; dmarc=pass header.from=kunde.example"}, 1, good, "none", ""},
		{"another name above", []string{"filter.here.example; dmarc=fail", pass}, 2, good, "pass", "dmarc"},
		{"a name that begins alike", []string{"mx.here.example.evil; dmarc=pass"}, 1, good, "none", ""},
		{"in capitals", []string{"MX.Here.Example; DMARC=Pass header.from=Kunde.Example"}, 1, good, "pass", "dmarc"},
		{"with version", []string{"mx.here.example 1; dmarc=pass"}, 1, good, "pass", "dmarc"},
		{"with another version", []string{"mx.here.example 2; dmarc=pass"}, 1, good, "none", ""},
		{"in comments", []string{"mx.here.example (no) ; dmarc = pass (p=none) header.from = kunde.example"}, 1, good, "pass", "dmarc"},
		{"the name in a comment", []string{"(mx.here.example) evil.example; dmarc=pass"}, 1, good, "none", ""},
		{"a result in a comment", []string{"mx.here.example; dmarc=fail (; dmarc=pass header.from=kunde.example)"}, 1, good, "fail", "dmarc"},
		{"a result in quotes", []string{`mx.here.example; spf=fail reason="x; dmarc=pass header.from=kunde.example" smtp.mailfrom=x@evil.example`}, 1, good, "fail", "spf"},
		{"a comment that does not end", []string{"mx.here.example (; dmarc=pass"}, 1, good, "none", ""},
		{"none", []string{"mx.here.example; none"}, 1, good, "none", ""},
		{"it looked at another From", []string{"mx.here.example; dmarc=pass header.from=evil.example"}, 1, good, "fail", "dmarc"},
		{"a signature of the same organisation", []string{"mx.here.example; dkim=pass header.d=mail.kunde.example"}, 1, good, "pass", "dkim"},
		{"a signature by its user", []string{"mx.here.example; dkim=pass header.i=@kunde.example"}, 1, good, "pass", "dkim"},
		{"a signature of somebody else", []string{"mx.here.example; dkim=pass header.d=sender.example"}, 1, good, "none", ""},
		{"a signature of a neighbour under a public suffix", []string{"mx.here.example; dkim=pass header.d=evil.co.uk"}, 1, "a@kunde.co.uk", "none", ""},
		{"a signature of the public suffix", []string{"mx.here.example; dkim=pass header.d=co.uk"}, 1, "a@kunde.co.uk", "none", ""},
		{"an envelope of the same domain", []string{"mx.here.example; spf=pass smtp.mailfrom=bounce@kunde.example"}, 1, good, "pass", "spf"},
		{"an envelope of another", []string{"mx.here.example; spf=pass smtp.mailfrom=evil.example"}, 1, good, "none", ""},
		{"dmarc fails whatever the rest says", []string{"mx.here.example; dkim=pass header.d=kunde.example; dmarc=fail"}, 1, good, "fail", "dmarc"},
		{"the rest decides without a policy", []string{"mx.here.example; dmarc=none; spf=softfail smtp.mailfrom=kunde.example"}, 1, good, "fail", "spf"},
		{"of ARC, which nobody's word is taken for", []string{"i=1; mx.here.example; dmarc=pass header.from=kunde.example"}, 1, good, "none", ""},
		{"folded, with a forged one in it", []string{"mx.here.example;\r\n spf=fail smtp.mailfrom=evil.example (x\r\n mx.here.example; dmarc=pass)"}, 1, good, "fail", "spf"},
		{"no sender", []string{pass}, 1, "", "none", ""},
		{"no field", nil, 0, good, "none", ""},
	}
	for _, test := range tests {
		got := authenticity.Judge(test.fields, test.above, "mx.here.example", test.from)
		if got.State != test.want || got.Method != test.method {
			t.Errorf("%s: got %+v, want %s by %q", test.name, got, test.want, test.method)
		}
		if nobody := authenticity.Judge(test.fields, test.above, "", test.from); nobody.State != authenticity.None {
			t.Errorf("%s: no server is named and got %+v, want none", test.name, nobody)
		}
	}
	exchange := "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=kunde.example; dkim=pass (signature was verified) header.d=kunde.example;dmarc=pass action=none header.from=kunde.example;compauth=pass reason=100"
	if got := authenticity.Judge([]string{exchange}, 0, authenticity.NoName, good); got.State != authenticity.Pass {
		t.Errorf("a field without a name: got %+v, want pass", got)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("mx.here.example; dkim=pass (c) header.d=kunde.example")
	f.Add(`mx.here.example; dmarc=pass reason="a\"b"`)
	f.Fuzz(func(t *testing.T, field string) {
		got := authenticity.Judge([]string{field}, 1, "mx.here.example", "a@kunde.example")
		if got.State == authenticity.Pass && got.By != "mx.here.example" {
			t.Errorf("%q: got %+v", field, got)
		}
		authenticity.Servers([]string{field})
	})
}
