package rule

import (
	"slices"
	"testing"

	"letterbox/models"
)

func TestWhatIsTooMuch(t *testing.T) {
	files := func(names ...string) func(*Facts) {
		return func(f *Facts) {
			for _, name := range names {
				f.Files = append(f.Files, File{Name: name, ContentType: "application/octet-stream"})
			}
		}
	}
	marked := func(f *Facts) { f.Spam = "X-Spam-Flag: YES" }
	recent := func(n int) func(*Facts) { return func(f *Facts) { f.Recent = n } }
	aside, three := models.Rules{SpamMail: "set_aside"}, models.Rules{RateLimit: 3}
	programs := models.Rules{BlockAttachments: []string{"# programs", `\.(exe|scr)$`, `^text/html$`}}
	tests := []struct {
		name    string
		rules   models.Rules
		change  func(*Facts)
		outcome Outcome
		want    Reason
	}{
		{"marked as spam, taken", models.Rules{}, marked, Accept, ""},
		{"marked as spam, set aside", aside, marked, Quarantine, Spam},
		{"not marked", aside, nil, Accept, ""},
		{"a refused sender is refused, marked or not", models.Rules{SpamMail: "set_aside", BlockedSenders: []string{"@bosch.com"}}, marked, Reject, SenderBlocked},
		{"below the limit", three, recent(2), Accept, ""},
		{"at the limit", three, recent(3), Quarantine, RateLimited},
		{"no limit", models.Rules{}, recent(10_000), Accept, ""},
		{"the limit is for senders that can be read", models.Rules{RateLimit: 3, AllowUnknown: true}, func(f *Facts) { f.From, f.Recent = "", 9 }, Accept, ""},
		{"as many files as allowed", models.Rules{MaxAttachments: 2}, files("a.pdf", "b.pdf"), Accept, ""},
		{"more files than allowed", models.Rules{MaxAttachments: 2}, files("a.pdf", "b.pdf", "c.pdf"), Reject, TooManyAttachments},
		{"pictures in the text do not count", models.Rules{MaxAttachments: 1}, func(f *Facts) {
			f.Files = []File{{Name: "a.png", Inline: true}, {Name: "b.png", Inline: true}, {Name: "c.pdf"}}
		}, Accept, ""},
		{"a blocked name", programs, files("a.pdf", "Invoice.pdf.EXE"), Reject, AttachmentBlocked},
		{"a blocked type", programs, func(f *Facts) { f.Files = []File{{Name: "page.txt", ContentType: "text/html"}} }, Reject, AttachmentBlocked},
		{"a name that only holds the word", programs, files("exeter.pdf"), Accept, ""},
		{"a blocked picture in the text", programs, func(f *Facts) { f.Files = []File{{Name: "x.scr", Inline: true}} }, Reject, AttachmentBlocked},
		{"a pattern that is too slow fails closed", models.Rules{BlockAttachments: []string{"^(a+)+$"}}, files("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), Quarantine, RuleTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := person()
			if tt.change != nil {
				tt.change(&f)
			}
			v := compiled(t, tt.rules).Decide(f)
			if v.Outcome != tt.outcome || v.Reason != tt.want {
				t.Fatalf("Decide = %s %q, want %s %q", v.Outcome, v.Reason, tt.outcome, tt.want)
			}
			if last := v.Looked[len(v.Looked)-1]; v.Reason != "" && (last.Passed || last.Args["would_pass"] == "") {
				t.Errorf("the last look is %+v, want a refusal that says what would pass", last)
			}
		})
	}
}

func TestNumbersThatMakeNoSenseAreFound(t *testing.T) {
	var got []string
	for _, f := range Lint(models.Rules{RateLimit: -1, MaxAttachments: 100_001}, nil) {
		got = append(got, f.Field+" "+f.Code)
	}
	if want := []string{"rate_limit E-GATE-06", "max_attachments E-GATE-06"}; !slices.Equal(got, want) {
		t.Errorf("Lint found %q, want %q", got, want)
	}
}
