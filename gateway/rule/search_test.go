package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

func TestRejectedSubjects(t *testing.T) {
	tests := []struct {
		name, pattern, subject string
		want                   Reason
	}{
		{"anywhere in the subject", "abwesenheit", "Re: Abwesenheitsnotiz", SubjectRejected},
		{"without regard to case", "OUT OF OFFICE", "Out of office until Monday", SubjectRejected},
		{"umlauts", "rückläufer", "RÜCKLÄUFER", SubjectRejected},
		{"anchored at the beginning", "^Newsletter", "Our newsletter", ""},
		{"another subject", "^Newsletter", "The printer burns", ""},
		{"a remark is no pattern", "# printer", "The # printer burns", ""},
		{"a pattern that cannot be decided", "^(a+)+$", strings.Repeat("a", 40) + "!", RuleTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := person()
			f.Subject = test.subject
			v := compiled(t, models.Rules{RejectSubject: []string{test.pattern, " "}}).Decide(f)
			if v.Reason != test.want {
				t.Errorf("Reason = %q, want %q", v.Reason, test.want)
			}
		})
	}
}

func TestEmptySubject(t *testing.T) {
	for setting, want := range map[string]Reason{"": "", "placeholder": "", "reject": SubjectEmpty} {
		f := person()
		f.Subject = " \t"
		if v := compiled(t, models.Rules{EmptySubject: setting}).Decide(f); v.Reason != want {
			t.Errorf("%q: Reason = %q, want %q", setting, v.Reason, want)
		}
	}
}

func TestCut(t *testing.T) {
	const text = "Hello,\n\nit burns.\n\nThis e-mail is confidential.\nDo not print.\n"
	tests := []struct {
		name     string
		patterns []string
		want     string
		cuts     []Cut
	}{
		{"nothing matches", []string{"nowhere"}, text, nil},
		{"a line", []string{"^this e-mail.*$"}, "Hello,\n\nit burns.\n\n\nDo not print.", []Cut{{Pattern: "^this e-mail.*$", Runes: 28}}},
		{"from a line to the end", []string{`(?s)^This e-mail.*\z`}, "Hello,\n\nit burns.", []Cut{{Pattern: `(?s)^This e-mail.*\z`, Runes: 43}}},
		{"two of them", []string{"hello,", "# remark", "burns"}, "it .\n\nThis e-mail is confidential.\nDo not print.", []Cut{{Pattern: "hello,", Runes: 6}, {Pattern: "burns", Runes: 5}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, cuts := compiled(t, models.Rules{CutBody: test.patterns}).Cut(text)
			if got != test.want {
				t.Errorf("Cut = %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(cuts, test.cuts); diff != "" {
				t.Errorf("cuts (-got +want):\n%s", diff)
			}
		})
	}
}

func TestCutLeavesTheTextThatTakesTooLong(t *testing.T) {
	text := strings.Repeat("a", 40) + "!"
	got, cuts := compiled(t, models.Rules{CutBody: []string{"^(a+)+$", "!"}}).Cut(text)
	if want := []Cut{{Pattern: "^(a+)+$", Slow: true}, {Pattern: "!", Slow: true}}; got != text || cmp.Diff(cuts, want) != "" {
		t.Errorf("Cut = %q, %v, want the text as it was, %v", got, cuts, want)
	}
}

func TestDrops(t *testing.T) {
	s := compiled(t, models.Rules{DropAttachments: []string{`^image\d+\.png$`, "# logos", `logo`, "^(a+)+$"}})
	for name, want := range map[string]string{
		"image001.PNG": `^image\d+\.png$`, "Firmenlogo.gif": "logo", "plan.pdf": "", "my image001.png": "", strings.Repeat("a", 40) + "!": "",
	} {
		if got := s.Drops(name); got != want {
			t.Errorf("Drops(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSearchThatCannotBeReadNamesItsSettingAndPlace(t *testing.T) {
	found := Lint(models.Rules{RejectSubject: []string{"good", "bad ("}, CutBody: []string{"[x"}}, nil)
	var got []string
	for _, f := range found {
		got = append(got, f.Field+" "+f.Code+" "+f.Args["entry"]+" "+f.Args["pos"])
	}
	want := []string{"reject_subject E-RX-00 bad ( 5", "cut_body E-RX-00 [x 1"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("findings (-got +want):\n%s", diff)
	}
}
