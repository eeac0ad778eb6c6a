package message

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// mail joins lines with CRLF.
func mail(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// parse reads a mail from a reader and from memory.
func parse(t *testing.T, raw string) *Message {
	t.Helper()
	m := parseOnce(t, raw)
	sameFromMemory(t, m, raw)
	return m
}

func parseOnce(t *testing.T, raw string) *Message {
	t.Helper()
	m, err := Parse(strings.NewReader(raw), Options{})
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return m
}

// sameFromMemory checks that a mail in memory reads as m, is not changed, and that nothing of it is kept: its memory is
// used for other mail afterwards.
func sameFromMemory(t *testing.T, m *Message, raw string) {
	t.Helper()
	octets := []byte(raw)
	again, err := ParseOctets(octets, Options{})
	if err != nil {
		t.Fatalf("ParseOctets: %v", err)
	}
	if string(octets) != raw {
		t.Error("ParseOctets has changed the mail")
	}
	for i := range octets {
		octets[i] = '#'
	}
	if !reflect.DeepEqual(m, again) {
		t.Errorf("ParseOctets (-from a reader +from memory):\n%s", cmp.Diff(m, again, cmp.Exporter(func(reflect.Type) bool { return true })))
	}
}

func TestParseReadsAnOrdinaryMail(t *testing.T) {
	m := parse(t, mail(
		"From: =?utf-8?q?J=C3=BCrgen_Wei=C3=9F?= <juergen@example.org>",
		"To: Support <support@example.com>, \"Doe, Jane\" <jane@example.com>",
		"Subject: =?utf-8?b?RHJ1Y2tlciBsw6R1ZnQ=?= nicht",
		"Date: Mon, 02 Nov 2026 10:00:00 +0100",
		"Message-ID: <a1@example.org>",
		"References: <r1@example.com> <r2@example.com>",
		"MIME-Version: 1.0",
		"Content-Type: multipart/mixed; boundary=\"b1\"",
		"",
		"This is a preamble.",
		"--b1",
		"Content-Type: multipart/alternative; boundary=b2",
		"",
		"--b2",
		"Content-Type: text/plain; charset=iso-8859-1",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"Der Drucker l=E4uft=",
		" nicht.",
		"--b2",
		"Content-Type: text/html; charset=utf-8",
		"",
		"<p>Der Drucker l&auml;uft <b>nicht</b>.</p><script>alert(1)</script>",
		"--b2--",
		"--b1",
		"Content-Type: application/pdf; name=\"=?utf-8?q?=C3=9Cbersicht.pdf?=\"",
		"Content-Disposition: attachment",
		"Content-Transfer-Encoding: base64",
		"",
		"JVBERi0xLjQK",
		"--b1--",
	))
	if got, want := m.Subject, "Drucker läuft nicht"; got != want {
		t.Errorf("Subject = %q, want %q", got, want)
	}
	if diff := cmp.Diff(m.To, []Address{{"Support", "support@example.com"}, {"Doe, Jane", "jane@example.com"}}); diff != "" {
		t.Errorf("To: %s", diff)
	}
	if diff := cmp.Diff(m.From, []Address{{"Jürgen Weiß", "juergen@example.org"}}); diff != "" {
		t.Errorf("From: %s", diff)
	}
	if got, want := m.Text, "Der Drucker läuft nicht."; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
	if got, want := m.HTML, "<p>Der Drucker läuft <b>nicht</b>.</p>"; got != want {
		t.Errorf("HTML = %q, want %q", got, want)
	}
	want := []Attachment{{Name: "Übersicht.pdf", ContentType: "application/pdf", Size: 9, SHA256: "e5c62df5dab5c87b6a015ef3d43597074d1eec433b15f51aec63b8582d0e4ab4"}}
	if diff := cmp.Diff(m.Attachments, want); diff != "" {
		t.Errorf("Attachments: %s", diff)
	}
	if len(m.Defects) > 0 {
		t.Errorf("Defects = %v, want none", m.Defects)
	}
}

func TestParseReportsTheErrorOfTheReader(t *testing.T) {
	broken := errors.New("connection lost")
	_, err := Parse(io.MultiReader(strings.NewReader("Subject: x\r\n\r\nbody"), iotest.ErrReader(broken)), Options{})
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
}

type failingSink struct{}

var errDisk = errors.New("disk full")

func (failingSink) Write([]byte) (int, error) { return 0, errDisk }
func (failingSink) Close() error              { return nil }

func TestParseReportsTheErrorOfTheSink(t *testing.T) {
	raw := mail("Subject: x", "Content-Type: application/pdf", "", "data")
	_, err := Parse(strings.NewReader(raw), Options{Sink: func(int) (io.WriteCloser, error) { return failingSink{}, nil }})
	if !errors.Is(err, ErrSink) || !errors.Is(err, errDisk) {
		t.Errorf("error = %v, want ErrSink with the cause", err)
	}
}
