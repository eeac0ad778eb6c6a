package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The audit log only grows: one function adds a line, and no statement of the program or of a migration changes or
// removes one.
func TestNothingChangesTheAuditLog(t *testing.T) {
	change := regexp.MustCompile("(?i)(?:update|delete\\s+from|replace\\s+into|truncate(?:\\s+table)?|drop\\s+table)\\s+[`\"]?audit\\b")
	ours, writes := regexp.MustCompile(`\bmodels\.Audit\b|"audit"`), regexp.MustCompile(`\.(?:Update|Updates|UpdateColumns?|Delete|Save|Exec)\(`)
	touched := 0
	for _, f := range sources(t, false) {
		if found := change.Find(f.text); found != nil {
			t.Errorf("%s changes the audit log: %s", f.path, found)
		}
		if f.pkg != "models/store" || !ours.Match(f.text) {
			continue
		}
		touched++
		if found := writes.Find(f.text); found != nil {
			t.Errorf("%s may change the audit log by %q: keep what does so in another file", f.path, found)
		}
	}
	if touched == 0 {
		t.Error("no file of the store reads or adds lines of the audit log, want the one that does")
	}
	files, err := filepath.Glob("../../migrations/*/*.sql")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := change.Find(text); found != nil {
			t.Errorf("%s changes the audit log: %s", name, found)
		}
	}
}

func TestEverySecurityRequirementNamesATestThatExists(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (SEC-\d\d) \|.*$`).FindAllStringSubmatch(readDoc(t, "docs/security.md"), -1)
	if len(rows) != 13+1+13+21+17 { // SEC-01 to 13, one about scripts, SEC-25 to 38 but 36, SEC-39 to 59, SEC-60 to 76.
		t.Errorf("%d requirements, want 65", len(rows))
	}
	for _, row := range rows {
		if wantTests(t, row[1], row[0]) == 0 {
			t.Errorf("%s names no test", row[1])
		}
	}
}
