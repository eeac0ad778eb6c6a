package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInspectionIsTheContract(t *testing.T) {
	m := parse(t, mail("From: Anna <anna@example.org>", "To: support@example.com", "Subject: Drucker", "Date: Mon, 02 Nov 2026 10:00:00 +0100", "Message-ID: <a@example.org>", "", "Er geht nicht."))
	got, err := json.Marshal(Inspection{File: "a.eml", Message: m})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"file":"a.eml","message_id":"a@example.org","in_reply_to":[],"references":[],"subject":"Drucker","from":[{"name":"Anna","address":"anna@example.org"}],"to":[{"name":"","address":"support@example.com"}],"cc":[],"reply_to":[],"sender":null,` +
		`"text":"Er geht nicht.","reply":"Er geht nicht.","quoted":"","signature":"","html":"","attachments":[],"auto":{"generated":false,"reason":""},"bounce":null,"feedback_report":null,"list":false,"encrypted":"","signed":"","defects":[],"date":"2026-11-02T09:00:00Z"}`
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("JSON (got, want): %s", diff)
	}
}

func TestInspectionOfNothing(t *testing.T) {
	got, err := json.Marshal(Inspection{File: "x", Message: &Message{Bounce: &Bounce{}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"from":[]`, `"attachments":[]`, `"defects":[]`, `"references":[]`, `"date":""`, `"bounce":{"recipients":[],"original_message_id":""}`, `"sender":null`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("JSON = %s, want %s in it", got, want)
		}
	}
}

func TestReadableFormShowsWhatMatters(t *testing.T) {
	m := parse(t, mail("From: Anna <anna@example.org>", "Subject: Drucker \u202e", "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "Er geht nicht.", "", "-- ", "Anna", "--x", "Content-Type: application/pdf; name=a.pdf", "", "data", "--x--"))
	var b strings.Builder
	if err := WriteReadable(&b, m, "a.eml"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"File:        a.eml", "Subject:     Drucker", "From:        Anna <anna@example.org>", "Er geht nicht.", "--- Signature ---", "Attachment 1: a.pdf (application/pdf, 4 octets)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got %s\nwant %q in it", b.String(), want)
		}
	}
	if strings.Contains(b.String(), "\u202e") {
		t.Error("a character that turns text around is shown as it is")
	}
}
