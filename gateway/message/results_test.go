package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// SEC-45: only what servers say themselves is collected. ARC hands on what others have said, and no sealer is trusted.
func TestResultsOfARCAreNotCollected(t *testing.T) {
	m, err := Parse(strings.NewReader("ARC-Authentication-Results: i=1; mx.here.example; dmarc=pass\r\n"+
		"AUTHENTICATION-RESULTS: mx.here.example;\r\n\tspf=fail\r\nReceived: from x\r\nAuthentication-Results: mx.evil.example; dmarc=pass\r\n"+
		"X-Authentication-Results: mx.here.example; dmarc=pass\r\nFrom: a@kunde.example\r\n\r\nx\r\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mx.here.example;\tspf=fail", "mx.evil.example; dmarc=pass"}, m.Results); diff != "" || m.TopResults != 1 {
		t.Errorf("%d above Received, want 1; results (-want +got):\n%s", m.TopResults, diff)
	}
}
