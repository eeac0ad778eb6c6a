package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"letterbox/internal/app"
	"letterbox/internal/config"
	"letterbox/tracker"
)

// recipes returns the jq programs of docs/import.md, in their order.
func recipes(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "import.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, part := range strings.Split(string(text), "```jq\n")[1:] {
		program, _, _ := strings.Cut(part, "```")
		all = append(all, program)
	}
	if len(all) != 2 {
		t.Fatalf("docs/import.md holds %d recipes, want one for Redmine and one for RT", len(all))
	}
	return all
}

// jq runs a program on a file and keeps what comes out in another one.
func jq(t *testing.T, program, in, out string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "jq", append(append([]string{"-c"}, args...), program, in)...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("jq: %v\n%s", err, &stderr)
	}
	if err := os.WriteFile(out, stdout.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPastIsImportedFromMailsAndOlderSystems(t *testing.T) {
	path, programs := script(t, "import.txt"), recipes(t)
	data := filepath.Dir(filepath.Dir(path))
	fresh(t)
	for name, from := range map[string]string{"mails": "mails", ".": "past"} {
		if err := os.CopyFS(name, os.DirFS(filepath.Join(data, from))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join("Maildir", "cur"), 0o700); err != nil {
		t.Fatal(err)
	}
	mail := func(n int) string {
		return fmt.Sprintf("From: p%d@kunde.example\nSubject: Old %d\nMessage-ID: <old-%d@kunde.example>\n\nText %d\n", n, n, n, n)
	}
	for name, text := range map[string]string{
		"old.mbox": "From a Mon Jan  1 00:00:00 2020\n" + mail(1) + "\nFrom b Mon Jan  1 00:00:00 2020\n" + mail(2) + "\n", "Maildir/cur/1.host:2,S": mail(3),
		"flat.csv": "number;title;created;reporter_address\n1;a;2020-01-01;p@kunde.example\n2;b;yesterday;\n3;c;2020-01-03;\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"Maildir/new", "Maildir/tmp"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	jq(t, programs[0], "issues.json", "redmine.jsonl", "--arg", "host", "redmine.example.org", "--slurpfile", "users", "users.json")
	jq(t, programs[1], "tickets.json", "rt.jsonl", "--arg", "host", "rt.example.org")
	withInboxes(t)
	runScript(t, path, map[string]string{})

	cfg, err := config.Load(config.Source{Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for number, want := range map[int64]string{
		6: "Der Drucker raucht|Seit heute früh.|resolved high|anna@kunde.example|rauch.txt 12|Bitte ausschalten. false bert@example.org|Ein Früherer:\n\nGarantie prüfen. true unknown@sender.invalid",
		8: "Zugang gesperrt|Ich komme nicht hinein.|waiting high|max@kunde.example|fehler.txt 4|Wir schauen nach. false bert@example.org|root:\n\nNur intern. true unknown@sender.invalid",
	} {
		i, err := a.Tracker.ShowIssue(t.Context(), tracker.CommandLine(), number)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%s|%s|%s %s|%s", i.Title, i.Description, i.State, i.Priority, i.Reporter.Addresses[0])
		for _, f := range i.Attachments {
			got += fmt.Sprintf("|%s %d", f.Name, f.Size)
		}
		for _, c := range i.Comments {
			got += fmt.Sprintf("|%s %v %s", c.Body, c.Internal, c.Author.Addresses[0])
		}
		if got != want {
			t.Errorf("issue %d: got\n%s\nwant\n%s", number, got, want)
		}
	}
}
