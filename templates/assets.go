package templates

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
)

// Asset is one static file as it is served.
type Asset struct {
	Content     []byte
	ContentType string
	Version     string // Changes with the content: a browser may keep /static/NAME?v=VERSION for ever.
}

// Assets returns the static files by name. All of static/css is one "app.css".
func Assets() (map[string]Asset, error) { return newAssets() }

func newAssets() (map[string]Asset, error) {
	assets := map[string]Asset{}
	sheets, err := fs.Glob(files, "static/css/*.css")
	if err != nil {
		return nil, fmt.Errorf("list style sheets: %w", err)
	}
	var css bytes.Buffer
	for _, name := range sheets {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		css.Write(raw)
	}
	assets["app.css"] = asset(css.Bytes(), "text/css; charset=utf-8")
	for pattern, contentType := range map[string]string{
		"static/*.js":  "text/javascript; charset=utf-8",
		"static/*.svg": "image/svg+xml",
	} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, fmt.Errorf("list static files: %w", err)
		}
		for _, name := range names {
			raw, err := files.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			assets[path.Base(name)] = asset(raw, contentType)
		}
	}
	return assets, nil
}

func asset(content []byte, contentType string) Asset {
	sum := sha256.Sum256(content)
	return Asset{Content: content, ContentType: contentType, Version: hex.EncodeToString(sum[:6])}
}
