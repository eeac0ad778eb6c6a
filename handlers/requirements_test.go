package handlers

import (
	"os"
	"regexp"
	"testing"
)

func TestEverySecurityRequirementNamesATestThatExists(t *testing.T) {
	doc, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	defined := allTests(t)
	rows := regexp.MustCompile(`(?m)^\| (SEC-\d\d) \|.*$`).FindAllStringSubmatch(string(doc), -1)
	if len(rows) != 13+1+21+16 { // SEC-01 to 13, one about scripts, SEC-39 to 59, SEC-60 to 76 but 63.
		t.Errorf("%d requirements, want 51", len(rows))
	}
	for _, row := range rows {
		named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(row[0], -1)
		if len(named) == 0 {
			t.Errorf("%s names no test", row[1])
		}
		for _, m := range named {
			if defined[m[1]] == "" {
				t.Errorf("%s names %s, and there is no such test", row[1], m[1])
			}
		}
	}
}
