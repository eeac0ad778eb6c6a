package store

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// A column that holds sealed values and is forgotten here could not be opened any more after the key has changed.
func TestEverySealedColumnIsSealedAnew(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "migrations", "sqlite", "*.sql"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	table := regexp.MustCompile(`(?m)^(?:CREATE TABLE (\w+)|ALTER TABLE (\w+) ADD COLUMN (\w+_enc)\b|\s+(\w+_enc)\s)`)
	known, found := sealedColumns(), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := ""
		for _, m := range table.FindAllStringSubmatch(string(text), -1) {
			column := m[4]
			switch {
			case m[1] != "":
				in = m[1]
				continue
			case m[2] != "":
				in, column = m[2], m[3]
			}
			found++
			if !slices.ContainsFunc(known, func(c [4]string) bool { return c[0] == in && c[2] == column }) {
				t.Errorf("%s: %s of %s is not sealed anew", filepath.Base(file), column, in)
			}
		}
	}
	if found < 11 {
		t.Errorf("found %d columns, want all", found)
	}
}
