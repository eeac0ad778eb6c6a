package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileName is the name of the key file in the data folder.
const FileName = "secret.key"

// Load returns the key ring: of value when it is not empty, else of the file [FileName] in folder. Where there is
// neither, it creates the file (mode 0600) with a new key and reports created; the caller then makes sure that nothing
// was sealed before. Processes that start at once end with the same key.
func Load(value, folder string) (ring *Ring, created bool, err error) {
	if value != "" {
		ring, err = Parse(value)
		return ring, false, err
	}
	path := filepath.Join(folder, FileName)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if created, err = create(folder, path); err != nil {
			return nil, false, fmt.Errorf("create the key file: %w", err)
		}
		content, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the key file: %w", err)
	}
	if ring, err = Parse(string(content)); err != nil {
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	return ring, created, nil
}

// Prepend writes a new key in front of those in the key file of folder, durably and in one step, and returns the new
// ring. Values that were sealed before stay readable.
func Prepend(folder string) (*Ring, error) {
	path := filepath.Join(folder, FileName)
	old, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	text := Generate() + "\n" + string(old)
	ring, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	temp, err := writeTemp(folder, text)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp)
	if err := os.Rename(temp, path); err != nil {
		return nil, err
	}
	return ring, syncFolder(folder)
}

// KeepFirst leaves the first key in the key file of folder, the one that seals, durably and in one step: what was sealed with
// the others cannot be opened any more.
func KeepFirst(folder string) error {
	path := filepath.Join(folder, FileName)
	all, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the key file: %w", err)
	}
	keys := strings.FieldsFunc(string(all), between)
	if len(keys) == 0 {
		return fmt.Errorf("%s: no key", path)
	}
	temp, err := writeTemp(folder, keys[0]+"\n")
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// create makes the key file unless another process was faster.
func create(folder, path string) (bool, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	temp, err := writeTemp(folder, Generate()+"\n")
	if err != nil {
		return false, err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncFolder(folder)
}

// writeTemp writes a new file with mode 0600 and returns its path once the content is on disk.
func writeTemp(folder, text string) (path string, err error) {
	f, err := os.CreateTemp(folder, "."+FileName+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
