package message

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are mails that grow in one dimension; size is where it starts to hurt a parser that is not linear.
var hostile = []struct {
	name  string
	size  int
	build func(n int) string
}{
	{"nested multiparts", 10_000, nestedMultiparts},
	{"parts", 50_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n) + "--b--\r\n"
	}},
	{"nested messages", 5_000, func(n int) string { return strings.Repeat("Content-Type: message/rfc822\r\n\r\n", n) + "\r\nx\r\n" }},
	{"header fields", 20_000, func(n int) string { return strings.Repeat("X-Filler: some words of no interest\r\n", n) + "\r\nx\r\n" }},
	{"folded header", 20_000, func(n int) string { return "Subject: x\r\n" + strings.Repeat(" more words\r\n", n) + "\r\nx\r\n" }},
	{"addresses", 20_000, func(n int) string { return "To: " + strings.Repeat("a <a@example.com>, ", n) + "\r\n\r\nx\r\n" }},
	{"open angle brackets", 100_000, func(n int) string { return "To: <a@b.example> " + strings.Repeat("<", n) + "\r\n\r\nx\r\n" }},
	{"open comments", 100_000, func(n int) string {
		return "To: " + strings.Repeat("(", n) + "\r\nContent-Type: " + strings.Repeat("(", n) + "\r\n\r\nx\r\n"
	}},
	{"open quotes", 100_000, func(n int) string { return "To: " + strings.Repeat("\",", n) + "\r\n\r\nx\r\n" }},
	{"at signs", 100_000, func(n int) string {
		return "To: " + strings.Repeat("@", n) + "\r\nFrom: " + strings.Repeat("a @ ", n) + "\r\n\r\nx\r\n"
	}},
	{"half encoded words", 50_000, func(n int) string { return "Subject: " + strings.Repeat("=?a?q?", n) + "\r\n\r\nx\r\n" }},
	{"encoded words", 20_000, func(n int) string { return "Subject: " + strings.Repeat("=?utf-8?q?a=C3?= ", n) + "\r\n\r\nx\r\n" }},
	{"parameters", 20_000, func(n int) string {
		return "Content-Type: text/plain" + strings.Repeat("; a*1*=b", n) + "\r\n\r\nx\r\n"
	}},
	{"quoted parameter", 50_000, func(n int) string {
		return "Content-Type: text/plain; name=\"" + strings.Repeat("a\" ", n) + "\r\n\r\nx\r\n"
	}},
	{"unquoted parameter", 50_000, func(n int) string {
		return "Content-Type: text/plain; name=" + strings.Repeat("a =", n) + "\r\n\r\nx\r\n"
	}},
	{"references", 50_000, func(n int) string {
		return "References: " + strings.Repeat("<a@b> ", n) + strings.Repeat("<", n) + "\r\n\r\nx\r\n"
	}},
	{"quoted lines", 100_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("> a\r\nb\r\n", n) }},
	{"attributions", 50_000, func(n int) string {
		return "Subject: x\r\n\r\n" + strings.Repeat("On Monday at 10:00 <a@b.example> said\r\n", n/4)
	}},
	{"labels", 50_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("From: a\r\n", n) }},
	{"colons", 50_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("wrote:\r\n", n) }},
	{"quote depth", 200_000, func(n int) string {
		return "Subject: x\r\nContent-Type: text/plain; format=flowed\r\n\r\n" + strings.Repeat(">", n) + " a \r\n"
	}},
	{"rules", 100_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("-- \r\n\r\n", n) }},
	{"one line", 1_000_000, func(n int) string { return "Subject: x\r\n\r\n" + strings.Repeat("word ", n) }},
	{"html divs", 50_000, func(n int) string { return htmlMail(strings.Repeat("<div>", n) + "x") }},
	{"html blockquotes", 50_000, func(n int) string { return htmlMail(strings.Repeat("<blockquote>a", n)) }},
	{"html lists", 50_000, func(n int) string { return htmlMail(strings.Repeat("<ul><li>a", n)) }},
	{"html tables", 30_000, func(n int) string { return htmlMail(strings.Repeat("<table border=1><tr><td>a<td>b", n)) }},
	{"html links", 30_000, func(n int) string { return htmlMail(strings.Repeat("<a href='http://a.example/'>b", n)) }},
	{"html end tags", 100_000, func(n int) string { return htmlMail(strings.Repeat("</p></b></x>", n)) }},
	{"html attributes", 50_000, func(n int) string { return htmlMail("<p " + strings.Repeat("style='color:red' title='a' ", n) + ">x") }},
	{"html entities", 200_000, func(n int) string { return htmlMail(strings.Repeat("&amp;&lt", n)) }},
	{"html brackets", 200_000, func(n int) string { return htmlMail(strings.Repeat("<", n)) }},
	{"html scripts", 50_000, func(n int) string { return htmlMail(strings.Repeat("<script>", n)) }},
	{"html comments", 50_000, func(n int) string { return htmlMail(strings.Repeat("<!--", n)) }},
	{"base64 junk", 500_000, func(n int) string { return "Content-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("=*a", n) }},
	{"quoted-printable junk", 500_000, func(n int) string {
		return "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat("= \t", n)
	}},
	{"uuencode", 50_000, func(n int) string {
		return "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n" + strings.Repeat("M\r\n", n)
	}},
	{"utf-7", 100_000, func(n int) string { return "Content-Type: text/plain; charset=utf-7\r\n\r\n" + strings.Repeat("+", n) }},
	{"delimiter lines", 100_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--c\r\n", n)
	}},
	{"bounce", 20_000, func(n int) string {
		return "From: MAILER-DAEMON@example.com\r\nSubject: Undelivered Mail\r\n\r\n" + strings.Repeat("<a@b.example>: could not be delivered 5.1.1\r\n", n)
	}},
	{"delivery status", 20_000, func(n int) string {
		return "Content-Type: message/delivery-status\r\n\r\n" + strings.Repeat("Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n", n)
	}},
	{"calendar", 20_000, func(n int) string {
		return "Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + strings.Repeat("ATTENDEE:mailto:a@b.example\r\n x\r\n", n)
	}},
	{"combining marks", 200_000, func(n int) string {
		return "Subject: a" + strings.Repeat("\u0301", n) + "\r\n\r\n" + strings.Repeat("\u0301", n)
	}},
}

func htmlMail(body string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\n" + body }

func nestedMultiparts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "\r\nx\r\n"
}

// Eight times the size may cost about eight times as much; a step that is quadratic costs sixty-four times. The best of
// several runs is compared, and what takes no time at all is not.
func TestHostileMailsCostNoMoreThanTheirSize(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			small, big := h.build(h.size/32), h.build(h.size/4)
			start := time.Now()
			m := parseOnce(t, big)
			first := time.Since(start)
			if m.Text == "" && m.Subject == "" && len(m.Attachments) == 0 && len(m.Defects) == 0 && len(m.References) == 0 {
				t.Error("nothing came out of the mail, not even a defect")
			}
			if first < 300*time.Millisecond {
				return
			}
			best := func(raw string) time.Duration {
				least := time.Hour
				for range 3 {
					start := time.Now()
					parseOnce(t, raw)
					least = min(least, time.Since(start))
				}
				return least
			}
			if took, before := best(big), best(small); took > 32*before {
				t.Errorf("%d octets took %v, %d octets %v: want at most 32 times as much", len(big), took, len(small), before)
			}
		})
	}
}

// Twice the size may allocate twice as much and what the last doubling of a buffer is ahead.
func TestHostileMailsAllocateNoMoreThanTheirSize(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			single, double := allocated(t, h.build(h.size/4)), allocated(t, h.build(h.size/2))
			if double > single*22/10+256<<10 {
				t.Errorf("twice the size allocated %d octets after %d, want at most 2.2 times as much", double, single)
			}
		})
	}
}

// allocated is how many octets one parse allocates in all, freed ones included.
func allocated(t *testing.T, raw string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	parseOnce(t, raw)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
