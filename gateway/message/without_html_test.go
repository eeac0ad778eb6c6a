package message

import (
	"strings"
	"testing"
)

func TestTextIsFoundWithoutHTML(t *testing.T) {
	const raw = "From: a@x.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>you</b></p>"
	for _, without := range []bool{false, true} {
		m, err := Parse(strings.NewReader(raw), Options{WithoutHTML: without})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.Text, "you") {
			t.Errorf("without HTML %v: text is %q", without, m.Text)
		}
		if got := m.HTML == ""; got != without {
			t.Errorf("without HTML %v: HTML is %q", without, m.HTML)
		}
	}
}
