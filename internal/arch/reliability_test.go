package arch_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The table of faults names for each one what proves it, or says that nothing does.
func TestEveryFaultNamesATestThatExists(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	defined := testNames(t)
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(doc), -1) {
		if !defined[m[1]] {
			t.Errorf("docs/reliability.md names %s, and there is no such test", m[1])
		}
	}
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\| ((?:(?:F|CP|I)\d+(?:, )?)+) \|.*\|(.*)\|$`).FindAllStringSubmatch(string(doc), -1) {
		for id := range strings.SplitSeq(m[1], ", ") {
			if !slices.Contains(got, id) { // The invariants stand in two tables.
				got = append(got, id)
			}
		}
		if strings.HasPrefix(m[1], "I") && !strings.Contains(m[2], "`Test") {
			continue // The table that says what the invariants are.
		}
		if !strings.Contains(m[2], "`Test") && !strings.Contains(m[2], "no test:") {
			t.Errorf("%s names no test and does not say why", m[1])
		}
	}
	var want []string
	for _, part := range []struct {
		letter   string
		from, to int
	}{{"F", 1, 20}, {"F", 30, 39}, {"F", 50, 61}, {"F", 70, 73}, {"CP", 1, 14}, {"I", 1, 12}} {
		for n := part.from; n <= part.to; n++ {
			format := "%s%d"
			if part.letter == "F" {
				format = "%s%02d"
			}
			want = append(want, fmt.Sprintf(format, part.letter, n))
		}
	}
	for _, id := range want {
		if !slices.Contains(got, id) {
			t.Errorf("the tables of docs/reliability.md have no row %s", id)
		}
	}
}

// testNames are the names of all tests of the module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names, head := map[string]bool{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range head.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
