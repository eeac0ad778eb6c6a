package handlers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func openAPI(t *testing.T, w *apiWorld) map[string]any {
	t.Helper()
	rec := w.do("none", "GET", apiPrefix+"/openapi.json", "")
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("GET openapi.json = %d %s", rec.Code, rec.Header().Get("Content-Type"))
	}
	var doc map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpenAPIDocumentAndRouterHaveTheSameRoutes(t *testing.T) {
	w := newAPIWorld(t)
	doc := openAPI(t, w)
	documented := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	routed := map[string]bool{}
	for _, r := range w.h.routerRoutes() {
		if strings.HasPrefix(r.Path, "/api/") || slices.Contains([]string{"/livez", "/readyz", "/healthz", "/metrics"}, r.Path) {
			routed[r.Method+" "+openAPIPath(r.Path)] = true
		}
	}
	for name := range routed {
		if !documented[name] {
			t.Errorf("route %s is not in the OpenAPI document", name)
		}
	}
	for name := range documented {
		if !routed[name] {
			t.Errorf("the OpenAPI document has %s, which is no route", name)
		}
	}
	if len(routed) < 30 {
		t.Errorf("found %d routes, want the whole API", len(routed))
	}
}

func TestOpenAPIDocumentIsSound(t *testing.T) {
	doc := openAPI(t, newAPIWorld(t))
	if doc["openapi"] != "3.1.0" {
		t.Errorf("openapi = %v, want 3.1.0", doc["openapi"])
	}
	ids := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case nil:
			t.Errorf("%s is null", at)
		case []any:
			for _, e := range v {
				walk(at, e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && pointed(doc, ref) == nil {
				t.Errorf("%s refers to %s, which is not there", at, ref)
			}
			if id, ok := v["operationId"].(string); ok {
				if ids[id] {
					t.Errorf("operationId %s stands twice", id)
				}
				ids[id] = true
			}
			for key, e := range v {
				walk(at+"/"+key, e)
			}
		}
	}
	walk("#", doc)
}

// pointed follows a reference inside of doc.
func pointed(doc map[string]any, ref string) any {
	var at any = doc
	for _, key := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[key]
	}
	return at
}

func TestAnswersHaveTheFieldsOfTheirSchema(t *testing.T) {
	w := newAPIWorld(t)
	doc := openAPI(t, w)
	first := func(path string) map[string]any {
		items := w.get("admin", "GET", path, "", 200)["items"].([]any)
		if len(items) == 0 {
			t.Fatalf("GET %s has no items", path)
		}
		return items[0].(map[string]any)
	}
	w.get("admin", "POST", "/issues/1/comments", `{"body":"Seen."}`, 201)
	for name, got := range map[string]map[string]any{
		"Project": first("/projects"), "User": first("/users"), "Member": first("/projects/SUP/members"), "Inbox": first("/inboxes"),
		"Issue": first("/issues"), "Comment": first("/issues/1/comments"), "Attachment": first("/issues/1/attachments"),
		"Message": first("/messages"), "MessageFull": w.get("admin", "GET", "/messages/1", "", 200), "Folder": first("/inboxes/1/folders"),
		"Check": w.get("admin", "POST", "/inboxes/1/check", "", 200), "Reconcile": w.get("admin", "GET", "/inboxes/1/reconcile", "", 200),
		"Poll": w.get("admin", "POST", "/inboxes/1/poll", "", 202), "Problem": w.get("admin", "GET", "/issues/999", "", 404),
	} {
		schema, ok := pointed(doc, "#/components/schemas/"+name).(map[string]any)
		if !ok {
			t.Errorf("no schema %s", name)
			continue
		}
		properties := schema["properties"].(map[string]any)
		for field := range got {
			if properties[field] == nil {
				t.Errorf("%s has %q, which its schema lacks", name, field)
			}
		}
		required, _ := schema["required"].([]any)
		for _, field := range required {
			if _, ok := got[field.(string)]; !ok {
				t.Errorf("%s lacks %q, which its schema requires", name, field)
			}
		}
	}
}
