package templates

import "testing"

func TestLongAddressIsBrokenBetweenWords(t *testing.T) {
	for address, want := range map[string]string{
		"anna@firm.example":                         "anna@firm.example",
		"anna.with-a-long-name@a-long-firm.example": "anna<wbr>.with-a-long-name@<wbr>a-long-firm<wbr>.example",
		`"<b>with.a.long.name</b>"@firm.example`:    "&#34;&lt;b&gt;with<wbr>.a<wbr>.long<wbr>.name&lt;/b&gt;&#34;@<wbr>firm<wbr>.example",
	} {
		if got := string(parted(address)); got != want {
			t.Errorf("%s is written %s, want %s", address, got, want)
		}
	}
}
