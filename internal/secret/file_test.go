package secret

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestKeyFileIsCreatedOnceAndPrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "data")
	first, created, err := Load("", folder)
	if err != nil || !created {
		t.Fatalf("first Load: created %v, error %v; want true, nil", created, err)
	}
	info, err := os.Stat(filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the key file = %o, want 600", got)
	}
	second, created, err := Load("", folder)
	if err != nil || created {
		t.Fatalf("second Load: created %v, error %v; want false, nil", created, err)
	}
	if got, err := second.Open(seal(t, first, "x", "w"), "w"); err != nil || got != "x" {
		t.Errorf("second ring opens to %q, %v", got, err)
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("folder holds %d files, want 1", len(files))
	}
}

func TestProcessesThatStartAtOnceShareTheKey(t *testing.T) {
	folder := t.TempDir()
	rings := make([]*Ring, 8)
	makers := make([]bool, len(rings))
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			var err error
			if rings[i], makers[i], err = Load("", folder); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	n := 0
	for i, r := range rings {
		if makers[i] {
			n++
		}
		if r.primary != rings[0].primary {
			t.Errorf("ring %d seals with %s, ring 0 with %s", i, r.primary, rings[0].primary)
		}
	}
	if n != 1 {
		t.Errorf("%d loads say that they created the key, want 1", n)
	}
}

func TestValueWinsOverTheFileAndNothingIsWritten(t *testing.T) {
	folder := t.TempDir()
	ring, created, err := Load("main:"+Generate()[9:], folder)
	if err != nil || created || ring.primary != "main" {
		t.Fatalf("Load = %v, %v, %v", ring, created, err)
	}
	if files, _ := os.ReadDir(folder); len(files) != 0 {
		t.Errorf("folder holds %d files, want none", len(files))
	}
}

func TestBrokenKeyFileIsRefusedAndKept(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "garbage": "not a key\n"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, FileName)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Load("", folder); err == nil {
				t.Error("it was accepted")
			}
			if got, _ := os.ReadFile(path); string(got) != content {
				t.Errorf("the file was changed to %q", got)
			}
		})
	}
}

func TestPrependSealsWithANewKey(t *testing.T) {
	folder := t.TempDir()
	before, _, err := Load("", folder)
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, before, "x", "w")
	after, err := Prepend(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(sealed, "w"); err != nil || got != "x" {
		t.Errorf("new ring opens an old value to %q, %v", got, err)
	}
	if after.Current(sealed) || after.primary == before.primary {
		t.Error("the new ring still seals with the old key")
	}
	loaded, _, err := Load("", folder)
	if err != nil || loaded.primary != after.primary {
		t.Errorf("Load after Prepend = %v, %v; want %v", loaded, err, after)
	}
	if info, err := os.Stat(filepath.Join(folder, FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v; want mode 600", info.Mode(), err)
	}
}
