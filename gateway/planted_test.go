//go:build planted

package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// plantedBugs are bugs that the simulation must find. Each replaces pieces of the source for one build, by "go test
// -overlay"; the source itself has no place for them.
func plantedBugs() []plantedBug {
	return []plantedBug{
		{
			"the server is told before the octets are kept", "I3: the server is told", "", []edit{{
				"gateway/visit.go", "if err = v.keep(ctx, t.got); err != nil {",
				"for _, f := range t.got {\nv.box.Settle(ctx, []mailbox.Ref{refOf(*f.row)}, mailbox.Disposition{Action: mailbox.Seen})\n}\nif err = v.keep(ctx, t.got); err != nil {",
			}},
		},
		{
			"the ledger has no unique key", "I2: messages that stand in the ledger twice", "off", []edit{{
				"migrations/sqlite/0001_initial.sql", "CREATE UNIQUE INDEX messages_identity", "CREATE INDEX messages_identity",
			}},
		},
		{
			"whether a message has had its effect is looked up first and not guarded by a key and a condition", "I2: messages with more than one effect", "off", []edit{
				{"models/store/message_finish.go", "next_attempt_at = NULL WHERE id = ? AND ", "next_attempt_at = NULL WHERE id = ? OR id < 0 AND "},
				{"migrations/sqlite/0001_initial.sql", "CREATE UNIQUE INDEX issues_origin_message_id", "CREATE INDEX issues_origin_message_id"},
			},
		},
	}
}

type plantedBug struct {
	name, finding string
	leases        string // "off": no lease helps to hide the bug.
	edits         []edit
}

// edit replaces one piece of one file.
type edit struct{ file, old, new string }

// TestSimulationFindsPlantedBugs shows that the simulation would find what it is there for.
func TestSimulationFindsPlantedBugs(t *testing.T) {
	for _, bug := range plantedBugs() {
		t.Run(bug.name, func(t *testing.T) {
			overlay := bug.plant(t)
			binary := filepath.Join(t.TempDir(), "gateway.test")
			if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
				t.Fatalf("build with the bug: %v\n%s", err, out)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			cmd := exec.CommandContext(ctx, binary, "-test.run", "TestNoSeedLosesOrDoublesAMail")
			cmd.Env = append(os.Environ(), "LETTERBOX_SEEDS=100000", "LETTERBOX_SEED_LEASES="+bug.leases)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), bug.finding) {
				t.Errorf("not found within a minute (%v), want %q in:\n%.4000s", err, bug.finding, out)
			}
			t.Logf("found after %v", time.Since(began).Round(100*time.Millisecond))
		})
	}
}

// plant writes a file for -overlay.
func (b plantedBug) plant(t *testing.T) string {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	for i, e := range b.edits {
		path, err := filepath.Abs(filepath.Join("..", e.file))
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), e.old); n != 1 {
			t.Fatalf("%s has the place of the bug %d times, want once: mend the table", e.file, n)
		}
		bad := filepath.Join(dir, fmt.Sprint(i, filepath.Base(e.file)))
		if err := os.WriteFile(bad, []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[path] = bad
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}
