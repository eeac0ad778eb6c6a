package message

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func hasDefect(m *Message, code string) bool {
	for _, d := range m.Defects {
		if d.Code == code {
			return true
		}
	}
	return false
}

func TestBrokenHeadersAreRead(t *testing.T) {
	tests := []struct {
		name, raw, subject, text, defect string
	}{
		{"line of an mbox file", "From anna@example.org Mon Nov  2 10:00:00 2026\nSubject: one\n\nbody", "one", "body", DefectMboxLine},
		{"byte order mark", "\xef\xbb\xbfSubject: one\n\nbody", "one", "body", DefectMboxLine},
		{"empty lines first", "\r\n\r\nSubject: one\r\n\r\nbody", "one", "body", DefectMboxLine},
		{"blank before the first field", " Subject: one\r\nTo: a@example.com\r\n\r\nbody", "one", "body", DefectHeaderLine},
		{"line without a colon", "Subject: one\r\nand more\r\nTo: a@example.com\r\n\r\nbody", "one and more", "body", DefectHeaderLine},
		{"line without a colon first", "rubbish from a gateway\r\nSubject: one\r\n\r\nbody", "one", "body", DefectHeaderLine},
		{"lines without a colon first", "rubbish\r\n*** more ***\r\nReceived: from a by b\r\nSubject: one\r\n\r\nbody", "one", "body", DefectHeaderLine},
		{"line of 8-bit octets first", "\xff\xfe\x00\r\nSubject: one\r\n\r\nbody", "one", "body", DefectHeaderLine},
		{"words with a blank first", " rubbish\r\nSubject: one\r\n\r\nbody", "one", "body", DefectHeaderLine},
		{"words and a label", "Dear all,\r\nPlease note: it is closed.\r\n", "", "Dear all,\nPlease note: it is closed.", DefectHeaderEnd},
		{"words, an empty line and a field", "Dear all,\r\n\r\nSubject: one\r\n", "", "Dear all,\n\nSubject: one", DefectHeaderEnd},
		{"blank before the colon", "Subject : one\r\n\r\nbody", "one", "body", ""},
		{"8-bit field name", "Gr\xfc\xdfe: x\r\nSubject: one\r\n\r\nbody", "one", "body", ""},
		{"bare LF", "Subject: one\nTo: a@example.com\n\nbody", "one", "body", ""},
		{"bare CR", "Subject: one\rTo: a@example.com\r\rbody", "one", "body", ""},
		{"CR CR LF", "Subject: one\r\r\nTo: a@example.com\r\r\n\r\r\nbody", "one", "body", ""},
		{"no empty line before the body", "Subject: one\r\nThis is the body.\r\nIt goes on.\r\n", "one", "This is the body.\nIt goes on.", DefectHeaderEnd},
		{"no header at all", "Just words.\r\nMore words.\r\n", "", "Just words.\nMore words.", DefectHeaderEnd},
		{"two subjects", "Subject: one\r\nSubject: two\r\n\r\nbody", "one", "body", DefectDuplicateField},
		{"folded in odd places", "Subject: one\r\n two\r\n\tthree\r\n\r\nbody", "one two three", "body", ""},
		{"NUL in the subject", "Subject: o\x00ne\r\n\r\nbody", "one", "body", ""},
		{"NUL in the body", "Subject: one\r\n\r\nbo\x00dy", "one", "body", DefectControl},
		{"empty file", "", "", "", DefectEmpty},
		{"lone dots", "Subject: one\r\n\r\na\r\n.\r\nb\r\n", "one", "a\n.\nb", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw)
			if m.Subject != tt.subject || m.Text != tt.text {
				t.Errorf("Subject, Text = %q, %q, want %q, %q", m.Subject, m.Text, tt.subject, tt.text)
			}
			if tt.defect != "" && !hasDefect(m, tt.defect) {
				t.Errorf("Defects = %v, want %s", m.Defects, tt.defect)
			}
		})
	}
}

func TestSubjectsAreDecoded(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"quoted", "=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=", "Grüße aus Köln"},
		{"base64", "=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"},
		{"two words with a blank between", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
		{"split inside a character", "=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"},
		{"words of two charsets", "=?iso-8859-1?q?=FC?= =?utf-8?q?=C3=A4?=", "üä"},
		{"text around", "Re: =?utf-8?q?=C3=BC?= [#12] x", "Re: ü [#12] x"},
		{"no blank around", "a=?utf-8?q?=C3=BC?=b", "aüb"},
		{"blank inside", "=?utf-8?q?a b?=", "a b"},
		{"one broken word", "=?utf-8?x?a?= =?utf-8?q?=C3=BC?=", "=?utf-8?x?a?= ü"},
		{"unknown charset", "=?x-nothing?q?=FC?=", "ü"},
		{"language", "=?utf-8*de?q?=C3=BC?=", "ü"},
		{"raw UTF-8", "Grüße", "Grüße"},
		{"raw Latin-1", "Gr\xfc\xdfe", "Grüße"},
		{"Japanese", "=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"},
		{"question mark", "=?utf-8?q?what=3F?=", "what?"},
		{"base64 without its end", "=?utf-8?b?R3LDvMOfZQ?=", "Grüße"},
		{"no end", "=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"combining mark", "u\u0308", "ü"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, "Subject: "+tt.field+"\r\n\r\nx").Subject; got != tt.want {
				t.Errorf("Subject = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAddressesAreRead(t *testing.T) {
	tests := []struct {
		name, field string
		want        []Address
	}{
		{"name and address", "Anna Schmidt <anna@example.org>", []Address{{"Anna Schmidt", "anna@example.org"}}},
		{"address alone", "anna@example.org", []Address{{"", "anna@example.org"}}},
		{"quoted name with a comma", `"Schmidt, Anna" <anna@example.org>, b@example.org`, []Address{{"Schmidt, Anna", "anna@example.org"}, {"", "b@example.org"}}},
		{"comma without quotes", "Schmidt, Anna <anna@example.org>", []Address{{"Schmidt, Anna", "anna@example.org"}}},
		{"comment as the name", "anna@example.org (Anna Schmidt)", []Address{{"Anna Schmidt", "anna@example.org"}}},
		{"group", "team: a@example.org, b@example.org;", []Address{{"", "a@example.org"}, {"", "b@example.org"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"encoded name", "=?utf-8?q?J=C3=BCrgen?= <j@example.org>", []Address{{"Jürgen", "j@example.org"}}},
		{"encoded name in quotes", `"=?utf-8?q?J=C3=BCrgen?=" <j@example.org>`, []Address{{"Jürgen", "j@example.org"}}},
		{"raw Latin-1 name", "J\xfcrgen <j@example.org>", []Address{{"Jürgen", "j@example.org"}}},
		{"missing bracket", "Anna <anna@example.org", []Address{{"Anna", "anna@example.org"}}},
		{"two brackets", "<<anna@example.org>>", []Address{{"", "anna@example.org"}}},
		{"address as the name", `"anna@example.org" <anna@example.org>`, []Address{{"anna@example.org", "anna@example.org"}}},
		{"another address as the name", `boss@example.com <evil@example.org>`, []Address{{"boss@example.com", "evil@example.org"}}},
		{"another address as a comment", `evil@example.org (boss@example.com)`, []Address{{"boss@example.com", "evil@example.org"}}},
		{"brackets in the name", "Anna [Sales] <anna@example.org>", []Address{{"Anna [Sales]", "anna@example.org"}}},
		{"route", "<@relay.example,@other.example:anna@example.org>", []Address{{"", "anna@example.org"}}},
		{"blanks in the address", "anna @ example . org", []Address{{"", "anna@example.org"}}},
		{"semicolons", "a@example.org; b@example.org", []Address{{"", "a@example.org"}, {"", "b@example.org"}}},
		{"mailto", "<mailto:anna@example.org>", []Address{{"", "anna@example.org"}}},
		{"no host", "root", []Address{{"", "root"}}},
		{"words only", "Anna Schmidt", []Address{{"Anna Schmidt", ""}}},
		{"quoted local part", `"a b"@example.org`, []Address{{"", `"a b"@example.org`}}},
		{"unicode address", "jürgen@köln.example", []Address{{"", "jürgen@köln.example"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parse(t, "To: "+tt.field+"\r\n\r\nx").To
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("To (got, want): %s", diff)
			}
		})
	}
}

func TestSenderIsCountedForTheGate(t *testing.T) {
	m := parse(t, "From: a@example.org\r\nFrom: b@example.org\r\nReturn-Path: <>\r\nDelivered-To: Support@Example.com\r\nX-Letterbox-Loop: 1\r\n\r\nx")
	if m.FromFields != 2 || m.From[0].Address != "a@example.org" || !hasDefect(m, DefectFrom) {
		t.Errorf("FromFields, From = %d, %v, want 2, the first, and a defect", m.FromFields, m.From)
	}
	if m.ReturnPath == nil || *m.ReturnPath != "" {
		t.Errorf("ReturnPath = %v, want the null sender", m.ReturnPath)
	}
	if diff := cmp.Diff(m.DeliveredTo, []string{"support@example.com"}); diff != "" {
		t.Errorf("DeliveredTo: %s", diff)
	}
	if diff := cmp.Diff(m.Loop, []string{"1"}); diff != "" {
		t.Errorf("Loop: %s", diff)
	}
}

func TestMessageIDsAreFound(t *testing.T) {
	tests := []struct {
		name, field string
		want        []string
	}{
		{"in brackets", "<a@example.org> <b@example.org>", []string{"a@example.org", "b@example.org"}},
		{"commas", "<a@example.org>,<b@example.org>", []string{"a@example.org", "b@example.org"}},
		{"no brackets", "a@example.org b@example.org", []string{"a@example.org", "b@example.org"}},
		{"no at sign", "<abc>", []string{"abc"}},
		{"bracket not closed", "<a@example.org <b@example.org>", []string{"a@example.org", "b@example.org"}},
		{"words around", `Your message of "Mon, 2 Nov" <a@example.org>`, []string{"a@example.org"}},
		{"twice the same", "<a@example.org> <a@example.org>", []string{"a@example.org"}},
		{"hostile", "<../../x@example.org>", []string{"../../x@example.org"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(parse(t, "References: "+tt.field+"\r\n\r\nx").References, tt.want); diff != "" {
				t.Errorf("References (got, want): %s", diff)
			}
		})
	}
}

func TestLongReferencesKeepTheirEnds(t *testing.T) {
	var b strings.Builder
	for i := range 1_000 {
		fmt.Fprintf(&b, " <%d@example.org>", i)
	}
	got := parse(t, "References:"+b.String()+"\r\n\r\nx").References
	if len(got) != maxMessageIDs || got[0] != "0@example.org" || got[len(got)-1] != "999@example.org" {
		t.Errorf("%d References from %s to %s, want %d from the oldest to the newest", len(got), got[0], got[len(got)-1], maxMessageIDs)
	}
}

func TestDatesAreRead(t *testing.T) {
	want := time.Date(2026, 11, 2, 9, 0, 5, 0, time.UTC)
	for _, field := range []string{
		"Mon, 02 Nov 2026 10:00:05 +0100", "2 Nov 2026 10:00:05 +0100", "Mon, 2 Nov 26 10:00:05 +0100 (CET)", "Mon Nov  2 09:00:05 2026", "Mo, 02 Nov 2026 10:00:05 MEZ", "2026-11-02T10:00:05+01:00", "2026-11-02 10:00:05 +0100",
		"Mon, 02-Nov-2026 10:00:05 +0100", "Mon, 02 Nov 2026 10.00.05 +0100", "Mon, 02 November 2026 10:00:05 +01:00", "Mon, 02 Nov 2026 10 : 00 : 05 +0100", "Mon, 2 Nov 2026 04:00:05 EST5EDT", "Mon, 02 Nov 2026 09:00:05 AM GMT", "Mo, 2. Nov. 2026 10:00:05 +0100",
	} {
		t.Run(field, func(t *testing.T) {
			if got := parse(t, "Date: "+field+"\r\n\r\nx").Date; !got.Equal(want) {
				t.Errorf("Date = %v, want %v", got, want)
			}
		})
	}
	for _, field := range []string{"", "yesterday", "99 Foo 2026", "Mon, 32 Nov 2026 10:00"} {
		t.Run("none in "+field, func(t *testing.T) {
			m := parse(t, "Date: "+field+"\r\n\r\nx")
			if !m.Date.IsZero() || !hasDefect(m, DefectDate) {
				t.Errorf("Date = %v, want none and a defect", m.Date)
			}
		})
	}
}

func TestFileNamesAreDecodedAndCleaned(t *testing.T) {
	tests := []struct{ name, params, want string }{
		{"plain", `filename="a b.pdf"`, "a b.pdf"},
		{"without quotes", `filename=a b.pdf`, "a b.pdf"},
		{"RFC 2231", `filename*=utf-8''%C3%9Cbersicht.pdf`, "Übersicht.pdf"},
		{"RFC 2231 in segments", "filename*0*=utf-8''%C3%9Cber;\r\n filename*1=\"sicht \";\r\n filename*2=2026.pdf", "Übersicht 2026.pdf"},
		{"segments out of order", `filename*1="b.pdf"; filename*0="a"`, "ab.pdf"},
		{"both forms", `filename="plain.pdf"; filename*=utf-8''%C3%9C.pdf`, "Ü.pdf"},
		{"encoded word", `filename="=?utf-8?q?=C3=9C.pdf?="`, "Ü.pdf"},
		{"raw Latin-1", "filename=\"\xdcbersicht.pdf\"", "Übersicht.pdf"},
		{"quote not closed", `filename="a.pdf`, "a.pdf"},
		{"escaped quote", `filename="a \"b\".pdf"`, `a "b".pdf`},
		{"path", `filename="../../etc/passwd"`, "passwd"},
		{"Windows path", `filename="C:\Users\anna\a.pdf"`, "a.pdf"},
		{"slash in words", `filename="Angebot 1/2.pdf"`, "Angebot 1_2.pdf"},
		{"leading dot", `filename=".htaccess"`, "htaccess"},
		{"hidden before the dot", "filename*=utf-8''%E2%80%8B.htaccess", "htaccess"},
		{"direction override", "filename*=utf-8''a%E2%80%AEgpj.exe", "agpj.exe"},
		{"device", `filename="con.txt"`, "_con.txt"},
		{"only dots", `filename="..."`, "attachment-1.pdf"},
		{"none", ``, "attachment-1.pdf"},
		{"too long", `filename="` + strings.Repeat("a", 300) + `.pdf"`, strings.Repeat("a", 251) + ".pdf"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Content-Type: application/pdf\r\nContent-Disposition: attachment; "+tt.params+"\r\n\r\nx")
			if len(m.Attachments) != 1 || m.Attachments[0].Name != tt.want {
				t.Errorf("Attachments = %v, want one named %q", m.Attachments, tt.want)
			}
		})
	}
}

func TestUniqueNamesNumberEqualOnes(t *testing.T) {
	got := UniqueNames([]Attachment{{Name: "a.pdf"}, {Name: "A.pdf"}, {Name: "a (2).pdf"}, {Name: "a.pdf"}, {Name: "b"}})
	want := []string{"a.pdf", "A (2).pdf", "a (2) (2).pdf", "a (3).pdf", "b"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("UniqueNames (got, want): %s", diff)
	}
}
