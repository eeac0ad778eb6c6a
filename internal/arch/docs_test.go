package arch

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the module.
const root = "../.."

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestArchitectureNamesEveryPackage(t *testing.T) {
	text := readDoc(t, "docs/architecture.md")
	for _, name := range slices.Sorted(maps.Keys(mayImport)) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/architecture.md does not name %s", name)
		}
	}
}

func TestLinksInDocsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]*)(?:#[^)]*)?\)`)
	var docs []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, found...)
	}
	if len(docs) < 10 {
		t.Fatalf("%d documents, want all", len(docs))
	}
	for _, doc := range docs {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "" || strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", strings.TrimPrefix(doc, root+"/"), m[1])
			}
		}
	}
}

var citedRFC = regexp.MustCompile(`RFC ?([0-9]{3,5})`)

// cited returns, for each RFC that a comment of the program cites, the files that do.
func cited(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	for _, s := range sources(t, false) {
		for _, group := range s.file.Comments {
			for _, m := range citedRFC.FindAllStringSubmatch(group.Text(), -1) {
				if !slices.Contains(files[m[1]], s.path) {
					files[m[1]] = append(files[m[1]], s.path)
				}
			}
		}
	}
	return files
}

// update has the test write the files that follow each standard into docs/standards.md. A new standard gets its line by
// hand: number, what it is about, and - for the files.
var update = flag.Bool("update", false, "rewrite docs/standards.md")

func TestStandardsAreListedWhereTheyAreFollowed(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| ([0-9]{3,5}) \|([^|]*)\| (.*) \|$`)
	text, files := readDoc(t, "docs/standards.md"), cited(t)
	if *update {
		text = row.ReplaceAllStringFunc(text, func(line string) string {
			m := row.FindStringSubmatch(line)
			slices.Sort(files[m[1]])
			return "| " + m[1] + " |" + m[2] + "| `" + strings.Join(files[m[1]], "`, `") + "` |"
		})
		if err := os.WriteFile(filepath.Join(root, "docs/standards.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		listed[m[1]] = m[3]
	}
	if len(listed) < 20 {
		t.Fatalf("docs/standards.md lists %d standards, want all", len(listed))
	}
	for rfc, where := range files {
		if listed[rfc] == "" {
			t.Errorf("RFC %s is cited in %v and not listed in docs/standards.md", rfc, where)
		}
	}
	name := regexp.MustCompile("`([^`]*)`")
	for rfc, where := range listed {
		for _, m := range name.FindAllStringSubmatch(where, -1) {
			if !slices.Contains(files[rfc], m[1]) {
				t.Errorf("docs/standards.md says that %q follows RFC %s, which no comment there cites; run the test with -update", m[1], rfc)
			}
		}
	}
}
