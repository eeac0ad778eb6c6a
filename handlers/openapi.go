package handlers

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"letterbox/tracker"
)

// object is a JSON object of the OpenAPI document.
type object = map[string]any

var pathParameter = regexp.MustCompile(`:([a-z]+)`)

// apiOpenAPI returns the OpenAPI 3.1 document of the API. It is made of the route table and of the types that are
// really read and written.
func apiOpenAPI(version string) []byte {
	s := schemas{}
	paths := object{}
	for _, r := range apiRoutes() {
		path := apiPrefix + openAPIPath(r.path)
		item, ok := paths[path].(object)
		if !ok {
			item = object{}
			paths[path] = item
		}
		item[strings.ToLower(r.method)] = s.operation(r)
	}
	paths[apiPrefix+"/openapi.json"] = object{"get": object{
		"operationId": "getOpenapiJson", "summary": "This document", "tags": []string{"openapi.json"}, "security": []any{},
		"responses": object{"200": object{"description": "OK", "content": object{"application/json": object{"schema": object{"type": "object"}}}}},
	}}
	for _, path := range []string{"/livez", "/readyz", "/healthz", "/metrics"} {
		paths[path] = openAPIProbe(path)
	}
	s["Problem"] = s.of(reflect.TypeFor[apiProblem]())
	doc := object{
		"openapi": "3.1.0",
		"info":    object{"title": "Letterbox", "version": version},
		"paths":   paths,
		"components": object{
			"schemas":         s,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
			"responses": object{"problem": object{
				"description": "A problem (RFC 9457)",
				"content":     object{"application/problem+json": object{"schema": schemaRef("Problem")}},
			}},
			"x-problems": openAPIProblems(),
		},
		"security": []any{object{"token": []string{}}},
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		panic(err) // The document is made of constants.
	}
	return raw
}

// openAPIPath writes a route with {braces}.
func openAPIPath(path string) string { return pathParameter.ReplaceAllString(path, "{$1}") }

// operation describes one route.
func (s schemas) operation(r apiRoute) object {
	op := object{
		"operationId": operationID(r), "summary": r.summary, "tags": []string{strings.Split(r.path, "/")[1]},
		"responses": object{strconv.Itoa(r.status): s.answer(r), "default": object{"$ref": "#/components/responses/problem"}},
	}
	parameters := []any{}
	for _, m := range pathParameter.FindAllStringSubmatch(r.path, -1) {
		schema := object{"type": "integer", "format": "int64", "minimum": 1}
		if slices.Contains([]string{"key", "login", "link", "address", "inbox"}, m[1]) {
			schema = object{"type": "string"}
		}
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	for _, name := range r.query {
		p := apiParameters()[name]
		parameters = append(parameters, object{
			"name": p.name, "in": "query", "required": r.raw && name == "inbox", "description": p.text, "schema": p.schema,
		})
	}
	for _, name := range r.headers() {
		parameters = append(parameters, object{"name": name, "in": "header", "required": false, "description": apiHeaderText()[name], "schema": object{"type": "string"}})
	}
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	switch {
	case r.yaml && r.raw:
		op["requestBody"] = object{"required": true, "content": object{"application/yaml": object{"schema": object{"type": "string"}}}}
	case r.raw:
		op["requestBody"] = object{"required": true, "content": object{"message/rfc822": object{}}}
	case r.in != nil:
		op["requestBody"] = object{"required": r.method != http.MethodPut, "content": object{"application/json": object{"schema": s.ref(r.in)}}}
	}
	return op
}

// headers are the header fields of a request that a route knows beside those of all routes.
func (r apiRoute) headers() []string {
	switch {
	case r.once():
		return []string{"Idempotency-Key"}
	case r.single(), r.method == http.MethodGet && changed(apiRoutes(), r.path):
		return []string{"If-None-Match"}
	case r.changes() && r.path != "/suppressions/:address" && r.path != "/holds/:key": // A line with nothing that could change.
		return []string{"If-Match"}
	}
	return nil
}

func apiHeaderText() map[string]string {
	return map[string]string{
		"Idempotency-Key": "The same request with the same key takes effect once; for 24 hours it gets the first answer. Another request with the key is 422, one that is under way 409.",
		"If-None-Match":   "ETag of what you have: 304 when it is that still",
		"If-Match":        "ETag of what you have read: 412 with what is there now when it is another one",
	}
}

// answer describes the answer of success.
func (s schemas) answer(r apiRoute) object {
	out := object{"description": http.StatusText(r.status)}
	switch {
	case r.octets && r.yaml:
		out["content"] = object{"application/yaml": object{"schema": object{"type": "string"}}}
	case r.octets:
		out["content"] = object{"application/octet-stream": object{}}
	case r.out != nil && r.list:
		out["content"] = object{"application/json": object{"schema": object{
			"type": "object", "required": []string{"items", "next_cursor"},
			"properties": object{"items": object{"type": "array", "items": s.ref(r.out)}, "next_cursor": object{"type": "string"}},
		}}}
	case r.out != nil:
		out["content"] = object{"application/json": object{"schema": s.ref(r.out)}}
	}
	return out
}

// operationID names a route for generated clients: getIssuesNumberComments.
func operationID(r apiRoute) string {
	id := strings.ToLower(r.method)
	for _, part := range strings.FieldsFunc(r.path, func(c rune) bool { return strings.ContainsRune("/:-.", c) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// apiParameter is a query parameter.
type apiParameter struct {
	name, text string
	schema     object
}

func apiParameters() map[string]apiParameter {
	text := object{"type": "string"}
	states := make([]string, 0, 9)
	for _, s := range apiMessageStates() {
		states = append(states, string(s))
	}
	return map[string]apiParameter{
		"limit":          {"limit", "Items of a page", object{"type": "integer", "minimum": 1, "maximum": 200}},
		"cursor":         {"cursor", "next_cursor of the page before", text},
		"project":        {"project", "Key of the project", text},
		"state":          {"state", "States of an issue, separated by commas", text},
		"message_state":  {"state", "State of a message", object{"type": "string", "enum": states}},
		"outgoing_state": {"state", "State of a mail that goes out", object{"type": "string", "enum": outgoingStates()}},
		"direction":      {"direction", "Which way the mail went; left out: both", object{"type": "string", "enum": []string{"in", "out"}}},
		"reason":         {"reason", "Reason code", text},
		"action":         {"action", "What was done, rules.update for example; rules. for all that begin so", text},
		"organisation":   {"organisation", "Number of an organisation", object{"type": "integer", "format": "int64"}},
		"texts":          {"texts", "Whether what was written goes, too; left out: erase", object{"type": "string", "enum": []string{"erase", "keep"}}},
		"message_id":     {"message_id", "Message-ID of a mail, without brackets", text},
		"names":          {"names", "Whether hosts, addresses of inboxes and names of folders are told; left out: false", object{"type": "boolean"}},
		"unread":         {"unread", "Only what was not read; left out: false", object{"type": "boolean"}},
		"rules":          {"rules", "Which rules decide; left out: current, those in force", object{"type": "string", "enum": []string{"current", "original"}}},
		"dry_run":        {"dry_run", "1: say what would change, and change nothing", object{"type": "string", "enum": []string{"0", "1"}}},
		"against":        {"against", "The version to compare with; left out: the one before", object{"type": "integer", "format": "int64", "minimum": 1}},
		"inbox":          {"inbox", "Number or name of an inbox", text},
		"q":              {"q", "Text to look for; for issues also filters such as is:open label:x", text},
		"group":          {"group", "Issues of a group follow each other, each group in the order of sort; left out: no groups", object{"type": "string", "enum": listGroups()}},
		"sort":           {"sort", "Order of the issues; left out: the highest number first", object{"type": "string", "enum": tracker.Sorts()}},
	}
}

// openAPIProbe describes a route outside of the API.
func openAPIProbe(path string) object {
	kind := "application/json"
	if path == "/metrics" {
		kind = "text/plain"
	}
	responses := object{"200": object{"description": "OK", "content": object{kind: object{}}}}
	if path == "/readyz" || path == "/healthz" {
		responses["503"] = object{"description": "Service Unavailable", "content": object{kind: object{}}}
	}
	return object{"get": object{
		"operationId": "get" + strings.ToUpper(path[1:2]) + path[2:], "summary": "Probe", "tags": []string{"probes"},
		"security": []any{}, "responses": responses,
	}}
}

// openAPIProblems lists our problem codes with their status; the type of a problem points here.
func openAPIProblems() object {
	return object{
		"E-400": object{"status": 400}, "E-401": object{"status": 401}, "E-403": object{"status": 403}, "E-404": object{"status": 404},
		"E-405": object{"status": 405}, "E-409": object{"status": 409}, "E-412": object{"status": 412}, "E-413": object{"status": 413}, "E-415": object{"status": 415},
		"E-422": object{"status": 422}, "E-429": object{"status": 429}, "E-500": object{"status": 500}, "E-502": object{"status": 502}, "E-503": object{"status": 503},
	}
}
