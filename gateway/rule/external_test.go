package rule

import (
	"slices"
	"strings"
	"testing"

	"letterbox/models"
)

func TestNumbersOfOlderSystemsAreFound(t *testing.T) {
	rules := models.Rules{ExternalNumbers: []string{
		"# Until 2024", `Redmine: \[[^\]]*#(\d+)\]`, `Redmine: ^<redmine\.issue-(\d+)\.\d{14}[^@]*@redmine\.example\.org>$`,
		`RT: \[rt\.example\.org #(\d+)\]`, `RT: ^<rt-[^@]*\W(\d+)-\d+-\d+@rt\.example\.org>$`, `Jira: \b(OLD-\d+)\b`, "",
	}}
	for name, c := range map[string]struct {
		subject        string
		inReplyTo, ref []string
		want           string
	}{
		"nothing":              {subject: "Hello", want: ""},
		"subject of Redmine":   {subject: "Re: [example - Bug #123] (New) Printer", want: "Redmine 123 subject"},
		"two systems, one tag": {subject: "Re: [rt.example.org #7]", want: "Redmine 7 subject, RT 7 subject"},
		"words":                {subject: "AW: OLD-12 and old-12, [Redmine #3]", want: "Redmine 3 subject, Jira OLD-12 subject"},
		"Message-ID":           {subject: "Re: x", inReplyTo: []string{"redmine.issue-9.20200101120000@redmine.example.org"}, want: "Redmine 9 In-Reply-To"},
		"with a person":        {inReplyTo: []string{"redmine.issue-9.20200101120000.5@redmine.example.org"}, want: "Redmine 9 In-Reply-To"},
		"newest first":         {ref: []string{"rt-4.4.1-99-1580000000-77.5-0-0@rt.example.org", "rt-4.4.1-1-2-3-6-0-0@rt.example.org"}, want: "RT 6 References, RT 5 References"},
		"another host":         {ref: []string{"redmine.issue-9.20200101120000@evil.example"}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, slow := compiled(t, rules).ExternalNumbers(c.subject, c.inReplyTo, c.ref)
			var got []string
			for _, f := range found {
				got = append(got, f.System+" "+f.Number+" "+f.Where)
			}
			if s := strings.Join(got, ", "); s != c.want || slow {
				t.Errorf("got %q, slow %v, want %q", s, slow, c.want)
			}
		})
	}
}

func TestPatternsOfOlderSystemsKeepToTheirTimeAndNumber(t *testing.T) {
	s := compiled(t, models.Rules{ExternalNumbers: []string{`Slow: ^(a+)+$`}})
	if _, slow := s.ExternalNumbers(strings.Repeat("a", 60)+"!", nil, nil); !slow {
		t.Error("a pattern without end is not said to be slow")
	}
	many := compiled(t, models.Rules{ExternalNumbers: []string{`Old: #(\d+)`}})
	if found, _ := many.ExternalNumbers("#1 #2 #3 #4 #5 #6 #7 #8 #9 #10 #11 #12", nil, nil); len(found) != 10 {
		t.Errorf("%d numbers, want 10", len(found))
	}
	if found, _ := many.ExternalNumbers("#"+strings.Repeat("1", 65), nil, nil); len(found) != 0 {
		t.Errorf("found %v, want nothing", found)
	}
}

func TestEntriesOfOlderSystemsThatCannotBeReadAreNamed(t *testing.T) {
	var got []string
	for _, f := range Lint(models.Rules{ExternalNumbers: []string{"no colon", `: (\d+)`, `Redmine: #\d+`, "Redmine:", "Redmine: (", "Redmine: #(?:\\d+)"}}, nil) {
		got = append(got, f.Code+" "+f.Args["entry"])
	}
	want := []string{"E-GATE-07 no colon", `E-GATE-07 : (\d+)`, `E-GATE-07 Redmine: #\d+`, "E-GATE-07 Redmine:", "E-RX-00 Redmine: (", `E-GATE-07 Redmine: #(?:\d+)`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	found := Lint(models.Rules{ExternalNumbers: slices.Repeat([]string{`Old: #(\d+)`}, 51)}, nil)
	if len(found) != 1 || found[0].Code != "E-GATE-05" || found[0].Field != "external_numbers" {
		t.Errorf("51 patterns: got %v", found)
	}
}
