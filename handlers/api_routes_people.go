package handlers

import (
	"net/http"
	"reflect"
)

// apiPeopleRoutes are the routes about accounts of people, and about what each has for itself.
func apiPeopleRoutes() []apiRoute {
	const get, post, patch, put, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
	view, picture, page := reflect.TypeFor[apiViewOut](), reflect.TypeFor[apiPictureOut](), []string{"limit", "cursor"}
	return []apiRoute{
		{method: patch, path: "/users/:id", handle: apiUserUpdate, summary: "Change what is given of a person, all of it or nothing; another role, password or lock ends the sessions",
			in: reflect.TypeFor[apiUserPatch](), out: reflect.TypeFor[apiUserOut](), status: 200},
		{method: post, path: "/users/:id/addresses", handle: apiUserAddress, summary: "Give a person one more address",
			in: reflect.TypeFor[apiAddressIn](), out: reflect.TypeFor[apiUserOut](), status: 200},
		{method: del, path: "/users/:id/addresses/:address", handle: apiUserAddressRemove, summary: "Take an address of a person away", status: 204},
		{method: get, path: "/users/:id/tokens", handle: apiTokenList, summary: "List the tokens of a person, yours or as an admin; a token makes no other one",
			query: page, out: reflect.TypeFor[apiTokenOut](), list: true, status: 200},
		{method: get, path: "/users/:id/tokens/:token", handle: apiTokenShow, summary: "Show a token of a person, without the token itself",
			out: reflect.TypeFor[apiTokenOut](), status: 200},
		{method: del, path: "/users/:id/tokens/:token", handle: apiTokenDelete, summary: "Make a token worthless at once", status: 204},
		{method: del, path: "/users/:id/sessions", handle: apiUserSessionsEnd, summary: "Sign a person out everywhere", status: 204},
		{method: del, path: "/users/:id/second-factor", handle: apiUserFactorRemove, summary: "Take the second factor of somebody who has lost it away", status: 204},
		{method: del, path: "/users/:id/identities", handle: apiUserIdentitiesRemove, summary: "Disconnect a person from the identity provider; ends the sessions", status: 204},

		{method: put, path: "/issues/:number/watch", handle: apiIssueWatch, summary: "Watch an issue", status: 204},
		{method: del, path: "/issues/:number/watch", handle: apiIssueUnwatch, summary: "Watch an issue no more", status: 204},
		{method: put, path: "/issues/:number/mute", handle: apiIssueMute, summary: "Be told nothing of an issue", status: 204},
		{method: del, path: "/issues/:number/mute", handle: apiIssueUnmute, summary: "Be told of an issue again", status: 204},

		{method: get, path: "/notifications", handle: apiNoticeList, summary: "List what you were told, newest first",
			query: append([]string{"unread"}, page...), out: reflect.TypeFor[apiNoticeOut](), list: true, status: 200},
		{method: post, path: "/notifications/read", handle: apiNoticeRead, summary: "Mark what you were told as read, up to a notification",
			in: reflect.TypeFor[apiReadIn](), status: 204},

		{method: get, path: "/views", handle: apiViewList, summary: "List the saved filters that you may use", query: page, out: view, list: true, status: 200},
		{method: post, path: "/views", handle: apiViewCreate, summary: "Save a filter", in: reflect.TypeFor[apiViewIn](), out: view, status: 201},
		{method: get, path: "/views/:id", handle: apiViewShow, summary: "Show a saved filter", out: view, status: 200},
		{method: del, path: "/views/:id", handle: apiViewDelete, summary: "Remove a saved filter of yours", status: 204},

		{method: get, path: "/picture-senders", handle: apiPictureList, summary: "List the senders whose pictures from the network you see always",
			query: page, out: picture, list: true, status: 200},
		{method: post, path: "/picture-senders", handle: apiPictureCreate, summary: "See the pictures of a sender always; with verified only in mail whose sender is verified",
			in: reflect.TypeFor[apiPictureIn](), out: picture, status: 201},
		{method: get, path: "/picture-senders/:id", handle: apiPictureShow, summary: "Show such a sender", out: picture, status: 200},
		{method: del, path: "/picture-senders/:id", handle: apiPictureDelete, summary: "See the pictures of a sender only when you ask for them", status: 204},
	}
}
