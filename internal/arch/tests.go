package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Tests returns the source of every test below a folder by its name; what two packages call the same is put together.
// Documents name tests as their proof, and this tells whether they are there.
func Tests(root string) (map[string]string, error) {
	tests, head := map[string]string{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		text := string(raw)
		for _, at := range head.FindAllStringSubmatchIndex(text, -1) {
			body, _, _ := strings.Cut(text[at[0]:], "\n}\n")
			tests[text[at[2]:at[3]]] += body
		}
		return err
	})
	return tests, err
}
