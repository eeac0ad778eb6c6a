package handlers

import (
	"net/http"
	"reflect"
)

// apiWebhookRoutes are the routes about webhooks, for admins.
func apiWebhookRoutes() []apiRoute {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	in, out, made := reflect.TypeFor[apiWebhookIn](), reflect.TypeFor[apiWebhookOut](), reflect.TypeFor[apiWebhookNew]()
	delivery, page := reflect.TypeFor[apiDeliveryOut](), []string{"limit", "cursor"}
	all := []apiRoute{
		{method: get, path: "/webhooks", handle: apiWebhookList, summary: "List the webhooks", query: page, out: out, list: true, status: 200},
		{method: post, path: "/webhooks", handle: apiWebhookCreate, summary: "Add a webhook; only this answer has its secret", in: in, out: made, status: 201, secret: true},
		{method: get, path: "/webhooks/:id", handle: apiWebhookShow, summary: "Show a webhook", out: out, status: 200},
		{method: patch, path: "/webhooks/:id", handle: apiWebhookUpdate, summary: "Change what is given of a webhook", in: in, out: out, status: 200},
		{method: del, path: "/webhooks/:id", handle: apiWebhookDelete, summary: "Remove a webhook and what was sent to it", status: 204},
		{method: post, path: "/webhooks/:id/rotate", handle: apiWebhookRotate, summary: "Give a webhook another secret; the old one signs besides for a day", out: made, status: 200, secret: true},
		{method: post, path: "/webhooks/:id/test", handle: apiWebhookTest, summary: "Send an event that says nothing", out: delivery, status: 202},
		{method: get, path: "/webhooks/:id/deliveries", handle: apiDeliveryList, summary: "List what was sent to a webhook, newest first",
			query: page, out: delivery, list: true, status: 200},
		{method: post, path: "/webhooks/:id/deliveries/:delivery/replay", handle: apiDeliveryReplay, summary: "Send an event again, with the same webhook-id",
			out: delivery, status: 202},
	}
	for i := range all {
		all[i].handle = apiWebhook(all[i].handle)
	}
	return all
}
