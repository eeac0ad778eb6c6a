package arch

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Each option of the five systems has one row in docs/seeds.md, which names tests that exist, or says what is not there and
// why.
func TestEverySeedIsShownOrExplained(t *testing.T) {
	var want []string
	for _, part := range []struct {
		letter   string
		from, to int
	}{{"D", 1, 47}, {"I", 1, 21}, {"R", 0, 46}, {"A", 1, 29}, {"B", 1, 39}} {
		for n := part.from; n <= part.to; n++ {
			want = append(want, fmt.Sprintf("%s-%02d", part.letter, n))
		}
	}
	want = append(want, "R-06a", "R-06b", "R-06c")
	if len(want) != 186 {
		t.Fatalf("%d options, want 186", len(want))
	}
	rows := map[string]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]-\d\d[a-c]?) \|([^|]+)\|([^|]+)\|([^|]+)\|$`).FindAllStringSubmatch(readDoc(t, "docs/seeds.md"), -1) {
		id, shown := row[1], row[4]
		rows[id]++
		named := wantTests(t, id, shown)
		if _, reason, not := strings.Cut(shown, "Not"); named == 0 && (!not || len(reason) < 20) {
			t.Errorf("%s names no test and gives no reason", id)
		}
		for _, column := range row[2:4] {
			if len(strings.TrimSpace(column)) < 3 {
				t.Errorf("%s does not say what it is, or where", id)
			}
		}
	}
	for _, id := range want {
		if rows[id] != 1 {
			t.Errorf("%s has %d rows, want 1", id, rows[id])
		}
		delete(rows, id)
	}
	for id := range rows {
		t.Errorf("%s is no option", id)
	}
}
