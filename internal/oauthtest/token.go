package oauthtest

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authorize shows the page on which a person signs in: one button.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.Lock()
	defer p.Unlock()
	q := r.URL.Query()
	switch {
	case q.Get("response_type") != "code" || q.Get("client_id") != p.ClientID || q.Get("state") == "" || q.Get("nonce") == "":
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		http.Error(w, "PKCE is missing", http.StatusBadRequest)
		return
	case len(p.RedirectURIs) > 0 && !slices.Contains(p.RedirectURIs, q.Get("redirect_uri")):
		http.Error(w, "redirect URI is not registered", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>Sign in</title><form method="post" action="/authorize?%s"><button id="agree">Sign in as %s</button></form>`,
		html.EscapeString(r.URL.RawQuery), html.EscapeString(p.User))
}

// consent sends the browser back.
func (p *Provider) consent(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, p.Return(r.URL.Query()), http.StatusSeeOther)
}

// Return is where the browser is sent after the person has agreed to the request q, or has not.
func (p *Provider) Return(q url.Values) string {
	p.Lock()
	defer p.Unlock()
	back := url.Values{"state": {q.Get("state")}}
	if !p.NoIssuer {
		back.Set("iss", p.issuer())
	}
	if p.Declined {
		back.Set("error", "access_denied")
	} else {
		c := random()
		p.codes[c] = code{p.User, q.Get("code_challenge"), q.Get("redirect_uri"), q.Get("nonce")}
		back.Set("code", c)
	}
	return q.Get("redirect_uri") + "?" + back.Encode()
}

func (p *Provider) device(w http.ResponseWriter, r *http.Request) {
	p.Lock()
	defer p.Unlock()
	if r.FormValue("client_id") != p.ClientID {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_codes": []int{700016}})
		return
	}
	c := random()
	p.devices[c] = "ABCD-EFGH"
	answer(w, http.StatusOK, map[string]any{"device_code": c, "user_code": p.devices[c], "verification_uri": p.URL + "/device", "expires_in": cmp.Or(p.DeviceLife, 900), "interval": 1})
}

// token is the token endpoint.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.Lock()
	delay := p.Delay
	p.Unlock()
	time.Sleep(delay)
	p.Lock()
	defer p.Unlock()
	p.TokenRequests = append(p.TokenRequests, r.PostForm.Get("grant_type"))
	form := map[string]string{}
	for name := range r.PostForm {
		form[name] = r.PostForm.Get(name)
	}
	p.Forms = append(p.Forms, form)
	if f := p.Refuse; f != nil {
		body := map[string]any{"error": f.Error, "error_description": f.Text}
		if f.Code != 0 {
			body["error_codes"], body["error_description"] = []int{f.Code}, fmt.Sprintf("AADSTS%d: %s", f.Code, f.Text)
		}
		answer(w, f.Status, body)
		return
	}
	refuse := func(code string, number int) {
		body := map[string]any{"error": code, "error_description": code}
		if number != 0 {
			body["error_codes"] = []int{number}
		}
		answer(w, http.StatusBadRequest, body)
	}
	if r.PostForm.Get("client_id") != p.ClientID {
		refuse("unauthorized_client", 700016)
		return
	}
	if err := p.authenticated(r.PostForm); err != nil && r.PostForm.Get("grant_type") != "urn:ietf:params:oauth:grant-type:device_code" {
		refuse("invalid_client", 7000215)
		return
	}
	var user, nonce string
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
	case "refresh_token":
		old := r.PostForm.Get("refresh_token")
		var ok bool
		if user, ok = p.refresh[old]; !ok {
			refuse("invalid_grant", 0)
			return
		}
		delete(p.refresh, old) // It is replaced each time.
	case "authorization_code":
		c, ok := p.codes[r.PostForm.Get("code")]
		delete(p.codes, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || c.redirect != r.PostForm.Get("redirect_uri") || c.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refuse("invalid_grant", 0)
			return
		}
		user, nonce = c.user, c.nonce
	case "urn:ietf:params:oauth:grant-type:device_code":
		if _, ok := p.devices[r.PostForm.Get("device_code")]; !ok {
			refuse("expired_token", 0)
			return
		}
		if p.Pending > 0 {
			p.Pending--
			refuse("authorization_pending", 0)
			return
		}
		if p.Declined {
			refuse("access_denied", 0)
			return
		}
		delete(p.devices, r.PostForm.Get("device_code"))
		user = p.User
	default:
		refuse("unsupported_grant_type", 0)
		return
	}
	p.grant(w, user, nonce)
}

func (p *Provider) grant(w http.ResponseWriter, user, nonce string) {
	access := "at-" + random()
	p.access[access] = issued{user, time.Now().Add(time.Duration(p.Life) * time.Second)}
	body := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": p.Life, "scope": "mail"}
	if user != "" {
		if !p.NoRefresh {
			r := "rt-" + random()
			p.refresh[r] = user
			body["refresh_token"] = r
		}
		body["id_token"] = p.identity(user, nonce)
	}
	answer(w, http.StatusOK, body)
}

// authenticated checks the secret or the assertion of the app.
func (p *Provider) authenticated(form url.Values) error {
	if assertion := form.Get("client_assertion"); assertion != "" && p.AppKey != nil {
		return p.checkAssertion(assertion)
	}
	if form.Get("client_secret") != p.Secret {
		return fmt.Errorf("wrong secret")
	}
	return nil
}

func (p *Provider) checkAssertion(assertion string) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return fmt.Errorf("no JWT")
	}
	head, _ := base64.RawURLEncoding.DecodeString(parts[0])
	body, _ := base64.RawURLEncoding.DecodeString(parts[1])
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	var h, c map[string]any
	if err := json.Unmarshal(head, &h); err != nil {
		return err
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	thumb := sha256.Sum256(p.AppKey.Raw)
	exp, _ := c["exp"].(float64)
	if c["iss"] != p.ClientID || c["sub"] != p.ClientID || c["aud"] != p.URL+"/token" || c["jti"] == "" || exp < float64(time.Now().Unix()) ||
		h["x5t#S256"] != base64.RawURLEncoding.EncodeToString(thumb[:]) {
		return fmt.Errorf("claims do not fit")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch key := p.AppKey.PublicKey.(type) {
	case *rsa.PublicKey:
		if h["alg"] == "PS256" {
			return rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, nil)
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature)
	case *ecdsa.PublicKey:
		if len(signature) != 64 || !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			return fmt.Errorf("signature does not fit")
		}
		return nil
	}
	return fmt.Errorf("unknown key")
}
