package arch

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const maxFileLines = 400

// constantTables are package variables that are read only. Whatever is not one of the forms that [harmless] knows
// stands here, so that somebody has looked at it.
var constantTables = []string{
	"gateway/mailbox/mailboxtest.problemCases", // What can go wrong, for tests.
	"internal/app.version",                     // Set by the linker.
	"gateway/message.wroteWords",               // A set of words, made once.
	"internal/testdb.server",                   // The one database server of a test program; tests only.
	"internal/testdb.faulty",                   // The name of a driver that is registered once; tests only.
	"internal/testdb.migrated",                 // The octets of an empty database, made once; tests only.
}

// sourceFile is one parsed Go file.
type sourceFile struct {
	pkg  string
	path string
	text []byte
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T, withTests bool) []sourceFile {
	t.Helper()
	var all []sourceFile
	for _, p := range packages(t) {
		names := slices.Concat(p.GoFiles, p.IgnoredGoFiles)
		if withTests {
			names = slices.Concat(names, p.TestGoFiles, p.XTestGoFiles)
		}
		for _, name := range names {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
			if err != nil {
				t.Errorf("parse: %v", err)
				continue
			}
			all = append(all, sourceFile{p.name(), p.name() + "/" + name, text, file, fset})
		}
	}
	return all
}

func TestPackagesAreDocumented(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t, false) {
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Recv == nil && d.Doc == nil {
					t.Errorf("%s: func %s has no comment", s.path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: type %s has no comment", s.path, ts.Name.Name)
					}
				}
			}
		}
	}
}

func TestFilesAreShortAndFormatted(t *testing.T) {
	for _, s := range sources(t, true) {
		if n := bytes.Count(s.text, []byte("\n")); n > maxFileLines && !strings.HasSuffix(s.path, "_test.go") {
			t.Errorf("%s has %d lines, more than %d", s.path, n, maxFileLines)
		}
		if formatted, err := format.Source(s.text); err != nil || !bytes.Equal(formatted, s.text) {
			t.Errorf("%s is not as gofmt writes it (%v)", s.path, err)
		}
	}
}

func TestNoInitAndNoState(t *testing.T) {
	for _, s := range sources(t, false) {
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has an init function", s.path)
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					checkVars(t, s, d)
				}
			}
		}
	}
}

func checkVars(t *testing.T, s sourceFile, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		embedded := d.Doc != nil && strings.Contains(directives(d.Doc), "//go:embed") || v.Doc != nil && strings.Contains(directives(v.Doc), "//go:embed")
		for i, name := range v.Names {
			if embedded || name.Name == "_" || slices.Contains(constantTables, s.pkg+"."+name.Name) {
				continue
			}
			if i >= len(v.Values) {
				t.Errorf("%s: var %s has no value of its own: package-level state", s.path, name.Name)
			} else if !harmless(v.Values[i]) {
				t.Errorf("%s: var %s may be state; make it a constant or a parameter, or list it in constantTables", s.path, name.Name)
			}
		}
	}
}

// directives returns the text of a comment with its directives, which ast.CommentGroup.Text leaves out.
func directives(g *ast.CommentGroup) string {
	var b strings.Builder
	for _, c := range g.List {
		b.WriteString(c.Text + "\n")
	}
	return b.String()
}

// harmlessCalls make values that nobody changes.
var harmlessCalls = []string{
	"errors.New", "fmt.Errorf", "regexp.MustCompile", "regexp.MustCompilePOSIX", "netip.MustParsePrefix", "netip.MustParseAddr",
	"strings.NewReplacer", "strings.Repeat", "time.Date", "language.MustParse", "template.Must",
}

// harmless reports whether an expression is a literal, a table of literals, or a call of harmlessCalls.
func harmless(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.Ident, *ast.SelectorExpr, *ast.FuncLit:
		return true
	case *ast.CompositeLit:
		return !slices.ContainsFunc(e.Elts, func(x ast.Expr) bool { return !harmless(x) })
	case *ast.KeyValueExpr:
		return harmless(e.Key) && harmless(e.Value)
	case *ast.UnaryExpr:
		_, literal := e.X.(*ast.CompositeLit)
		return harmless(e.X) && (e.Op != token.AND || literal)
	case *ast.BinaryExpr:
		return harmless(e.X) && harmless(e.Y)
	case *ast.ParenExpr:
		return harmless(e.X)
	case *ast.CallExpr:
		if _, isArray := e.Fun.(*ast.ArrayType); isArray { // []byte("...")
			return len(e.Args) == 1 && harmless(e.Args[0])
		}
		if id, ok := e.Fun.(*ast.Ident); ok && slices.Contains([]string{"byte", "rune", "string", "int", "int64", "uint32", "uint64"}, id.Name) {
			return len(e.Args) == 1 && harmless(e.Args[0])
		}
		if _, computed := e.Fun.(*ast.FuncLit); computed && len(e.Args) == 0 { // A table that is computed once.
			return true
		}
		sel, ok := e.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		pkg, ok := sel.X.(*ast.Ident)
		return ok && slices.Contains(harmlessCalls, pkg.Name+"."+sel.Sel.Name)
	}
	return false
}

func TestNamesSayWhatThingsAre(t *testing.T) {
	vague := regexp.MustCompile(`(?i)(manager|helper|util)s?$`)
	for _, p := range packages(t) {
		if vague.MatchString(p.Name) {
			t.Errorf("package name %s says nothing", p.name())
		}
	}
	for _, s := range sources(t, false) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if ts, ok := n.(*ast.TypeSpec); ok && vague.MatchString(ts.Name.Name) {
				t.Errorf("%s: type name %s says nothing", s.path, ts.Name.Name)
			}
			return true
		})
	}
}

func TestNoPathOfOneMachine(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(string(root))
	// Written so that the pattern does not find itself.
	personal := regexp.MustCompile(`(?:^|[^\w./-])/(?:wo` + `rk|ro` + `ot|ho` + `me/\w+|Us` + `ers/\w+)/[\w.]`)
	n := 0
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			if slices.Contains([]string{".git", "data", "bin", "node_modules", "tmp"}, rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".md", ".sql", ".html", ".json", ".yml", ".toml", ".sh", "", ".css", ".js", ".txtar"}, filepath.Ext(path)) || rel == "letterbox" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		n++
		if found := personal.Find(text); found != nil {
			t.Errorf("%s names a path of one machine: %q", rel, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Errorf("looked at %d files, want the whole tree", n)
	}
}
