package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "letterbox/"

// mayImport lists, for every package, the packages of this module that it may import. It is the map of the program:
// a package that is missing here fails the test.
var mayImport = map[string][]string{
	"models":       {},
	"models/store": {"migrations", "models"},
	"migrations":   {},
	"templates":    {"internal/i18n", "models"},

	"gateway/extract":             {"gateway/rule", "models"},
	"gateway/authenticity":        {},
	"gateway/command":             {},
	"gateway/flow":                {"gateway/rule", "models"},
	"gateway/mailbox":             {},
	"gateway/mailbox/archive":     {"gateway/mailbox"},
	"gateway/mailbox/bearer":      {"gateway/mailbox"},
	"gateway/mailbox/imap":        {"gateway/mailbox", "gateway/mailbox/bearer", "gateway/mailbox/wire"},
	"gateway/mailbox/mailboxtest": {"gateway/mailbox"},
	"gateway/mailbox/pop3":        {"gateway/mailbox", "gateway/mailbox/bearer", "gateway/mailbox/wire"},
	"gateway/mailbox/preset":      {"gateway/mailbox"},
	"gateway/mailbox/wire":        {"gateway/mailbox"},
	"gateway/inbound":             {"gateway/mailbox", "models"},
	"gateway/inboxfile":           {"internal/spelling", "models"},
	"gateway/message":             {"gateway/smime", "models"},
	"gateway/oauth":               {"gateway/mailbox"},
	"gateway/outbound":            {"gateway/mailbox", "gateway/mailbox/bearer", "gateway/mailbox/wire"},
	"gateway/rule":                {"models"},
	"gateway/script":              {},
	"gateway/smime":               {},
	"gateway/thread":              {"models"},
	"gateway": {
		"gateway/authenticity", "gateway/command", "gateway/extract", "gateway/flow", "gateway/inboxfile", "gateway/mailbox", "gateway/mailbox/archive", "gateway/mailbox/imap", "gateway/mailbox/pop3", "gateway/mailbox/preset", "gateway/message",
		"gateway/oauth", "gateway/outbound", "gateway/rule", "gateway/script", "gateway/smime", "gateway/thread", "internal/lane", "models", "models/store",
	},

	"tracker/past": {"models"},

	"tracker":  {"models", "models/store", "tracker/past"},
	"handlers": {"gateway", "gateway/extract", "gateway/flow", "gateway/inboxfile", "gateway/mailbox", "gateway/mailbox/preset", "gateway/message", "gateway/rule", "gateway/script", "gateway/smime", "internal/i18n", "internal/identity", "internal/picture", "internal/spelling", "internal/webhook", "models", "templates", "tracker"},

	"internal/acceptance":  {},
	"internal/arch":        {},
	"internal/browsertest": {},
	"internal/config":      {"internal/spelling"},
	"internal/i18n":        {},
	"internal/identity":    {},
	"internal/lane":        {},
	"internal/mailtest":    {"gateway/mailbox", "internal/testport"},
	"internal/oauthtest":   {"internal/mailtest"},
	"internal/netguard":    {"gateway/mailbox"},
	"internal/picture":     {},
	"internal/secret":      {},
	"internal/spelling":    {},
	"internal/testdb":      {"internal/testport", "models/store"},
	"internal/testport":    {},
	"internal/webhook":     {"gateway/mailbox", "internal/lane", "models", "models/store"},
	"internal/app": {
		"gateway", "gateway/inbound", "gateway/mailbox", "gateway/rule", "gateway/script", "gateway/smime", "handlers", "internal/config", "internal/i18n", "internal/identity", "internal/mailtest", "internal/netguard",
		"internal/secret", "internal/webhook", "models", "models/store", "templates", "tracker",
	},

	"cmd/letterbox": {
		"gateway", "gateway/inboxfile", "gateway/mailbox", "gateway/mailbox/archive", "gateway/message", "gateway/script", "internal/app", "internal/config",
		"internal/i18n", "internal/secret", "models", "models/store", "templates", "tracker", "tracker/past",
	},
	"internal/chaos": {"gateway", "internal/app", "internal/config", "internal/mailtest", "internal/secret", "internal/testdb/cluster", "internal/testdb/tally", "models", "tracker"},
	"internal/bench": {"gateway", "internal/app", "internal/config", "internal/mailtest", "internal/testdb/mariadbd", "models", "models/store", "tracker"},
	"cmd/maildev":    {"internal/mailtest"},
}

// testsMayImport lists what the tests of every package may import besides.
var testsMayImport = []string{"gateway/mailbox/mailboxtest", "internal/arch", "internal/browsertest", "internal/mailtest", "internal/oauthtest", "internal/testdb"}

// testsMayAlsoImport lists, for one package, what only its tests may import: they put real parts together.
var testsMayAlsoImport = map[string][]string{
	"gateway":          {"internal/i18n", "internal/netguard", "internal/secret", "templates", "tracker", "tracker/past"},
	"handlers":         {"internal/app", "internal/config", "internal/netguard", "internal/secret"},
	"internal/i18n":    {"templates"},
	"internal/webhook": {"internal/netguard", "internal/secret"},
}

// subtrees are parts of a package's own subtree that stand under its rule: "internal/testdb/mariadb" may import what
// "internal/testdb" may, and that package itself.
var subtrees = []string{"internal/testdb", "internal/mailtest", "gateway/mailbox/imap", "gateway/mailbox/pop3"}

// owner lists the libraries that belong to some packages only; a path counts with everything under it.
var owner = map[string][]string{
	"gorm.io":                        {"models/store"},
	"modernc.org/sqlite":             {"models/store", "internal/testdb"},
	"github.com/go-sql-driver/mysql": {"models/store", "internal/testdb"},
	"database/sql":                   {"models/store", "migrations", "internal/testdb"},
	"github.com/pressly/goose/v3":    {"migrations", "models/store"},

	"github.com/gin-gonic/gin":        {"handlers"},
	"github.com/prometheus":           {"handlers", "internal/app"},
	"github.com/alexedwards/argon2id": {"tracker"},
	"github.com/pquerna/otp":          {"tracker"},
	"github.com/coreos/go-oidc/v3":    {"internal/identity"},
	"golang.org/x/oauth2":             {"internal/identity"},
	"html/template":                   {"handlers", "templates"},
	"github.com/yuin/goldmark":        {"templates"},

	"github.com/emersion/go-imap/v2":     {"gateway/mailbox/imap", "internal/mailtest"},
	"github.com/emersion/go-sasl":        {"gateway/mailbox/imap", "gateway/mailbox/pop3", "gateway/outbound", "internal/mailtest"},
	"github.com/emersion/go-smtp":        {"gateway/inbound", "gateway/outbound", "internal/mailtest"},
	"github.com/knadh/go-pop3":           {"gateway/mailbox/pop3"},
	"github.com/emersion/go-msgauth":     {"gateway/authenticity"},
	"golang.org/x/net/publicsuffix":      {"gateway/authenticity"},
	"github.com/emersion/go-message":     {"gateway/message", "gateway/outbound"},
	"github.com/smallstep/pkcs7":         {"gateway/smime"},
	"software.sslmate.com/src/go-pkcs12": {"gateway/smime"},
	"golang.org/x/image":                 {"internal/picture"},
	"golang.org/x/net/html":              {"gateway/message"},
	"github.com/dlclark/regexp2/v2":      {"gateway/rule"},
	"github.com/dop251/goja":             {"gateway/script"},
	"github.com/chromedp":                {"internal/browsertest"},
	"github.com/spf13/cobra":             {"cmd/letterbox"},
	"github.com/pelletier/go-toml/v2":    {"internal/config"},
	"go.yaml.in/yaml/v3":                 {"gateway/inboxfile"},
}

// goPackage is what "go list -json" says of a package.
type goPackage struct {
	ImportPath, Dir, Doc, Name                         string
	Imports, TestImports, XTestImports                 []string
	GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
}

// name is the path of the package inside the module.
func (p goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// listed is the whole module, asked for once.
var listed = sync.OnceValues(func() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-e", "-json", module+"...").Output()
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func packages(t *testing.T) []goPackage {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("go list names %d packages, want the whole module", len(all))
	}
	return all
}

// rule returns the packages that may be imported, and the line of mayImport that says so.
func rule(name string) (allowed []string, line string, ok bool) {
	if allowed, ok = mayImport[name]; ok {
		return allowed, name, true
	}
	for _, top := range subtrees {
		if strings.HasPrefix(name, top+"/") {
			return append(slices.Clone(mayImport[top]), top), top, true
		}
	}
	return nil, "", false
}

func owned(imp, lib string) bool { return imp == lib || strings.HasPrefix(imp, lib+"/") }

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		allowed, line, ok := rule(p.name())
		if !ok {
			t.Errorf("package %s has no line in mayImport", p.name())
			continue
		}
		for _, imp := range p.Imports {
			dep, ours := strings.CutPrefix(imp, module)
			if ours && !slices.Contains(allowed, dep) && !strings.HasPrefix(dep, line+"/") {
				t.Errorf("%s imports %s, which docs/architecture.md does not allow", p.name(), dep)
			}
		}
		below := reachable(p.name())
		for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
			dep, ours := strings.CutPrefix(imp, module)
			if !ours || dep == p.name() || strings.HasPrefix(dep, line+"/") || slices.Contains(testsMayImport, dep) || slices.Contains(testsMayAlsoImport[line], dep) || below[dep] {
				continue
			}
			t.Errorf("the tests of %s import %s, which is not below it", p.name(), dep)
		}
	}
}

// reachable returns all packages that stand below name on the map, directly or through others.
func reachable(name string) map[string]bool {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(at string) {
		allowed, _, _ := rule(at)
		for _, next := range allowed {
			if !seen[next] {
				seen[next] = true
				walk(next)
			}
		}
	}
	walk(name)
	return seen
}

func TestMapHasNoCycle(t *testing.T) {
	for name := range mayImport {
		if reachable(name)[name] {
			t.Errorf("%s reaches itself on the map", name)
		}
	}
}

func TestLibrariesBelongToOnePackage(t *testing.T) {
	for _, p := range packages(t) {
		_, line, _ := rule(p.name())
		for lib, owners := range owner {
			if i := slices.IndexFunc(p.Imports, func(imp string) bool { return owned(imp, lib) }); i >= 0 && !slices.Contains(owners, line) {
				t.Errorf("%s imports %s, which belongs to %v", p.name(), p.Imports[i], owners)
			}
		}
		if line == "models" {
			for _, imp := range p.Imports {
				if strings.Contains(strings.Split(imp, "/")[0], ".") {
					t.Errorf("models imports %s, want the standard library only", imp)
				}
			}
		}
	}
}
