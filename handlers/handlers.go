// Package handlers serves the pages and the REST API of Letterbox.
//
// A handler reads the request, asks tracker or gateway, and renders or redirects. It decides nothing about rights
// itself: what a person may not see is models.ErrNotFound, what it may see but not do is models.ErrForbidden. Every
// response carries the security headers, every change needs a request from the same origin, and every page works
// without JavaScript.
package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"letterbox/gateway"
	"letterbox/internal/i18n"
	"letterbox/internal/identity"
	"letterbox/internal/picture"
	"letterbox/internal/webhook"
	"letterbox/templates"
	"letterbox/tracker"
)

// Deps is what the handlers need.
type Deps struct {
	Tracker *tracker.Service
	Gateway *gateway.Gateway
	// Webhooks tells other programs of events; nil in tests that have none.
	Webhooks *webhook.Service
	Log      *slog.Logger
	BaseURL  string // "https://issues.example.org"; "" when it is not known. Requests from this origin are trusted.
	Version  string // Shown in the help place.
	Secure   bool   // Pages come over HTTPS: cookies are Secure and HSTS is sent.

	// SignOn is the identity provider that people may sign in with; nil for none. SignOnAdmits reports whether somebody
	// with a verified address may become a member at the first sign-in; nil: nobody.
	SignOn       *identity.Provider
	SignOnAdmits func(address string) bool

	// Changes takes the function that is to be told of each change ("message", "issue:12", "inbox:3") from now on. Nil:
	// pages do not reload by themselves. A server that stops ends the streams by the context of its requests.
	Changes func(sink func(topic string))

	// Demo sends one more sample mail to the demo inbox; nil when this is no demo.
	Demo func(ctx context.Context) error
}

// Handlers holds what the handlers share. It never changes after New and is safe for concurrent use.
type Handlers struct {
	Deps
	cat    *i18n.Catalogue
	views  *templates.Set
	assets map[string]templates.Asset
	csrf   *http.CrossOriginProtection
	live   *live

	pictures *picture.Decoder
	shelf    *shelf
	exports  chan struct{} // Holds one for each export that is being made.
}

// New returns the handler of all routes. The error names what is wrong with the templates, the message catalogue or
// the base URL.
func New(d Deps) (http.Handler, error) {
	h, err := build(d)
	if err != nil {
		return nil, err
	}
	if d.Changes != nil {
		d.Changes(h.live.publish)
	}
	return h.router(), nil
}

func build(d Deps) (*Handlers, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	cat, err := i18n.Load(templates.Catalogue())
	if err != nil {
		return nil, fmt.Errorf("load message catalogue: %w", err)
	}
	views, err := templates.New(cat)
	if err != nil {
		return nil, fmt.Errorf("load templates: %w", err)
	}
	assets, err := templates.Assets()
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	csrf := http.NewCrossOriginProtection()
	if d.BaseURL != "" {
		if err := csrf.AddTrustedOrigin(d.BaseURL); err != nil {
			return nil, fmt.Errorf("base URL: %w", err)
		}
	}
	return &Handlers{Deps: d, cat: cat, views: views, assets: assets, csrf: csrf, live: newLive(), pictures: picture.NewDecoder(), shelf: newShelf(), exports: make(chan struct{}, maxExports)}, nil
}
