package handlers

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// sandboxed is the policy of downloads: whatever a browser makes of them, it may do nothing.
const sandboxed = "sandbox; default-src 'none'"

// safeTypes are the types under which a file is downloaded; everything else is octets.
func safeType(contentType string) string {
	switch contentType {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "text/csv", "application/pdf", "application/zip",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet":
		return contentType
	}
	return "application/octet-stream"
}

// download streams a file that somebody sent us. It is never shown in place: the browser saves it under the name that
// it came with, and the policy of the response lets it do nothing if it is opened all the same (SEC-34).
func download(c *gin.Context, name, contentType string, size int64, r io.Reader) error {
	head := c.Writer.Header()
	head.Set("Content-Type", safeType(contentType))
	head.Set("Content-Disposition", disposition(name))
	head.Set("Content-Security-Policy", sandboxed)
	head.Set("Content-Length", strconv.FormatInt(size, 10))
	c.Status(http.StatusOK)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(c.Writer, r); err != nil {
		return fmt.Errorf("send file: %w", err)
	}
	return nil
}

// disposition says "save as name": in ASCII for old programs and in UTF-8 (RFC 6266, 4.3 and RFC 8187).
func disposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;/`, r) {
			return '_'
		}
		return r
	}, name)
	if ascii == "" {
		ascii = "file"
	}
	encoded := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + encoded
}
