package thread_test

import (
	"strings"
	"testing"

	"letterbox/gateway/thread"
)

func TestTitle(t *testing.T) {
	tests := []struct{ name, subject, want string }{
		{"an ordinary subject stays", "Drucker im 2. Stock: kein Papier", "Drucker im 2. Stock: kein Papier"},
		{"English reply", "Re: Drucker", "Drucker"},
		{"German reply and forward", "AW: WG: Drucker", "Drucker"},
		{"mixed and repeated", "RE: Aw: FWD: re: sv: Antw: Drucker", "Drucker"},
		{"without a blank", "Re:AW:Drucker", "Drucker"},
		{"a blank before the colon", "Re : Imprimante", "Imprimante"},
		{"a no-break blank before the colon", "RE\u00a0: Imprimante", "Imprimante"},
		{"counted in brackets", "Re[2]: Drucker", "Drucker"},
		{"counted in parentheses", "AW (3): Drucker", "Drucker"},
		{"counted with a caret", "Re^2: Drucker", "Drucker"},
		{"counted with a star", "Re*4: Drucker", "Drucker"},
		{"counted plainly", "Re2: Drucker", "Drucker"},
		{"Scandinavian", "SV: VS: VB: Skrivare", "Skrivare"},
		{"Portuguese and Italian", "RES: ENC: RIF: R: I: Impressora", "Impressora"},
		{"French and Polish", "TR: Odp: PD: Drukarka", "Drukarka"},
		{"Turkish", "YNT: İLT: ilt: Yazıcı", "Yazıcı"},
		{"Greek and Russian", "ΑΠ: πρθ: Отв: Принтер", "Принтер"},
		{"Chinese with a full-width colon", "回复：答复：转发: 打印机", "打印机"},
		{"Chinese, traditional", "回覆: 轉寄：印表機", "印表機"},
		{"Japanese and Korean", "返信：転送: 답장: x", "x"},
		{"Hebrew and Arabic", "השב: رد: x", "x"},

		{"our number", "[#12] Drucker", "Drucker"},
		{"our number with words", "[Letterbox Ost #12] Drucker", "Drucker"},
		{"prefixes around our number", "Re: [#12] AW: [Projekt #12] Drucker", "Drucker"},
		{"our number inside and at the end", "Drucker [#12] brennt [x #9]", "Drucker brennt"},
		{"nested numbers", "[a [#1] #2] x", "x"},
		{"a number between word and colon", "Re [#12]: Drucker", "Drucker"},
		{"somebody else's tag stays", "[EXTERN] [12] [#0] [#012] #12 Drucker", "[EXTERN] [12] [#0] [#012] #12 Drucker"},

		{"blanks collapse", "  Re:   Drucker \t im\r\n  Stock  ", "Drucker im Stock"},
		{"control characters are blanks", "Re: a\x00b\x1bc", "a b c"},

		{"a word that only begins like a prefix", "Refund: 12 EUR", "Refund: 12 EUR"},
		{"a word that could be a prefix", "Re Drucker", "Re Drucker"},
		{"Ref is a subject", "Ref: 4711", "Ref: 4711"},
		{"no colon after the counter", "Re[2] Drucker", "Re[2] Drucker"},
		{"an open counter", "Re[2: Drucker", "Re[2: Drucker"},
		{"a prefix inside", "Frage Re: Drucker", "Frage Re: Drucker"},

		{"nothing", "", ""},
		{"blanks only", " \t\r\n ", ""},
		{"prefixes only", "Re: AW:  WG:", ""},
		{"a number only", "[#12]", ""},
		{"prefixes and number only", "Re: [#12] - AW:", ""},
		{"a bar after our number", "[#12] - Drucker", "Drucker"},
		{"a minus sign after a prefix", "Re: -5 Grad", "-5 Grad"},
		{"only punctuation left", "AW: [#12] -", ""},
		{"a doubled colon", "Re:: Drucker", "Drucker"},
		{"punctuation that somebody wrote", "???", "???"},
		{"questions after a prefix", "Re: ???", "???"},
		{"dashes that somebody wrote", "---", "---"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := thread.Title(tt.subject); got != tt.want {
				t.Errorf("Title(%q) = %q, want %q", tt.subject, got, tt.want)
			}
		})
	}
}

func FuzzTitle(f *testing.F) {
	for _, s := range []string{
		"Re: AW: [#12] Drucker", "Re[2]: x", "[a [#1] #2] Re^3 : y", "回复：x", "İLT:x", "Re:\x00:", "[#1]]Re:", "R[#5]: x", "\xff[#1]: Re:", "[\u00a0#1]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		title := thread.Title(subject)
		if again := thread.Title(title); again != title {
			t.Errorf("Title(%q) = %q, and of that %q", subject, title, again)
		}
		if strings.ContainsAny(title, "\r\n\x00") || title != strings.TrimSpace(title) {
			t.Errorf("Title(%q) = %q", subject, title)
		}
		if got := thread.Candidates(thread.Hints{Subject: title}); len(got) > 0 {
			t.Errorf("Title(%q) = %q still names %+v", subject, title, got)
		}
	})
}

func BenchmarkTitle(b *testing.B) {
	for name, subject := range map[string]string{
		"usual":         "AW: Re: [Letterbox #1234] Drucker im zweiten Stock",
		"prefixes only": strings.Repeat("Re: ", 25_000),
		"nested tags":   strings.Repeat("[", 25_000) + strings.Repeat(" #1]", 25_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(subject)))
			for b.Loop() {
				thread.Title(subject)
			}
		})
	}
}
