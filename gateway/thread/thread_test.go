package thread_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/thread"
)

func TestCandidatesStandSurestFirst(t *testing.T) {
	got := thread.Candidates(thread.Hints{
		Subject:    "AW: [#7] Drucker [Letterbox #12]",
		InReplyTo:  []string{"c@x"},
		References: []string{"a@x", "b@x", "c@x"},
	})
	want := []thread.Candidate{
		{Kind: thread.ByMessageID, MessageID: "c@x", Where: "In-Reply-To"},
		{Kind: thread.ByMessageID, MessageID: "b@x", Where: "References"},
		{Kind: thread.ByMessageID, MessageID: "a@x", Where: "References"},
		{Kind: thread.ByNumber, Number: 7, Where: "[#7]"},
		{Kind: thread.ByNumber, Number: 12, Where: "[Letterbox #12]"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Candidates (-want +got):\n%s", d)
	}
}

func TestCandidatesReadNumbersOfSubjects(t *testing.T) {
	tests := []struct {
		subject     string
		inBrackets  []int64
		withoutThem []int64 // With BareNumbers.
	}{
		{"", nil, nil},
		{"[#1234]", []int64{1234}, []int64{1234}},
		{"Re: [Projekt Ost #1234] Angebot", []int64{1234}, []int64{1234}},
		{"[ #1234] x", []int64{1234}, []int64{1234}},
		{"[Projekt\u00a0#1234] x", []int64{1234}, []int64{1234}},
		{"[#2] und [#1] und [#2]", []int64{2, 1}, []int64{2, 1}},
		{"[a [#1] #2]", []int64{1, 2}, []int64{1, 2}},
		{"[a #1 #2]", []int64{2}, []int64{1, 2}},
		{"[#1]]", []int64{1}, []int64{1}},
		{"[[#1]", []int64{1}, []int64{1}},
		{"[#999999999999999]", []int64{999999999999999}, []int64{999999999999999}},

		{"#1234", nil, []int64{1234}},
		{"Zu #1234: Rückfrage", nil, []int64{1234}},
		{"Rückfrage (#1234), #5.", nil, []int64{1234, 5}},
		{"#12 #12", nil, []int64{12}},

		{"Rechnung 123", nil, nil},
		{"[123]", nil, nil},
		{"[# 123]", nil, nil},
		{"[#123 ]", nil, []int64{123}},
		{"[#123 offen]", nil, []int64{123}},
		{"[ABC#123]", nil, nil},
		{"#123]", nil, []int64{123}},
		{"[x] #123]", nil, []int64{123}},
		{"[#0]", nil, nil},
		{"[#007]", nil, nil},
		{"[#-1]", nil, nil},
		{"[#1000000000000000]", nil, nil},
		{"[#1" + strings.Repeat("0", 30) + "]", nil, nil},
		{"[#１２]", nil, nil},
		{"[#١٢]", nil, nil},
		{"#12a #1.5 #12-3 C#12 ##12", nil, nil},
		{"(#12]", nil, []int64{12}},
	}
	for _, tt := range tests {
		for _, bare := range []bool{false, true} {
			want := tt.inBrackets
			if bare {
				want = tt.withoutThem
			}
			var got []int64
			for _, c := range thread.Candidates(thread.Hints{Subject: tt.subject, BareNumbers: bare}) {
				got = append(got, c.Number)
			}
			if !slices.Equal(got, want) {
				t.Errorf("numbers in %q (bare %t) = %v, want %v", tt.subject, bare, got, want)
			}
		}
	}
}

func TestCandidatesAreBounded(t *testing.T) {
	h := thread.Hints{InReplyTo: []string{"in@x"}}
	for i := range 5000 {
		h.References = append(h.References, fmt.Sprintf("%d@x", i))
		h.Subject += fmt.Sprintf("[#%d] ", i+1)
	}
	got := thread.Candidates(h)
	if len(got) != 50 {
		t.Fatalf("%d candidates, want 50", len(got))
	}
	if got[0].MessageID != "in@x" || got[1].MessageID != "4999@x" || got[39].MessageID != "4961@x" {
		t.Errorf("the newest references are not the ones that stayed: %+v", got[:40])
	}
	if got[40].Number != 1 || got[49].Number != 10 {
		t.Errorf("numbers = %+v, want 1 to 10", got[40:])
	}
}

func TestCandidatesLeaveOutWhatIsNoMessageID(t *testing.T) {
	h := thread.Hints{InReplyTo: []string{"", "a b@x", "a\n@x", "<a@x>", strings.Repeat("a", 999), "A@x", "a@x"}}
	var got []string
	for _, c := range thread.Candidates(h) {
		got = append(got, c.MessageID)
	}
	if want := []string{"A@x", "a@x"}; !slices.Equal(got, want) {
		t.Errorf("Message-IDs = %q, want %q: they are compared as octets", got, want)
	}
}

func TestWhereIsShortAndKeepsTheNumber(t *testing.T) {
	got := thread.Candidates(thread.Hints{Subject: "[" + strings.Repeat("wort ", 500) + "#42]"})
	if len(got) != 1 || !strings.HasSuffix(got[0].Where, "#42]") || len([]rune(got[0].Where)) > 101 {
		t.Errorf("Candidates = %+v", got)
	}
}

func FuzzCandidates(f *testing.F) {
	for _, s := range []string{"[#1]", "Re: [a #12] #3", "[[#1] #2]", "[#0][#01]", "#1.#2", "[#\xff1]", "[#99999999999999999999]"} {
		f.Add(s, s, true)
	}
	f.Fuzz(func(t *testing.T, subject, id string, bare bool) {
		h := thread.Hints{Subject: subject, InReplyTo: []string{id, id}, References: strings.Fields(subject), BareNumbers: bare}
		got := thread.Candidates(h)
		if len(got) > 50 {
			t.Fatalf("%d candidates", len(got))
		}
		seen := map[string]bool{}
		numbers := false
		for _, c := range got {
			key := fmt.Sprint(c.Kind, c.MessageID, c.Number)
			if seen[key] {
				t.Errorf("%+v stands twice", c)
			}
			seen[key] = true
			switch {
			case c.Kind == thread.ByNumber && c.Number < 1, c.Kind == thread.ByMessageID && (c.MessageID == "" || numbers):
				t.Errorf("candidate %+v among %+v", c, got)
			case c.Kind == thread.ByNumber && !strings.Contains(subject, fmt.Sprintf("#%d", c.Number)):
				t.Errorf("number %d does not stand in %q", c.Number, subject)
			}
			numbers = c.Kind == thread.ByNumber
		}
	})
}

func BenchmarkCandidates(b *testing.B) {
	h := thread.Hints{Subject: "AW: Re: [Letterbox #1234] Drucker im zweiten Stock", InReplyTo: []string{"a@example.org"}}
	for i := range 20 {
		h.References = append(h.References, fmt.Sprintf("%d@example.org", i))
	}
	for b.Loop() {
		thread.Candidates(h)
	}
}
