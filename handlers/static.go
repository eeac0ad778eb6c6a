package handlers

import (
	"net/http"

	"letterbox/models"
)

// static serves style sheet, script and mark. With ?v=VERSION a browser may keep them for ever.
func static(v *visit) error {
	a, ok := v.h.assets[v.Param("name")]
	if !ok {
		return models.ErrNotFound
	}
	v.Header("Cache-Control", "public, max-age=3600")
	if v.Query("v") == a.Version {
		v.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	etag := `"` + a.Version + `"`
	v.Header("ETag", etag)
	if v.GetHeader("If-None-Match") == etag {
		v.Status(http.StatusNotModified)
		return nil
	}
	v.Data(http.StatusOK, a.ContentType, a.Content)
	return nil
}
