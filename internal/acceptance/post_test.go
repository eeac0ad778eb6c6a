package acceptance_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"letterbox/internal/mailtest"
)

// letter is a mail and what it has to become.
type letter struct {
	kind   string
	raw    []byte
	copyOf int // Index of the letter whose octets it has, delivered once more; -1 for others.
	want   outcome
}

// outcome is what people see of a mail in the end.
type outcome struct {
	State, Reason string
	Issue         int64    // Of an issue or a comment.
	Title         string   // Of a new issue.
	Text          string   // A part of the text of the issue or comment.
	Files         []string // "name size sha256", sorted.
}

// post writes mails and keeps in mind what they have to become, one after the other.
type post struct {
	letters []letter
	issues  int64 // Made so far.
	makers  []string
	serial  int
}

// writePost writes so many mails of each of 25 kinds, and replies.
func writePost(rounds int) []letter {
	p := &post{}
	for range rounds {
		p.round()
	}
	last := p.issues
	for n := int64(1); n <= last; n += 6 {
		p.add("late reply", p.makers[n-1], "Re: [#"+fmt.Sprint(n)+"] once more", nil, plain("A late word on it."), commented(n, "A late word on it."))
	}
	return p.letters
}

const (
	anna  = "Anna Arndt <anna@kunde.example>"
	bernd = `"Bernd, Einkauf" <bernd@kunde.example>`
	eve   = "Eve <eve@elsewhere.example>"
)

// body is the part of a mail from its MIME header on.
type body string

func plain(text string) body {
	return body("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text + "\n")
}

func created(title, text string, files ...string) outcome {
	slices.Sort(files)
	return outcome{State: "created", Reason: "accepted_new", Title: title, Text: text, Files: files}
}

func commented(n int64, text string) outcome {
	return outcome{State: "commented", Reason: "accepted_comment", Issue: n, Text: text}
}

func kept(state, reason string) outcome { return outcome{State: state, Reason: reason} }

// file describes an attachment as it has to arrive.
func file(name string, content []byte) string {
	return fmt.Sprintf("%s %d %x", name, len(content), sha256.Sum256(content))
}

// add writes a mail with the usual header; more are further header lines, and "-NAME" leaves a usual one out.
func (p *post) add(kind, from, subject string, more []string, b body, want outcome) {
	p.serial++
	head := ""
	for _, f := range []struct{ name, value string }{
		{"From", from}, {"To", "support@here.example"}, {"Subject", subject}, {"Date", fmt.Sprintf("Mon, 02 Nov 2026 10:%02d:%02d +0100", p.serial/60%60, p.serial%60)},
		{"Message-ID", p.id(p.serial)},
	} {
		if !slices.Contains(more, "-"+f.name) {
			head += f.name + ": " + f.value + "\n"
		}
	}
	for _, line := range more {
		if !strings.HasPrefix(line, "-") {
			head += line + "\n"
		}
	}
	if want.State == "created" {
		p.issues++
		p.makers = append(p.makers, from)
		want.Issue = p.issues
	}
	raw := strings.ReplaceAll(head+string(b), "\n", "\r\n")
	p.letters = append(p.letters, letter{kind: kind, raw: []byte(raw), copyOf: -1, want: want})
}

func (p *post) id(serial int) string { return fmt.Sprintf("<mail-%d@kunde.example>", serial) }

// round writes one mail of each kind.
func (p *post) round() {
	n := p.serial
	pdf := []byte(fmt.Sprintf("%%PDF-1.4 %d\n\x00\x01\x02\xfe\xff%s", n, strings.Repeat("octets\r\n", 400)))
	csv := []byte(fmt.Sprintf("a;b\r\n%d;ä\r\n", n))
	png := []byte(fmt.Sprintf("\x89PNG\r\n\x1a\n%d", n))
	first := len(p.letters)
	p.add("plain", anna, fmt.Sprintf("Printer %d burns", n), nil, plain("It burns.\n\n.\n..\nFrom here on it is dark."), created(fmt.Sprintf("Printer %d burns", n), "From here on it is dark."))
	root, rootID := p.issues, p.id(p.serial)
	p.add("umlauts", anna, "=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?= =?utf-8?b?4oCTIOKCrA==?=", nil, plain("Schöne Grüße, 10 €."), created("Grüße aus Köln– €", "Schöne Grüße, 10 €."))
	p.add("latin-1", bernd, "=?iso-8859-1?Q?=DCbersicht?=", nil, "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nDie =DCbersicht f=\n=FCr Sie.\n", created("Übersicht", "Die Übersicht für Sie."))
	p.add("html", bernd, "AW: Only HTML", nil, "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>The <b>red</b> lamp</p><script>alert(1)</script></body></html>\n", created("Only HTML", "red"))
	p.add("alternative", anna, "Fwd: Re: Two versions", nil, multipart("alternative", "Content-Type: text/plain\n\nthe plain version\n", "Content-Type: text/html\n\n<p>the <i>other</i> version</p>\n"), created("Two versions", "the plain version"))
	p.add("attachments", bernd, "Files", nil, multipart("mixed", "Content-Type: text/plain\n\nsee below\n",
		"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht%20M%C3%A4rz.pdf\nContent-Transfer-Encoding: base64\n\n"+wrapped(pdf),
		"Content-Type: text/csv; name=\"=?utf-8?q?Ger=C3=A4te.csv?=\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n"+wrapped(csv)),
		created("Files", "see below", file("Übersicht März.pdf", pdf), file("Geräte.csv", csv)))
	p.add("picture", anna, "A picture", nil, multipart("related", "Content-Type: text/html\n\n<p>look: <img src=\"cid:pic@x\"></p>\n",
		"Content-Type: image/png; name=pic.png\nContent-ID: <pic@x>\nContent-Disposition: inline; filename=pic.png\nContent-Transfer-Encoding: base64\n\n"+wrapped(png)),
		created("A picture", "look:", file("pic.png", png)))
	p.add("no message id", anna, fmt.Sprintf("Nameless %d", n), []string{"-Message-ID"}, plain("I have no name."), created(fmt.Sprintf("Nameless %d", n), "I have no name."))
	p.add("broken header", bernd, "Broken", []string{"this line has no colon", "X-Sch\xf6n: 8-bit name", "Content-Type"}, "\nStill readable.\n", created("Broken", "Still readable."))
	p.add("control characters", anna, "Odd octets", nil, "MIME-Version: 1.0\nContent-Type: text/plain\n\nbefore\x00after \xfc\x01 end\n", created("Odd octets", "before"))
	p.add("no subject", anna, "", []string{"-Subject"}, plain("Nothing above."), created("", "Nothing above."))
	p.add("reply by number", anna, fmt.Sprintf("AW: [Support #%d] Printer", root), nil, plain("It still burns.\n\n> It burns."), commented(root, "It still burns."))
	p.add("reply by header", anna, "Something else", []string{"In-Reply-To: " + rootID}, plain("And now it is out."), commented(root, "And now it is out."))
	p.add("reply by references", anna, "Another", []string{"References: <none@x.example> " + rootID}, plain("It smells."), commented(root, "It smells."))
	p.add("reply of a stranger to the issue", bernd, fmt.Sprintf("Re: [#%d] Printer", root), nil, plain("Let me in."), created("Printer", "Let me in."))
	p.add("automatic answer", anna, "Out of office", []string{"Auto-Submitted: auto-replied"}, plain("I am away."), kept("ignored", "auto_reply"))
	p.add("bounce", "Mail System <mailer-daemon@kunde.example>", "Undelivered Mail", nil, body(strings.Replace(string(multipart("report", "Content-Type: text/plain\n\nNo such user.\n",
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.kunde.example\n\nFinal-Recipient: rfc822; gone@kunde.example\nAction: failed\nStatus: 5.1.1\n")), "multipart/report", "multipart/report; report-type=delivery-status", 1)), kept("ignored", "bounce"))
	p.add("list", anna, "[news] Monday", []string{"List-Id: News <news.kunde.example>", "Precedence: list"}, plain("All the news."), kept("ignored", "mailing_list"))
	p.add("unknown sender", eve, "Let me in", nil, plain("Please."), kept("rejected", "unknown_sender"))
	p.add("blocked sender", "Spam <x@spam.example>", "Buy", nil, plain("Buy."), kept("rejected", "sender_blocked"))
	p.add("no sender", "", "Nobody", []string{"-From"}, plain("Who am I?"), kept("rejected", "sender_unreadable"))
	p.add("message id used again", bernd, fmt.Sprintf("Not the same %d", n), []string{"-Message-ID", "Message-ID: " + rootID}, plain("Other words."), created(fmt.Sprintf("Not the same %d", n), "Other words."))
	p.add("long lines", bernd, "Long", nil, plain(strings.Repeat("word ", 1500)+"the end"), created("Long", "the end"))
	p.add("own mail", "Support <support@here.example>", "From ourselves", nil, plain("An echo."), kept("ignored", "own_mail"))
	p.letters = append(p.letters, letter{kind: "delivered twice", copyOf: first, want: kept("duplicate", "duplicate")})
}

func multipart(kind string, parts ...string) body {
	b := "MIME-Version: 1.0\nContent-Type: multipart/" + kind + "; boundary=\"=_limit\"\n\nThis is a multipart message.\n"
	for _, part := range parts {
		b += "--=_limit\n" + part
	}
	return body(b + "--=_limit--\n")
}

func wrapped(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text + "\n"
}

// deliver hands the letters to a server, in their order, and returns how it holds them.
func deliver(t *testing.T, d *mailtest.Dovecot, login string, letters []letter) []held {
	t.Helper()
	client := openMailClient(t, d.IMAPAddr, login)
	var waiting [][]byte
	flush := func() {
		t.Helper()
		if len(waiting) > 0 {
			if err := d.Deliver(login, waiting...); err != nil {
				t.Fatal(err)
			}
		}
		waiting = nil
	}
	for _, l := range letters {
		if l.copyOf < 0 {
			waiting = append(waiting, l.raw)
			continue
		}
		flush()
		client.add("INBOX", "", client.messages("INBOX")[l.copyOf].raw)
	}
	flush()
	all := client.messages("INBOX")
	if len(all) != len(letters) {
		t.Fatalf("the server holds %d messages, want %d", len(all), len(letters))
	}
	return all
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
