package arch

import (
	"regexp"
	"testing"
)

func TestEverySecurityRequirementNamesATestThatExists(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (SEC-\d\d) \|.*$`).FindAllStringSubmatch(readDoc(t, "docs/security.md"), -1)
	if len(rows) != 13+1+13+21+16 { // SEC-01 to 13, one about scripts, SEC-25 to 38 but 36, SEC-39 to 59, SEC-60 to 76 but 63.
		t.Errorf("%d requirements, want 64", len(rows))
	}
	for _, row := range rows {
		if wantTests(t, row[1], row[0]) == 0 {
			t.Errorf("%s names no test", row[1])
		}
	}
}
