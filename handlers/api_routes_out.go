package handlers

import (
	"net/http"
	"reflect"

	"letterbox/gateway"
)

// apiOutgoingRoutes are the routes about mail that goes out, and about how its accounts and the inboxes sign in.
func apiOutgoingRoutes() []apiRoute {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	out, mail := reflect.TypeFor[apiOAuthOut](), reflect.TypeFor[apiOutgoingOut]()
	return []apiRoute{
		{method: get, path: "/inboxes/:id/oauth", handle: apiOAuthShow, summary: "Show how an inbox signs in with OAuth 2.0", out: out, status: 200},
		{method: patch, path: "/inboxes/:id/oauth", handle: apiOAuthUpdate, summary: "Change what is given of the sign-in of an inbox with OAuth 2.0",
			in: reflect.TypeFor[apiOAuthIn](), out: out, status: 200},
		{method: get, path: "/sending-accounts/:id/oauth", handle: apiOAuthShow, summary: "Show how a sending account signs in with OAuth 2.0", out: out, status: 200},
		{method: patch, path: "/sending-accounts/:id/oauth", handle: apiOAuthUpdate, summary: "Change what is given of the sign-in of a sending account with OAuth 2.0",
			in: reflect.TypeFor[apiOAuthIn](), out: out, status: 200},

		{method: get, path: "/mails", handle: apiExchangeList, summary: "List mails that came in and went out, newest first: all of them for admins, those of their inboxes for others",
			query: []string{"inbox", "direction", "limit", "cursor"}, out: reflect.TypeFor[apiExchangedOut](), list: true, status: 200},
		{method: get, path: "/outbox", handle: apiOutboxList, summary: "List the mail that goes out, newest first: all of it for admins, that of their inboxes for others",
			query: []string{"outgoing_state", "limit", "cursor"}, out: mail, list: true, status: 200},
		{method: get, path: "/outbox/:id", handle: apiOutboxShow, summary: "Show a mail that goes out", out: mail, status: 200},
		{method: post, path: "/outbox/:id/send", handle: apiOutboxChange((*gateway.Gateway).SendNow),
			summary: "Send a mail now, also one that was given up or cancelled", out: mail, status: 200},
		{method: post, path: "/outbox/:id/cancel", handle: apiOutboxChange((*gateway.Gateway).CancelOutgoing), summary: "Keep a mail from being sent", out: mail, status: 200},

		{method: get, path: "/suppressions", handle: apiSuppressionList, summary: "List the addresses that get no mail, newest first",
			query: []string{"limit", "cursor"}, out: reflect.TypeFor[apiSuppressionOut](), list: true, status: 200},
		{method: post, path: "/suppressions", handle: apiSuppressionAdd, summary: "Keep all mail from an address", in: reflect.TypeFor[apiSuppressionIn](), status: 204},
		{method: del, path: "/suppressions/:address", handle: apiSuppressionRelease, summary: "Let an address get mail again", status: 204},
	}
}
