package arch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The table of faults names for each one what proves it, or says that nothing does.
func TestEveryFaultNamesATestThatExists(t *testing.T) {
	doc := readDoc(t, "docs/reliability.md")
	wantTests(t, "docs/reliability.md", doc)
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\| ((?:(?:F|CP|I)\d+(?:, )?)+) \|.*\|(.*)\|$`).FindAllStringSubmatch(doc, -1) {
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

// wantTests reports tests that a text names and that do not exist; it returns how many it names.
func wantTests(t *testing.T, who, text string) int {
	t.Helper()
	defined, err := tests()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1)
	for _, m := range named {
		if defined[m[1]] == "" {
			t.Errorf("%s names %s, and there is no such test", who, m[1])
		}
	}
	return len(named)
}

// tests are all tests of the module, read once.
var tests = sync.OnceValues(func() (map[string]string, error) { return Tests(root) })
