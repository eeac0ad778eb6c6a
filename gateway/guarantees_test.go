package gateway_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryGuaranteeNamesATestThatExists(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "message-flow.md"))
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			defined[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
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
