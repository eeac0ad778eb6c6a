package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

// A backup is taken while mail is being taken in, and put in the place of the database later: what is in it has its
// issue, what came after it is taken in once more from the server, and no number is given twice.
func TestBackupTakenUnderLoadIsRestoredWithoutLossOrDoubles(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	inbox := p.addInbox(with(at(d.IMAPAddr), object{"after": "seen"}))
	const during, later = 60, 5
	send := func(from, to int) {
		t.Helper()
		var all [][]byte
		for i := from; i < to; i++ {
			all = append(all, fmt.Appendf(nil, "From: Anna <anna@kunde.example>\r\nSubject: Mail %d.\r\nMessage-ID: <%d@kunde.example>\r\n\r\nText %d\r\n", i, i, i))
		}
		if err := d.Deliver("alice", all...); err != nil {
			t.Fatal(err)
		}
	}
	send(0, during)
	await(t, time.Minute, func() error {
		if n := len(p.issuesByTitle()); n < 5 {
			return fmt.Errorf("%d issues", n)
		}
		return nil
	})
	p.must(nil, "backup", "copy.db")
	send(during, during+later)
	p.quiet(inbox, during+later)
	before := p.issuesByTitle()
	p.stop()

	if status, _, text := p.run(nil, "restore", "copy.db"); status == 0 || !strings.Contains(text, "exists") {
		t.Errorf("restore over a database: exit status %d, %q", status, text)
	}
	p.refusesDamaged("copy.db")
	said := p.must(nil, "restore", "--data", "new", "copy.db")
	var next, held int64
	if _, err := fmt.Sscanf(said, "the database is ready: new issues start at #%d, %d outgoing", &next, &held); err != nil || next <= 1000 {
		t.Fatalf("restore says %q: %v", said, err)
	}
	key, err := os.ReadFile(filepath.Join(p.dir, "data", "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "new", "secret.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	p.start("--data", "new")
	p.quiet(inbox, during+later)
	after, fromBackup := p.issuesByTitle(), 0
	for title, number := range before {
		switch got := after[title]; {
		case got == number:
			fromBackup++
		case got < next:
			t.Errorf("%q was #%d and is #%d, want the same number or one from #%d on", title, number, got, next)
		}
	}
	if fromBackup < 5 || fromBackup > during || len(after) != during+later {
		t.Errorf("%d issues are from the backup, %d in all; want 5 to %d, %d in all", fromBackup, len(after), during, during+later)
	}
	p.stop()
	if said := p.must(nil, "verify", "--data", "new"); !strings.HasPrefix(said, fmt.Sprintf("all is well: %d messages", during+later)) {
		t.Errorf("verify says %q", said)
	}
}

// issuesByTitle returns the number of each issue and fails the test when two have the same title.
func (p *program) issuesByTitle() map[string]int64 {
	p.t.Helper()
	all := map[string]int64{}
	for _, i := range list[issue](p, "/issues") {
		if n := all[i.Title]; n != 0 {
			p.t.Errorf("%q is #%d and #%d", i.Title, n, i.Number)
		}
		all[i.Title] = i.Number
	}
	return all
}

// refusesDamaged restores a copy of a backup in which the octets of one mail are changed.
func (p *program) refusesDamaged(backup string) {
	p.t.Helper()
	octets, err := os.ReadFile(filepath.Join(p.dir, backup))
	if err != nil {
		p.t.Fatal(err)
	}
	damaged := strings.ReplaceAll(string(octets), "Text 3\r\n", "Text 9\r\n")
	if damaged == string(octets) {
		p.t.Fatal("the mail is not in the backup")
	}
	if err := os.WriteFile(filepath.Join(p.dir, "damaged.db"), []byte(damaged), 0o600); err != nil {
		p.t.Fatal(err)
	}
	status, said, _ := p.run(nil, "restore", "--data", "nothing", "damaged.db")
	if status == 0 || !strings.Contains(said, "damaged") {
		p.t.Errorf("restore of a damaged backup: exit status %d, %q", status, said)
	}
	if left, _ := filepath.Glob(filepath.Join(p.dir, "nothing", "*")); len(left) > 0 {
		p.t.Errorf("a refused backup left %q", left)
	}
}
