package outbound

import (
	"crypto/sha1"
	"errors"
	"testing"
)

// The example of RFC 5802, 5.
func TestScramFollowsTheStandard(t *testing.T) {
	s := &scram{name: "SCRAM-SHA-1", hash: sha1.New, user: "user", password: "pencil", nonce: "fyko+d2lbbFgONRv9qkxdawL"}
	name, first, err := s.Start()
	if err != nil || name != "SCRAM-SHA-1" || string(first) != "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL" {
		t.Fatalf("Start = %s, %s, %v", name, first, err)
	}
	got, err := s.Next([]byte("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"))
	want := "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
	if err != nil || string(got) != want {
		t.Fatalf("proof = %s, %v, want %s", got, err, want)
	}
	if end, err := s.Next([]byte("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")); err != nil || end == nil {
		t.Errorf("end = %v, %v, want an empty answer", end, err)
	}
}

func TestScramRefusesAServerThatDoesNotKnowThePassword(t *testing.T) {
	for _, script := range [][]string{
		{"r=other,s=QSXCR+Q6sek8bf92,i=4096"}, {"r=mine,s=QSXCR+Q6sek8bf92,i=4096"}, {"r=mineX,s=!,i=4096"}, {"r=mineX,s=QSXCR+Q6sek8bf92,i=0"},
		{"r=mineX,s=QSXCR+Q6sek8bf92,i=99999999"}, {""}, {"r=mineX,s=QSXCR+Q6sek8bf92,i=1", "v=AAAA"}, {"r=mineX,s=QSXCR+Q6sek8bf92,i=1", "e=other-error"},
	} {
		s := &scram{name: "SCRAM-SHA-1", hash: sha1.New, user: "a,b=c", password: "x", nonce: "mine"}
		var err error
		if _, _, err = s.Start(); err != nil {
			t.Fatal(err)
		}
		for _, line := range script {
			_, err = s.Next([]byte(line))
		}
		if !errors.Is(err, errScram) {
			t.Errorf("%v: error %v, want a broken exchange", script, err)
		}
	}
}

// The example of RFC 2195, 2.
func TestCramFollowsTheStandard(t *testing.T) {
	c := &cram{user: "tim", password: "tanstaaftanstaaf"}
	got, err := c.Next([]byte("<1896.697170952@postoffice.reston.mci.net>"))
	if want := "tim b913a602c7eda7a495b4e6e7334d3890"; err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
}

func TestBestMechanismIsChosen(t *testing.T) {
	tests := []struct {
		offered         []string
		encrypted, open bool
		want            string
		err             error
	}{
		{[]string{"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1"}, true, false, "SCRAM-SHA-256", nil},
		{[]string{"PLAIN", "scram-sha-1"}, true, false, "SCRAM-SHA-1", nil},
		{[]string{"CRAM-MD5", "PLAIN"}, true, false, "PLAIN", nil},
		{[]string{"CRAM-MD5", "PLAIN"}, false, false, "CRAM-MD5", nil},
		{[]string{"LOGIN"}, true, false, "LOGIN", nil},
		{[]string{"CRAM-MD5"}, true, false, "CRAM-MD5", nil},
		{[]string{"PLAIN"}, false, false, "", errPlainOnly},
		{[]string{"PLAIN"}, false, true, "PLAIN", nil},
		{[]string{"GSSAPI"}, true, false, "", errNoMechanism},
		{nil, true, false, "", errNoMechanism},
	}
	for _, test := range tests {
		m, err := mechanism(test.offered, "u", "p", test.encrypted, test.open)
		name := ""
		if m != nil {
			name, _, _ = m.Start()
		}
		if name != test.want || !errors.Is(err, test.err) {
			t.Errorf("%v encrypted %v open %v: %s, %v, want %s, %v", test.offered, test.encrypted, test.open, name, err, test.want, test.err)
		}
	}
}
