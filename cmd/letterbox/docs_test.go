package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedCommandsExist finds every command line in the documents and makes sure that the command and its flags
// are there.
func TestDocumentedCommandsExist(t *testing.T) {
	line := regexp.MustCompile("(?m)(?:^|`|=| |\\()(?:bin/)?letterbox ([a-z][a-z-]*(?: [^`\n)|<>]*)?)")
	var docs []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", ".env.example", "docker-compose.yml", "Dockerfile"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, found...)
	}
	n := 0
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range code(string(text)) {
			for _, m := range line.FindAllStringSubmatch(block, -1) {
				n++
				checkCommand(t, doc, m[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("found %d command lines, want all", n)
	}
}

// code returns what stands in code blocks and between back quotes.
func code(text string) []string {
	var all []string
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		for j, span := range strings.Split(part, "`") {
			if j%2 == 1 {
				all = append(all, span)
			}
		}
	}
	return all
}

func checkCommand(t *testing.T, doc, line string) {
	t.Helper()
	args := words(line)
	c, rest, err := (&program{}).root().Find(args)
	if err != nil || !c.HasParent() {
		t.Errorf("%s: there is no command for: letterbox %s", doc, line)
		return
	}
	if c.HasSubCommands() && len(rest) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(rest[0]) && !strings.Contains(line, "  ") {
		t.Errorf("%s: %s has no command %q", doc, c.CommandPath(), rest[0])
	}
	for _, arg := range rest {
		name, isFlag := strings.CutPrefix(arg, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "help" && c.Flags().Lookup(name) == nil {
			t.Errorf("%s: %s has no flag --%s", doc, c.CommandPath(), name)
		}
	}
}
