package handlers

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"
)

const nonceKey = "nonce"

// headers sets the security headers of every response. Pages load scripts with the nonce of this response only; mail
// and downloads replace the policy by a stricter one of their own.
func (h *Handlers) headers(c *gin.Context) {
	nonce := rand.Text()
	c.Set(nonceKey, nonce)
	set := c.Writer.Header().Set
	set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	set("X-Content-Type-Options", "nosniff")
	set("X-Frame-Options", "DENY")
	set("Referrer-Policy", "same-origin")
	set("Cross-Origin-Opener-Policy", "same-origin")
	set("Cross-Origin-Resource-Policy", "same-origin")
	set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	set("X-DNS-Prefetch-Control", "off")
	set("Cache-Control", "private, no-store")
	if h.Secure {
		set("Strict-Transport-Security", "max-age=31536000")
	}
}

// rescue turns a panic into the error page. The cause and the stack go to the log under the reference that the page
// shows.
func (h *Handlers) rescue(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause)
		}
		id := reference()
		h.Log.ErrorContext(c.Request.Context(), "request panicked", slog.String("reference", id),
			slog.String("method", c.Request.Method), slog.String("route", c.FullPath()),
			slog.String("err", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			c.Abort()
			return
		}
		if strings.HasPrefix(c.Request.URL.Path, "/api/") {
			c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"status": http.StatusInternalServerError, "reference": id})
			return
		}
		h.newVisit(c).broken(id)
		c.Abort()
	}()
	c.Next()
}

// reference is a short random name by which an operator finds an error in the log.
func reference() string { return rand.Text()[:10] }
