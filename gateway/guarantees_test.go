package gateway_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestEveryGuaranteeNamesATestThatExists(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "message-flow.md"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, dir := range []string{".", "script", "../handlers", "../tracker"} {
		found, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	defined := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			defined[m[1]] = true
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(doc), -1)
	for _, m := range named {
		if !defined[m[1]] {
			t.Errorf("docs/message-flow.md names %s, and there is no such test", m[1])
		}
	}
	guarantees := regexp.MustCompile(`(?m)^\*\*G(\d)\..*\n(?:.+\n)*`).FindAllString(string(doc), -1)
	if len(guarantees) != 7 {
		t.Errorf("%d guarantees, want 7", len(guarantees))
	}
	for _, g := range guarantees {
		if !regexp.MustCompile("`Test|nothing is promised").MatchString(g) {
			t.Errorf("a guarantee names no test: %.60s", g)
		}
	}
}
