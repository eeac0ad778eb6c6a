package arch

import (
	"regexp"
	"testing"
)

func TestEveryGuaranteeNamesATestThatExists(t *testing.T) {
	doc := readDoc(t, "docs/message-flow.md")
	wantTests(t, "docs/message-flow.md", doc)
	guarantees := regexp.MustCompile(`(?m)^\*\*G(\d)\..*\n(?:.+\n)*`).FindAllString(doc, -1)
	if len(guarantees) != 7 {
		t.Errorf("%d guarantees, want 7", len(guarantees))
	}
	for _, g := range guarantees {
		if !regexp.MustCompile("`Test|nothing is promised").MatchString(g) {
			t.Errorf("a guarantee names no test: %.60s", g)
		}
	}
}
