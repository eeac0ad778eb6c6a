package message

import (
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// codes reads the defects from the source, so that a new one cannot be forgotten here.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parserFile("defect.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Defect") || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

func parserFile(name string) (*ast.File, error) {
	return goparser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
}

func TestEveryDefectHasItsSentence(t *testing.T) {
	list := codes(t)
	if len(list) < 20 {
		t.Fatalf("%d defects found in the source, want all", len(list))
	}
	for _, lang := range []string{"de", "en"} {
		texts := map[string]any{}
		files, err := filepath.Glob(filepath.Join("..", "..", "templates", "catalogue", lang, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &texts); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, code := range list {
			if texts["defect."+code] == nil {
				t.Errorf("%s has no text for defect.%s", lang, code)
			}
		}
	}
}
