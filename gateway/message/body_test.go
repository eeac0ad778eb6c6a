package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(m *Message) []string {
	var out []string
	for _, a := range m.Attachments {
		out = append(out, a.Name)
	}
	return out
}

func TestBodiesAreFoundInBrokenMultiparts(t *testing.T) {
	tests := []struct {
		name, raw, text string
		attachments     []string
		defect          string
	}{
		{"no boundary parameter", mail("Content-Type: multipart/mixed", "", "--x", "Content-Type: text/plain", "", "hello", "--x", "Content-Type: image/png; name=a.png", "", "data", "--x--"), "hello", []string{"a.png"}, DefectBoundary},
		{"wrong boundary", mail("Content-Type: multipart/mixed; boundary=y", "", "--x", "Content-Type: text/plain", "", "hello", "--x--"), "hello", nil, DefectBoundary},
		{"no part at all", mail("Content-Type: multipart/mixed; boundary=y", "", "just words"), "just words", nil, DefectBoundary},
		{"no end", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "hello", "--x", "Content-Type: image/png; name=a.png", "", "data"), "hello", []string{"a.png"}, DefectUnclosed},
		{"inner one without its end", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: multipart/alternative; boundary=y", "", "--y", "", "hello", "--x", "Content-Type: image/png; name=a.png", "", "data", "--x--"), "hello", []string{"a.png"}, DefectUnclosed},
		{"boundary that begins like another", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: multipart/mixed; boundary=xx", "", "--xx", "", "one", "--xx--", "--x", "", "two", "--x--"), "one\n\ntwo", nil, ""},
		{"part without a header", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "hello", "--x--"), "hello", nil, ""},
		{"part without even an empty line", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "hello there", "again", "--x--"), "hello there\nagain", nil, DefectHeaderEnd},
		{"blank behind the delimiter", mail("Content-Type: multipart/mixed; boundary=x", "", "--x  ", "", "hello", "--x--\t"), "hello", nil, ""},
		{"text behind the end", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "hello", "--x--", "epilogue"), "hello", nil, ""},
		{"a part behind the end", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "hello", "--x--", "", "--x", "Content-Type: image/png; name=a.png", "", "data", "--x--"), "hello", []string{"a.png"}, DefectBoundary},
		{"one boundary for both", mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: multipart/alternative; boundary=x", "", "--x", "", "hello", "--x", "Content-Type: text/html", "", "<p>hello</p>", "--x--", "--x", "Content-Type: image/png; name=a.png", "", "data", "--x--"), "hello", []string{"a.png"}, ""},
		{"half a type", mail("Content-Type: text", "", "hello"), "hello", nil, ""},
		{"unreadable type", mail("Content-Type: ???", "", "hello"), "hello", nil, DefectContentType},
		{"unknown transfer encoding", mail("Content-Transfer-Encoding: zip", "", "hello"), "hello", nil, DefectTransferEncoding},
		{"misspelt transfer encoding", mail("Content-Transfer-Encoding: Quoted Printable", "", "h=65llo"), "hello", nil, ""},
		{"base64 with rubbish", mail("Content-Transfer-Encoding: base64", "", "aGVs!!", "bG8=", "trailing"), "hello", nil, DefectBase64},
		{"broken quoted-printable", mail("Content-Transfer-Encoding: quoted-printable", "", "100 =% h=65llo =", "end="), "100 =% hello end", nil, DefectQuotedPrintable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw)
			if got := m.Text; got != tt.text && !(tt.name == "base64 with rubbish" && strings.HasPrefix(got, tt.text)) {
				t.Errorf("Text = %q, want %q", got, tt.text)
			}
			if diff := cmp.Diff(names(m), tt.attachments); diff != "" {
				t.Errorf("attachments (got, want): %s", diff)
			}
			if tt.defect != "" && !hasDefect(m, tt.defect) {
				t.Errorf("Defects = %v, want %s", m.Defects, tt.defect)
			}
		})
	}
}

func TestTextIsChosen(t *testing.T) {
	alt := func(parts ...string) string {
		return "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n" + strings.Join(parts, "\r\n--x\r\n") + "\r\n--x--\r\n"
	}
	plain := func(s string) string { return "Content-Type: text/plain\r\n\r\n" + s }
	html := func(s string) string { return "Content-Type: text/html\r\n\r\n" + s }
	tests := []struct{ name, raw, text, html string }{
		{"plain before HTML", alt(plain("plain"), html("<p>rich</p>")), "plain", "<p>rich</p>"},
		{"HTML before plain", alt(html("<p>rich</p>"), plain("plain")), "plain", "<p>rich</p>"},
		{"empty plain", alt(plain("  "), html("<p>rich</p>")), "rich", "<p>rich</p>"},
		{"HTML only", html("<p>one</p><p>two</p>"), "one\n\ntwo", "<p>one</p><p>two</p>"},
		{"the same twice in a row", strings.Replace(alt(plain("the same words here"), html("<p>the same words here</p>")), "alternative", "mixed", 1), "the same words here", "<p>the same words here</p>"},
		{"two different texts", strings.Replace(alt(plain("one"), plain("two")), "alternative", "mixed", 1), "one\n\ntwo", ""},
		{"related with a picture", alt(plain("plain"), "Content-Type: multipart/related; boundary=y\r\n\r\n--y\r\n"+html(`<img src="cid:a@b">`)+"\r\n--y\r\nContent-Type: image/png\r\nContent-ID: <a@b>\r\n\r\ndata\r\n--y--"), "plain", `<img src="cid:a@b">`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw)
			if m.Text != tt.text || m.HTML != tt.html {
				t.Errorf("Text, HTML = %q, %q, want %q, %q", m.Text, m.HTML, tt.text, tt.html)
			}
		})
	}
}

func TestOnlyPicturesThatTheHTMLShowsAreInline(t *testing.T) {
	part := func(id, disposition string) string {
		return "--x\r\nContent-Type: image/png\r\nContent-ID: <" + id + ">\r\nContent-Disposition: " + disposition + "\r\n\r\ndata\r\n"
	}
	m := parse(t, "Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:a@b\"><img src='CID:c%40d'><img src=cid:e>\r\n"+part("a@b", "inline")+part("c@d", "inline")+part("e", "attachment")+part("unseen", "inline")+"--x--\r\n")
	var got []bool
	for _, a := range m.Attachments {
		got = append(got, a.Inline)
	}
	if diff := cmp.Diff(got, []bool{true, true, false, false}); diff != "" {
		t.Errorf("Inline (got, want): %s", diff)
	}
}

func TestPanicInAStepIsADefect(t *testing.T) {
	p := &parser{m: newMessage()}
	p.guard("step", func() { panic("broken") })
	if !hasDefect(p.m, DefectInternal) {
		t.Errorf("Defects = %v, want internal", p.m.Defects)
	}
}

func TestFlowedTextIsJoined(t *testing.T) {
	m := parse(t, "Content-Type: text/plain; format=flowed\r\n\r\nThis is one \r\nparagraph.\r\n\r\n> quoted \r\n> words\r\n>> deeper\r\n  stuffed\r\n-- \r\nAnna\r\n")
	want := "This is one paragraph.\n\n> quoted words\n>> deeper\n stuffed\n-- \nAnna"
	if m.Text != want {
		t.Errorf("Text = %q, want %q", m.Text, want)
	}
	m = parse(t, "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nDonau \r\ndampfschiff\r\n")
	if want := "Donaudampfschiff"; m.Text != want {
		t.Errorf("Text with DelSp = %q, want %q", m.Text, want)
	}
}

func TestEnrichedTextIsReadable(t *testing.T) {
	m := parse(t, "Content-Type: text/enriched\r\n\r\n<bold>Now</bold> is <color><param>red</param>the</color> time<nl>a << b\r\n")
	if want := "Now is the time\na < b"; m.Text != want {
		t.Errorf("Text = %q, want %q", m.Text, want)
	}
}

func TestCharsetsAreDecoded(t *testing.T) {
	tests := []struct{ name, charset, octets, want string }{
		{"UTF-8", "utf-8", "Gr\xc3\xbc\xc3\x9fe", "Grüße"},
		{"Latin-1", "iso-8859-1", "Gr\xfc\xdfe \x80", "Grüße €"},
		{"none, UTF-8", "", "Gr\xc3\xbc\xc3\x9fe", "Grüße"},
		{"none, Latin-1", "", "Gr\xfc\xdfe", "Grüße"},
		{"ASCII that is Latin-1", "us-ascii", "Gr\xfc\xdfe", "Grüße"},
		{"UTF-8 that is Latin-1", "utf-8", "Sch\xf6ne Gr\xfc\xdfe", "Schöne Grüße"},
		{"Latin-1 that is UTF-8", "iso-8859-1", "Gr\xc3\xbc\xc3\x9fe", "Grüße"},
		{"UTF-8 cut in a character", "utf-8", "Gr\xc3\xbc\xc3\x9fe \xc3\xa4\xc3\xb6\xc3\xbc \xc3", "Grüße äöü \ufffd"},
		{"unknown label", "x-nothing", "Gr\xfc\xdfe", "Grüße"},
		{"label with a locale", "de_DE.UTF-8", "Gr\xc3\xbc\xc3\x9fe", "Grüße"},
		{"label in quotes", "'utf-8'", "Gr\xc3\xbc\xc3\x9fe", "Grüße"},
		{"underscores", "iso8859_15", "\xa4", "€"},
		{"code page", "cp850", "Gr\x81\xe1e", "Grüße"},
		{"Windows-1251", "windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"KOI8-R without a label", "", "\xf0\xd2\xc9\xd7\xc5\xd4, \xcb\xc1\xcb \xc4\xc5\xcc\xc1", "Привет, как дела"},
		{"Shift_JIS", "cp932", "\x93\xfa\x96{\x8c\xea", "日本語"},
		{"EUC-JP", "eucjp", "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
		{"ISO-2022-JP", "iso-2022-jp", "\x1b$BF|K\\8l\x1b(B", "日本語"},
		{"GBK named GB2312", "gb2312", "\xd6\xd0\xce\xc4", "中文"},
		{"HZ", "hz-gb-2312", "~{VPND~}", "中文"},
		{"Korean", "ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "한글"},
		{"ISO-2022-KR", "iso-2022-kr", "\x1b$)C\x0eGQ1[\x0f!", "한글!"},
		{"UTF-7", "utf-7", "Gr+APwA3w-e", "Grüße"},
		{"UTF-16", "utf-16", "\xfe\xff\x00G\x00r\x00\xfc", "Grü"},
		{"UTF-16 without a mark", "utf-16", "G\x00r\x00\xfc\x00", "Grü"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head := "Content-Type: text/plain\r\n\r\n"
			if tt.charset != "" {
				head = fmt.Sprintf("Content-Type: text/plain; charset=\"%s\"\r\n\r\n", tt.charset)
			}
			if got := parse(t, head+tt.octets).Text; got != tt.want {
				t.Errorf("Text = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUndeclaredEastAsianTextIsRecognised(t *testing.T) {
	tests := map[string]struct{ set, text string }{
		"Japanese, Shift_JIS": {"shift_jis", "お世話になっております。プリンターが動きません。よろしくお願いいたします。"},
		"Japanese, EUC-JP":    {"euc-jp", "お世話になっております。プリンターが動きません。よろしくお願いいたします。"},
		"Chinese":             {"gb18030", "您好，打印机从星期一开始就不能用了，请帮忙检查一下，谢谢。"},
		"Korean":              {"euc-kr", "안녕하세요. 프린터가 월요일부터 작동하지 않습니다. 확인 부탁드립니다."},
		"Russian":             {"windows-1251", "Здравствуйте, принтер не работает с понедельника. Проверьте, пожалуйста."},
		"German":              {"windows-1252", "Der Drucker läuft nicht, bitte prüfen Sie die Größe. Schöne Grüße"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			octets, err := charset(tt.set).enc.NewEncoder().Bytes([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := parse(t, "Subject: x\r\n\r\n"+string(octets)).Text; got != tt.text {
				t.Errorf("Text = %q, want %q", got, tt.text)
			}
		})
	}
}

func TestInvitationIsReadOut(t *testing.T) {
	m := parse(t, mail("Content-Type: text/calendar; method=REQUEST; charset=utf-8", "", "BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VTIMEZONE", "TZID:X", "END:VTIMEZONE", "BEGIN:VEVENT",
		"SUMMARY:Wartung des Druckers\\, Teil", "  2", "DTSTART;TZID=Europe/Berlin:20261102T100000", "DTEND;TZID=Europe/Berlin:20261102T113000", "LOCATION:Raum 4", "ORGANIZER;CN=Anna Schmidt:mailto:anna@example.org",
		"ATTENDEE;CN=\"Doe: Jane\":mailto:jane@example.com", "BEGIN:VALARM", "DESCRIPTION:no", "END:VALARM", "DESCRIPTION:Bitte kommen.\\nDanke", "END:VEVENT", "END:VCALENDAR"))
	want := "Wartung des Druckers, Teil 2\n2026-11-02 10:00 – 11:30 (Europe/Berlin)\nRaum 4\nAnna Schmidt <anna@example.org>\nDoe: Jane <jane@example.com>\n\nBitte kommen.\nDanke"
	if m.Text != want {
		t.Errorf("Text = %q, want %q", m.Text, want)
	}
	if m.Invitation == nil || m.Invitation.Method != "REQUEST" {
		t.Errorf("Invitation = %+v, want a request", m.Invitation)
	}
	if diff := cmp.Diff(names(m), []string{"invitation.ics"}); diff != "" {
		t.Errorf("attachments (got, want): %s", diff)
	}
}

func TestNestedMessages(t *testing.T) {
	inner := mail("Subject: The inner one", "Content-Type: text/plain", "", "inner words")
	t.Run("beside text are attachments", func(t *testing.T) {
		m := parse(t, mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "outer words", "--x", "Content-Type: message/rfc822", "", inner+"--x--"))
		if m.Text != "outer words" {
			t.Errorf("Text = %q, want the outer words alone", m.Text)
		}
		if diff := cmp.Diff(names(m), []string{"The inner one.eml"}); diff != "" {
			t.Errorf("attachments (got, want): %s", diff)
		}
	})
	t.Run("alone are read out", func(t *testing.T) {
		m := parse(t, mail("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "", inner+"--x--"))
		if m.Text != "inner words" {
			t.Errorf("Text = %q, want the inner words", m.Text)
		}
	})
	t.Run("as the whole mail are opened", func(t *testing.T) {
		m := parse(t, mail("Subject: outer", "Content-Type: message/rfc822", "")+inner)
		if m.Text != "inner words" || m.Subject != "outer" {
			t.Errorf("Text, Subject = %q, %q, want the inner words, outer", m.Text, m.Subject)
		}
	})
}

func TestInvitationIsSummarisedBesideATextOfItsOwn(t *testing.T) {
	event := []string{"BEGIN:VEVENT", "SUMMARY:Wartung", "LOCATION:Raum 4", "DTSTART:20261102T100000Z", "DESCRIPTION:Bitte kommen", strings.Repeat("ATTENDEE:mailto:a@example.com\r\n", 12) + "END:VEVENT"}
	alone := parse(t, mail(append([]string{"Content-Type: text/calendar", ""}, event...)...))
	if got := alone.InvitationSummary(); got != "" {
		t.Errorf("summary = %q, want none beside the text %q", got, alone.Text)
	}
	beside := parse(t, mail(append([]string{"Content-Type: multipart/mixed; boundary=x", "", "--x", "", "Siehe Termin.", "--x", "Content-Type: text/calendar", ""}, append(event, "--x--")...)...))
	want := "Wartung\n2026-11-02 10:00 UTC\nRaum 4\n" + strings.Repeat("a@example.com\n", 10) + "… (12)"
	if got := beside.InvitationSummary(); got != want || beside.Text != "Siehe Termin." {
		t.Errorf("Text, summary = %q, %q, want the text alone and %q", beside.Text, got, want)
	}
}
