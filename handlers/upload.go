package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"letterbox/gateway/message"
	"letterbox/tracker"
)

// uploadInRAM is how many octets of the files of a form stay in memory; the rest waits in temporary files.
const uploadInRAM = 1 << 20

// parseForm reads a form of either kind.
func (v *visit) parseForm() error {
	if !strings.HasPrefix(v.ContentType(), "multipart/") {
		return v.Request.ParseForm()
	}
	err := v.Request.ParseMultipartForm(uploadInRAM)
	if errors.Is(err, http.ErrNotMultipart) {
		return v.Request.ParseForm()
	}
	return err
}

// hasFiles reports whether files came with the form.
func (v *visit) hasFiles() bool {
	if v.Request.MultipartForm == nil {
		return false
	}
	for _, f := range v.Request.MultipartForm.File["files"] {
		if f.Filename != "" {
			return true
		}
	}
	return false
}

// uploads opens the files of a form. Call done in any case, once they are not needed any more.
func (v *visit) uploads(name string) (files []tracker.Upload, done func(), err error) {
	form := v.Request.MultipartForm
	if form == nil {
		return nil, func() {}, nil
	}
	var closers []func() error
	done = func() {
		for _, c := range closers {
			_ = c() // Only read.
		}
		_ = form.RemoveAll() // Temporary files; the system removes what stays.
	}
	for _, head := range form.File[name] {
		if head.Filename == "" {
			continue // No file was chosen.
		}
		f, err := head.Open()
		if err != nil {
			return nil, done, fmt.Errorf("open upload: %w", err)
		}
		closers = append(closers, f.Close)
		kind, _, _ := strings.Cut(head.Header.Get("Content-Type"), ";")
		files = append(files, tracker.Upload{
			Name: message.CleanName(head.Filename), ContentType: safeType(strings.ToLower(strings.TrimSpace(kind))), Content: f,
		})
	}
	return files, done, nil
}
