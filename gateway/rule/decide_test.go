package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

func compiled(t testing.TB, rules models.Rules) *Set {
	t.Helper()
	s, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// person is a mail that nothing is wrong with.
func person() Facts {
	return Facts{
		From: "max@bosch.com", FromShown: "Max <max@bosch.com>", Known: true,
		Recipients: []string{"support@example.org", "chef@example.org"}, OwnAddress: "support@example.org",
		Subject: "Drucker brennt", Text: "Bitte kommen Sie schnell.",
	}
}

func TestDecide(t *testing.T) {
	unknown := func(f *Facts) { f.Known = false }
	open := models.Rules{AllowUnknown: true}
	tests := []struct {
		name   string
		rules  models.Rules
		change func(*Facts)
		want   Reason // "" for accepted.
	}{
		{"a known user writes", models.Rules{}, nil, ""},
		{"an unknown sender is refused", models.Rules{}, unknown, UnknownSender},
		{"an unknown sender may write where that is allowed", open, unknown, ""},

		{"an address is blocked", models.Rules{BlockedSenders: []string{"MAX@bosch.com"}}, nil, SenderBlocked},
		{"a domain is blocked", models.Rules{BlockedSenders: []string{"@bosch.com"}}, nil, SenderBlocked},
		{"blocked wins over allowed", models.Rules{AllowedSenders: []string{"max@bosch.com"}, BlockedSenders: []string{"@bosch.com"}}, nil, SenderBlocked},
		{"subdomains are blocked, the domain is not", models.Rules{BlockedSenders: []string{"*@*.bosch.com"}}, nil, ""},
		{"a subdomain of a subdomain is blocked", models.Rules{BlockedSenders: []string{"*@*.bosch.com"}}, func(f *Facts) { f.From = "m@a.b.bosch.com" }, SenderBlocked},
		{"a domain that only ends alike is not blocked", models.Rules{BlockedSenders: []string{"*@*.bosch.com", "@bosch.com"}}, func(f *Facts) { f.From = "m@xbosch.com" }, ""},

		{"an allowed address", models.Rules{AllowedSenders: []string{"erika@bosch.com", "max@Bosch.com"}}, nil, ""},
		{"an allowed domain", models.Rules{AllowedSenders: []string{"*@bosch.com"}}, nil, ""},
		{"not allowed", models.Rules{AllowedSenders: []string{"erika@bosch.com"}}, nil, SenderNotAllowed},
		{"the display name allows nothing", models.Rules{AllowedSenders: []string{"erika@bosch.com"}}, func(f *Facts) { f.FromShown = "erika@bosch.com <max@bosch.com>" }, SenderNotAllowed},
		{"empty entries are no restriction", models.Rules{AllowedSenders: []string{"", " "}, Domains: []string{""}, DomainMode: "list"}, nil, ""},

		{"a domain of the list", models.Rules{Domains: []string{"bosch.com"}}, nil, ""},
		{"a domain outside of the list", models.Rules{Domains: []string{"example.org"}}, nil, DomainPattern},
		{"subdomains of the list", models.Rules{Domains: []string{"*.bosch.com"}}, func(f *Facts) { f.From = "m@de.bosch.com" }, ""},
		{"a subdomain entry is not the domain", models.Rules{Domains: []string{"*.bosch.com"}}, nil, DomainPattern},
		{"a domain in umlauts", models.Rules{Domains: []string{"Köln.de"}}, func(f *Facts) { f.From = "m@xn--kln-sna.de" }, ""},
		{"an address in umlauts", models.Rules{Domains: []string{"xn--kln-sna.de"}}, func(f *Facts) { f.From = "m@KÖLN.de" }, ""},
		{"the pattern is not looked at in list mode", models.Rules{DomainMode: "list", DomainPattern: "("}, nil, ""},
		{"the list is not looked at in pattern mode", models.Rules{DomainMode: "pattern", Domains: []string{"example.org"}}, nil, ""},
		{"the pattern matches", models.Rules{DomainMode: "pattern", DomainPattern: `[^@]+@bosch\.com`}, nil, ""},
		{"the pattern does not match", models.Rules{DomainMode: "pattern", DomainPattern: `[^@]+@bosch\.de`}, nil, DomainPattern},
		{"a part of the address is not enough", models.Rules{DomainMode: "pattern", DomainPattern: `[^@\t]@bosch\.com`}, nil, DomainPattern},
		{"an alternative is matched as a whole", models.Rules{DomainMode: "pattern", DomainPattern: `max|erika@bosch\.com`}, nil, DomainPattern},
		{"a pattern in umlauts", models.Rules{DomainMode: "pattern", DomainPattern: `[^@]+@köln\.de`}, func(f *Facts) { f.From = "m@xn--kln-sna.de" }, ""},
		{"a pattern in ASCII sees the ASCII form", models.Rules{DomainMode: "pattern", DomainPattern: `[^@]+@xn--[a-z0-9-]+\.de`}, func(f *Facts) { f.From = "m@köln.de" }, ""},

		{"addressed as expected", models.Rules{RecipientsExpected: []string{"chef@example.org"}}, nil, ""},
		{"addressed as expected in capitals", models.Rules{RecipientsExpected: []string{"chef@example.org"}}, func(f *Facts) { f.Recipients = []string{"Chef@EXAMPLE.org"} }, ""},
		{"addressed to somebody else", models.Rules{RecipientsExpected: []string{"weiter@example.org"}}, nil, RecipientUnexpected},
		{"addressed to nobody", models.Rules{RecipientsExpected: []string{"weiter@example.org"}}, func(f *Facts) { f.Recipients = nil }, RecipientUnexpected},

		{"a keyword in the subject", models.Rules{SubjectKeywords: []string{"Rechnung", "DRUCKER"}}, nil, ""},
		{"no keyword in the subject", models.Rules{SubjectKeywords: []string{"Bitte kommen"}}, nil, KeywordSubject},
		{"a keyword in the text", models.Rules{BodyKeywords: []string{"schnell."}}, nil, ""},
		{"no keyword in the text", models.Rules{BodyKeywords: []string{"Drucker"}}, nil, KeywordBody},
		{"a keyword across a line end", models.Rules{BodyKeywords: []string{"kommen Sie"}}, func(f *Facts) { f.Text = "Bitte kommen\n   Sie schnell" }, ""},
		{"a composed keyword in decomposed text", models.Rules{BodyKeywords: []string{"Übermaß"}}, func(f *Facts) { f.Text = "im U\u0308bermaß" }, ""},
		{"a decomposed keyword in composed text", models.Rules{BodyKeywords: []string{"u\u0308bermaß"}}, func(f *Facts) { f.Text = "im Übermaß" }, ""},
		{"sharp s is ss", models.Rules{BodyKeywords: []string{"STRASSE"}}, func(f *Facts) { f.Text = "Hauptstraße" }, ""},
		{"Greek final sigma", models.Rules{SubjectKeywords: []string{"ΟΔΟΣ ΕΡΜΟΥ"}}, func(f *Facts) { f.Subject = "οδος ερμου" }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := person()
			if tt.change != nil {
				tt.change(&f)
			}
			got := compiled(t, tt.rules).Decide(f)
			want := Accept
			if tt.want != "" {
				want = Reject
			}
			if got.Outcome != want || got.Reason != tt.want {
				t.Errorf("Decide = %s %q, want %s %q\nlooked at %+v", got.Outcome, got.Reason, want, tt.want, got.Looked)
			}
			last := got.Looked[len(got.Looked)-1]
			if last.Passed != (want == Accept) || !last.Passed && last.Args["would_pass"] == "" {
				t.Errorf("the last check was %+v", last)
			}
		})
	}
}

// Seed rows: the domain is looked at whether or not the sender is known.
func TestDomainsHoldForKnownAndUnknownSenders(t *testing.T) {
	for _, mode := range []string{"list", "pattern"} {
		for _, known := range []bool{false, true} {
			for _, allowUnknown := range []bool{false, true} {
				for _, from := range []string{"max@bosch.com", "max@gmx.example"} {
					s := compiled(t, models.Rules{AllowUnknown: allowUnknown, DomainMode: mode, Domains: []string{"bosch.com"}, DomainPattern: `.+@bosch\.com`})
					f := person()
					f.From, f.Known = from, known
					want := Reason("")
					switch {
					case from != "max@bosch.com":
						want = DomainPattern
					case !known && !allowUnknown:
						want = UnknownSender
					}
					if got := s.Decide(f).Reason; got != want {
						t.Errorf("%s, known %t, allow_unknown %t, %s: %q, want %q", mode, known, allowUnknown, from, got, want)
					}
				}
			}
		}
	}
}

func TestMachinesMailFollowsItsPolicy(t *testing.T) {
	signs := []struct {
		reason Reason
		set    func(*Facts)
	}{
		{Loop, func(f *Facts) { f.Loop = true }},
		{OwnMail, func(f *Facts) { f.Own = true }},
		{OwnMail, func(f *Facts) { f.From = "Support@example.org" }},
		{Bounce, func(f *Facts) { f.Bounce = true }},
		{AutoReply, func(f *Facts) { f.AutoReason = "Auto-Submitted: auto-replied" }},
		{MailingList, func(f *Facts) { f.List = true }},
	}
	for i, sign := range signs {
		for _, policy := range []string{"", "ignore", "comment", "process"} {
			f := person()
			for _, weaker := range signs[i:] { // The surest sign gives the name.
				weaker.set(&f)
			}
			got := compiled(t, models.Rules{AutoMail: policy}).Decide(f)
			want := Verdict{Outcome: Accept, Machine: sign.reason, CommentOnly: policy == "comment"}
			if policy == "" || policy == "ignore" {
				want.Outcome, want.Reason = Ignore, sign.reason
			}
			got.Args, got.Looked = nil, nil
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s under %q (-want +got):\n%s", sign.reason, policy, d)
			}
		}
	}
}

func TestMachinesMailIsLetOnlyThroughTheOtherChecks(t *testing.T) {
	f := person()
	f.AutoReason, f.From = "Auto-Submitted: auto-replied", "robot@evil.example"
	got := compiled(t, models.Rules{AutoMail: "comment", Domains: []string{"bosch.com"}}).Decide(f)
	if got.Outcome != Reject || got.Reason != DomainPattern || got.Machine != AutoReply || got.CommentOnly {
		t.Errorf("Decide = %+v, want a refusal that still says it is an auto-reply", got)
	}
}

func TestUnreadableSendersFailClosed(t *testing.T) {
	restrictions := []models.Rules{
		{AllowUnknown: true, AllowedSenders: []string{"@bosch.com"}},
		{AllowUnknown: true, BlockedSenders: []string{"@evil.example"}},
		{AllowUnknown: true, Domains: []string{"bosch.com"}},
		{AllowUnknown: true, DomainMode: "pattern", DomainPattern: ".*"},
		{},
	}
	for _, from := range []string{"", "max", "a@b@c", "max@bosch.com\n", "Max <max@bosch.com>"} {
		f := person() // It says Known, and must not be believed.
		f.From = from
		for _, rules := range restrictions {
			if got := compiled(t, rules).Decide(f); got.Outcome != Reject || got.Reason != SenderUnreadable {
				t.Errorf("From %q under %+v: %s %q, want a refusal as %q", from, rules, got.Outcome, got.Reason, SenderUnreadable)
			}
		}
		if got := compiled(t, models.Rules{AllowUnknown: true}).Decide(f); got.Outcome != Accept {
			t.Errorf("From %q in an open inbox: %s %q, want it accepted", from, got.Outcome, got.Reason)
		}
	}
}

func TestChecksStandInOrder(t *testing.T) {
	rules := models.Rules{
		AutoMail: "process", AllowedSenders: []string{"@bosch.com"}, BlockedSenders: []string{"@evil.example"}, Domains: []string{"bosch.com"},
		RecipientsExpected: []string{"support@example.org"}, SubjectKeywords: []string{"Drucker"}, BodyKeywords: []string{"schnell"},
	}
	f := person()
	f.List = true
	var got []string
	for _, c := range compiled(t, rules).Decide(f).Looked {
		got = append(got, c.Rule)
	}
	want := []string{"list", "sender", "sender_blocked", "sender_allowed", "domain", "known_sender", "recipient", "keyword_subject", "keyword_body"}
	if !slices.Equal(got, want) {
		t.Errorf("looked at %v, want %v", got, want)
	}
}

func TestExplanationsHoldNoTextOfTheMail(t *testing.T) {
	f := person()
	f.Subject, f.Text = "geheimer Betreff", "geheimer Text"
	for _, rules := range []models.Rules{{BodyKeywords: []string{"Drucker"}}, {SubjectKeywords: []string{"Drucker"}}, {BodyKeywords: []string{"geheim"}}} {
		v := compiled(t, rules).Decide(f)
		if s := fmt.Sprint(v); strings.Contains(s, "geheimer") {
			t.Errorf("the verdict quotes the mail: %s", s)
		}
	}
}

func TestExplanationsStayShort(t *testing.T) {
	rules := models.Rules{}
	for i := range 1000 {
		rules.AllowedSenders = append(rules.AllowedSenders, fmt.Sprintf("nobody-%d@example.org", i))
	}
	v := compiled(t, rules).Decide(person())
	if got := len([]rune(v.Looked[len(v.Looked)-1].Args["would_pass"])); got == 0 || got > 201 {
		t.Errorf("would_pass has %d characters", got)
	}
}

func TestDecideIsSafeForConcurrentUse(t *testing.T) {
	s := compiled(t, models.Rules{DomainMode: "pattern", DomainPattern: `[^@]+@bosch\.com`, BodyKeywords: []string{"schnell"}})
	want := s.Decide(person())
	results := make(chan Verdict)
	for range 8 {
		go func() { results <- s.Decide(person()) }()
	}
	for range 8 {
		if d := cmp.Diff(want, <-results); d != "" {
			t.Errorf("verdicts differ:\n%s", d)
		}
	}
}
