package handlers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

const (
	languageCookie = "letterbox_language"
	themeCookie    = "letterbox_theme"
	flashCookie    = "letterbox_flash"
	stepCookie     = "letterbox_step" // A sign-in that is half done.
)

func (v *visit) ctx() context.Context { return v.Request.Context() }

// sessionCookie is bound to this host and to HTTPS by its prefix where pages come over HTTPS (RFC 6265bis, 4.1.3).
func (h *Handlers) sessionCookie() string {
	if h.Secure {
		return "__Host-letterbox"
	}
	return "letterbox"
}

// setCookie sets a cookie that scripts cannot read and that other sites' requests do not carry. maxAge is in seconds:
// 0 ends with the browser, -1 removes it.
func (v *visit) setCookie(name, value string, maxAge int) {
	http.SetCookie(v.Writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: v.h.Secure, SameSite: http.SameSiteLaxMode,
	})
}

func cookie(c *gin.Context, name string) string {
	if found, err := c.Request.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}

// flash is a sentence for the next page. It travels as a key of the catalogue, never as a text of its own.
type flash struct {
	Kind string            `json:"kind"` // "ok", "warn" or "bad".
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
	Text string            `json:"-"`
	Icon string            `json:"-"`
}

// say leaves a sentence for the page that the browser is sent to. args are pairs.
func (v *visit) say(kind, key string, args ...string) {
	f := flash{Kind: kind, Key: key, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		f.Args[args[i]] = args[i+1]
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return // A map of strings always can be written.
	}
	v.setCookie(flashCookie, base64.RawURLEncoding.EncodeToString(raw), 60)
}

// sayable reports whether a text may stand on a page because a cookie says so: our own sentences, and those of codes.
func sayable(key string) bool {
	return strings.HasPrefix(key, "flash.") || strings.HasPrefix(key, "E-")
}

// said returns the sentence that was left for this page, and removes it.
func (v *visit) said() *flash {
	value := cookie(v.Context, flashCookie)
	if value == "" || v.Request.Method != http.MethodGet {
		return nil
	}
	v.setCookie(flashCookie, "", -1)
	raw, err := base64.RawURLEncoding.DecodeString(value)
	var f flash
	if err != nil || json.Unmarshal(raw, &f) != nil || !sayable(f.Key) || !v.l.Has(f.Key) {
		return nil
	}
	switch f.Kind {
	case "ok":
		f.Icon = "check"
	case "warn", "bad":
		f.Icon = "warn"
	default:
		return nil
	}
	f.Text = v.l.T(f.Key, f.Args)
	return &f
}

// local returns address when it is a path of ours, and "/issues" otherwise: nobody is sent to another site.
func local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(address, "/") ||
		strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return "/issues"
	}
	return address
}
