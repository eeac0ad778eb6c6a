package outbound

import (
	"mime"
	"strings"
	"testing"
)

func TestAddressesBeyondASCIIAreWrittenAsServersCanTakeThem(t *testing.T) {
	tests := []struct {
		address, wire         string
		sendable, plain, utf8 bool
	}{
		{"erika@kunde.example", "erika@kunde.example", true, true, false},
		{"erika@bücher.example", "erika@xn--bcher-kva.example", true, false, false},
		{"erika@xn--bcher-kva.example", "erika@xn--bcher-kva.example", true, true, false},
		{"jörg@kunde.example", "jörg@kunde.example", true, false, true},
		{"jörg@bücher.example", "jörg@xn--bcher-kva.example", true, false, true},
		{"用户@例子.example", "用户@xn--fsqu00a.example", true, false, true},
		{"j\u202eg@kunde.example", "", false, false, false},
		{"j\u00a0g@kunde.example", "", false, false, false},
		{"jörg@kun de.example", "", false, false, false},
		{"jörg@kunde.example\r\nRCPT TO:<eve@evil.example>", "", false, false, false},
		{"a@\u2028.example", "", false, false, false},
		{strings.Repeat("ö", 33) + "@kunde.example", "", false, false, false}, // 66 octets.
	}
	for _, test := range tests {
		wire, ok := onWire(test.address)
		if ok != test.sendable || ok && wire != test.wire || Sendable(test.address) != test.sendable || Plain(test.address) != test.plain || NeedsUTF8(test.address) != test.utf8 {
			t.Errorf("%q: got %q %v, sendable %v, plain %v, needs SMTPUTF8 %v; want %+v", test.address, wire, ok, Sendable(test.address), Plain(test.address), NeedsUTF8(test.address), test)
		}
	}
}

// A mail to somebody with an ordinary address has an ASCII header whoever else gets it, or servers on the way refuse it.
func TestHeaderIsBeyondASCIIOnlyWhereTheRecipientIs(t *testing.T) {
	m := plain()
	m.Cc = []Address{{"Jörg", "jörg@bücher.example"}, {"", "erika@bücher.example"}}
	got, raw := written(t, m)
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	if !isASCII(head) {
		t.Errorf("the header is beyond ASCII:\n%s", head)
	}
	cc := got.Header.Get("Cc")
	group, rest, _ := strings.Cut(cc, " :;, ")
	shown, err := new(mime.WordDecoder).DecodeHeader(group)
	if err != nil || shown != "jörg@bücher.example" || rest != "<erika@xn--bcher-kva.example>" {
		t.Errorf("Cc = %q (%q, %v), want a group of that name and the other address", cc, shown, err)
	}
	m.UTF8 = true
	if _, raw := written(t, m); !strings.Contains(raw, "<jörg@xn--bcher-kva.example>") {
		t.Errorf("the address is not written as it is:\n%s", raw)
	}
}
