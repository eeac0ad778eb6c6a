package message

import (
	"strings"
	"testing"
)

func TestSpamIsRecognisedByTheHeaderOfTheProvider(t *testing.T) {
	for _, tt := range []struct{ name, lines, want string }{
		{"no filter", "", ""},
		{"flag", "X-Spam-Flag: YES", "X-Spam-Flag: YES"},
		{"flag in lower case", "x-spam-flag: yes", "X-Spam-Flag: YES"},
		{"flag says no", "X-Spam-Flag: NO", ""},
		{"status with score", "X-Spam-Status: Yes, score=9.1 required=5.0\n\ttests=BAYES_99", "X-Spam-Status: YES"},
		{"status says no", "X-Spam-Status: No, score=-1.9", ""},
		{"a word that only begins alike", "X-Spam-Status: Yesterday", ""},
		{"the filter on top counts", "X-Spam-Flag: NO\nX-Spam-Flag: YES", ""},
		{"spam level of Exchange", "X-MS-Exchange-Organization-SCL: 5", "X-MS-Exchange-Organization-SCL: 5"},
		{"low spam level of Exchange", "X-MS-Exchange-Organization-SCL: 1", ""},
		{"trusted by Exchange", "X-MS-Exchange-Organization-SCL: -1", ""},
		{"report of Exchange", "X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:DE;LANG:de;SCL:9;SRV:;", "X-Forefront-Antispam-Report: SCL:9"},
		{"good report of Exchange", "X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:1;", ""},
		{"a number that is none", "X-MS-Exchange-Organization-SCL: high", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := "From: anna@example.org\nSubject: Prize\n" + tt.lines + "\n\nText\n"
			if tt.lines == "" {
				raw = "From: anna@example.org\nSubject: Prize\n\nText\n"
			}
			m, err := Parse(strings.NewReader(raw), Options{})
			if err != nil || m.Spam != tt.want {
				t.Errorf("Spam = %q (%v), want %q", m.Spam, err, tt.want)
			}
		})
	}
}
