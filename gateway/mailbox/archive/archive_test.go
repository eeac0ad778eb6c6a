package archive_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/archive"
	"letterbox/gateway/mailbox/mailboxtest"
)

// folder is a folder of files that the suite delivers to.
type folder struct {
	dir string
	n   int
}

func (f *folder) Visit(t *testing.T) mailbox.Mailbox { return open(t, f.dir) }

func (f *folder) Deliver(t *testing.T, raws ...string) {
	for _, raw := range raws {
		f.n++
		write(t, filepath.Join(f.dir, fmt.Sprintf("%04d.eml", f.n)), raw)
	}
}

func (f *folder) Count(_ *testing.T, _, flag string) int {
	if flag != "" {
		return 0
	}
	return f.n
}

func open(t *testing.T, paths ...string) *archive.Mailbox {
	t.Helper()
	m, err := archive.Open(paths...)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return m
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSuite(t *testing.T) {
	mailboxtest.Run(t, mailboxtest.Features{}, func(t *testing.T) mailboxtest.Server { return &folder{dir: t.TempDir()} })
}

// contents returns the messages in the order of the listing.
func contents(t *testing.T, m mailbox.Mailbox) []string {
	t.Helper()
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	var got []string
	for _, e := range entries {
		err := m.Fetch(t.Context(), []mailbox.Ref{e.Ref}, func(_ mailbox.Ref, r io.Reader) error {
			b, err := io.ReadAll(r)
			got = append(got, string(b))
			if int64(len(b)) != e.Size {
				t.Errorf("message of %d octets is listed with %d", len(b), e.Size)
			}
			return err
		})
		if err != nil {
			t.Fatalf("Fetch: %v", err)
		}
	}
	return got
}

func TestMbox(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for name, c := range map[string]struct {
		mbox string
		want []string
	}{
		"two messages":             {"From a@b Sat Jan  3 01:05:34 1996\nSubject: 1\n\none\n\nFrom c@d Sat Jan  3 01:05:35 1996\nSubject: 2\n\ntwo\n\n", []string{"Subject: 1\n\none\n", "Subject: 2\n\ntwo\n"}},
		"CRLF":                     {"From a@b\r\nSubject: 1\r\n\r\none\r\n\r\nFrom c@d\r\nSubject: 2\r\n\r\ntwo\r\n", []string{"Subject: 1\r\n\r\none\r\n", "Subject: 2\r\n\r\ntwo\r\n"}},
		"From inside a paragraph":  {"From a@b\nSubject: 1\n\none\nFrom here on\n\n", []string{"Subject: 1\n\none\nFrom here on\n"}},
		"quoted From":              {"From a@b\nSubject: 1\n\n>From here\n>>From there\n> From afar\n\n", []string{"Subject: 1\n\nFrom here\n>From there\n> From afar\n"}},
		"no line end at the end":   {"From a@b\nSubject: 1\n\none", []string{"Subject: 1\n\none"}},
		"several empty lines":      {"From a@b\nSubject: 1\n\none\n\n\n\nFrom c@d\nSubject: 2\n\n", []string{"Subject: 1\n\none\n\n\n", "Subject: 2\n"}},
		"long lines":               {"From a@b\nSubject: 1\n\n" + long + "\n\nFrom " + long + "\nSubject: 2\n\n>" + long + "\n", []string{"Subject: 1\n\n" + long + "\n", "Subject: 2\n\n>" + long + "\n"}},
		"the same message twice":   {"From a@b\nSubject: 1\n\none\n\nFrom c@d\nSubject: 1\n\none\n\n", []string{"Subject: 1\n\none\n"}},
		"nothing but its own line": {"From a@b\n", []string{""}},
		"no mbox":                  {"Subject: 1\n\nFrom here\n\nFrom there\n", []string{"Subject: 1\n\nFrom here\n\nFrom there\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mail")
			write(t, path, c.mbox)
			if diff := cmp.Diff(contents(t, open(t, path)), c.want); diff != "" {
				t.Errorf("messages (-got +want):\n%s", diff)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for path, content := range map[string]string{
		"b.eml": "b", "a/z.EML": "a/z", "a/notes.txt": "no mail", "c.mbox": "From x\nc\n", "m/cur/1:2,S": "m/cur/1", "m/new/2": "m/new/2",
		"m/tmp/3": "half written", "m/cur/.hidden": "no mail",
	} {
		write(t, filepath.Join(dir, path), content)
	}
	got := contents(t, open(t, dir))
	if diff := cmp.Diff(got, []string{"a/z", "b", "c\n", "m/cur/1", "m/new/2"}); diff != "" {
		t.Errorf("messages (-got +want):\n%s", diff)
	}
	if _, err := archive.Open(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("Open of a missing file succeeded")
	}
}

func TestNamesDependOnContentOnly(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.eml"), "Subject: x\n\nbody\n")
	write(t, filepath.Join(dir, "all.mbox"), "From a\nSubject: x\n\nbody\n\n")
	var refs []mailbox.Ref
	for _, name := range []string{"one.eml", "all.mbox"} {
		entries, err := open(t, filepath.Join(dir, name)).List(t.Context())
		if err != nil || len(entries) != 1 {
			t.Fatalf("List = %v, %v, want one entry", entries, err)
		}
		refs = append(refs, entries[0].Ref)
	}
	if refs[0] != refs[1] || !strings.HasPrefix(refs[0].UID, "sha256:") {
		t.Errorf("refs are %v and %v, want the same sha256", refs[0], refs[1])
	}
}
