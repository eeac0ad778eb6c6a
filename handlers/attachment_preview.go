package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"letterbox/internal/picture"
	"letterbox/models"
)

// Pixels of a preview in each direction: beside the name of a file, and opened.
const (
	previewSmall = 240
	previewLarge = 1600
)

// previewPolicy is the policy of a preview in a frame of ours. It is that of a download: what is shown has an origin of
// its own, and neither scripts nor the network. The viewer of the browser draws a PDF all the same.
const previewPolicy = sandboxed + "; frame-ancestors 'self'"

// pdfMagic is what a PDF begins with (ISO 32000-1, 7.5.2).
const pdfMagic = "%PDF-"

// attachmentPreview shows a file of an issue in place to those who see the issue: the pixels of a picture, encoded anew,
// or a PDF in the viewer of the browser (SEC-34, SEC-37). Everything else is not found.
func attachmentPreview(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	file, r, err := v.h.Tracker.OpenAttachment(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	defer r.Close()
	v.Header("Content-Security-Policy", previewPolicy)
	v.Header("X-Frame-Options", "SAMEORIGIN")
	v.Header("Referrer-Policy", "no-referrer")
	if file.ContentType == "application/pdf" {
		return v.previewPDF(file, r)
	}
	small, box := v.Query("size") == "small", previewLarge
	if small {
		box = previewSmall
	}
	if p, ok := v.h.shelf.get(id); ok && small {
		v.Data(http.StatusOK, p.ContentType, p.Data)
		return nil
	}
	if !picture.Shown(file.ContentType) {
		return models.ErrNotFound
	}
	p, err := v.h.pictures.Anew(v.ctx(), r, box)
	if errors.Is(err, picture.ErrNotShown) {
		return models.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("preview attachment %d: %w", id, err)
	}
	if small {
		v.h.shelf.put(id, p)
	}
	v.Data(http.StatusOK, p.ContentType, p.Data)
	return nil
}

// previewPDF streams a PDF for the viewer of the browser, under no name and only when it is one.
func (v *visit) previewPDF(file models.Attachment, r io.Reader) error {
	head := make([]byte, len(pdfMagic))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != pdfMagic {
		return models.ErrNotFound
	}
	v.Header("Content-Type", "application/pdf")
	v.Header("Content-Disposition", "inline")
	v.Header("Content-Length", strconv.FormatInt(file.Size, 10))
	v.Status(http.StatusOK)
	if v.Request.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(v.Writer, io.MultiReader(bytes.NewReader(head), r)); err != nil {
		// The head is sent: there is no page to answer with any more.
		v.h.Log.WarnContext(v.ctx(), "preview broke off", slog.Int64("attachment_id", file.ID), slog.Any("err", err))
	}
	return nil
}
