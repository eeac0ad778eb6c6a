package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// From the text of an inbox by its difference to the change, and back by a version.
func TestInboxIsChangedAsAFileAndRestored(t *testing.T) {
	s := newSite(t)
	cookie, page := s.as("lead"), fmt.Sprintf("/inboxes/%d/config", s.inbox.ID)
	s.get(fmt.Sprintf("/inboxes/%d", s.inbox.ID), cookie).want(t, 200, `href="`+page+`"`)
	s.get(page, cookie).want(t, 200, "batch_size: 50", "Version 1", "Inbox added")
	file := s.get(page+"/file", cookie)
	file.want(t, 200, "    batch_size: 50")
	if kind := file.Header.Get("Content-Disposition"); !strings.Contains(kind, fmt.Sprintf("letterbox-inbox-%d.yaml", s.inbox.ID)) {
		t.Errorf("Content-Disposition = %q", kind)
	}
	send := func(do, shown, text string) answer {
		return s.postFilesAs("file", page, cookie, url.Values{"do": {do}, "shown": {shown}, "config": {text}}, nil)
	}
	s.postFilesAs("file", page, cookie, url.Values{"do": {"apply"}, "config": {file.Body}}, map[string]string{"a.yaml": "inboxes:\n  - name: Uploaded\n"}).want(t, 200, "→ Uploaded", "name: Uploaded")
	s.postFilesAs("file", page, cookie, url.Values{"do": {"show"}, "config": {file.Body}}, map[string]string{"a.yaml": strings.Repeat("#", 5<<20)}).want(t, 422, "larger than 4 MiB")
	changed := strings.ReplaceAll(strings.Replace(file.Body, "batch_size: 50", "batch_size: 20", 1), "\n", "\r\n")
	shown := send("show", "", changed)
	shown.want(t, 200, "This would change", "Messages per run", "50 → 20", `value="apply"`)
	digest := between(shown.Body, `name="shown" value="`, `"`)
	s.get(page, cookie).want(t, 200, "batch_size: 50")
	send("apply", "", changed).want(t, 409, "50 → 20")
	send("apply", digest, strings.Replace(changed, "batch_size: 20", "batch_size: 30", 1)).want(t, 409, "50 → 30", "nothing was applied")
	send("apply", digest, changed).want(t, 303)
	s.get(page, cookie).want(t, 200, "batch_size: 20", "Version 2", "Inbox changed by a file", "Messages per run")

	send("show", "", "inboxes:\n  - name: A\n    setings: {}\n").want(t, 422, "Line 3, setings: There is no field setings. You probably mean settings.", "setings: {}")
	send("show", "", "inboxes:\n  - name: A\n    password: ${env:PATH}\n").want(t, 422, "Line 3, password: Variables and files of the server")
	send("show", "", "inboxes:\n  - name: A\n  - name: B\n").want(t, 422, "The file has to be about this inbox alone")
	s.post(page, s.as("member"), url.Values{"config": {changed}}).want(t, 403)

	version := fmt.Sprintf("/inboxes/%d/versions/", s.inbox.ID)
	s.get(version+"2", cookie).want(t, 200, "Changed from version 1", "50 → 20", "The inbox is as in this version")
	s.get(version+"1", cookie).want(t, 200, "Restoring would change", "20 → 50", "Passwords stay")
	s.get(version+"1?against=2", cookie).want(t, 200, "Changed from version 2", "20 → 50")
	s.get(version+"1?against=7", cookie).want(t, 404)
	s.get(version+"9", cookie).want(t, 404)
	s.post(version+"1/restore", cookie, url.Values{}).want(t, 303)
	s.get(page, cookie).want(t, 200, "batch_size: 50", "Version 3", "Earlier version of the inbox restored")
	s.get(fmt.Sprintf("/inboxes/%d/audit", s.inbox.ID), cookie).want(t, 200, "Inbox changed by a file", "Back to version")
}

// between is what stands in text behind one part and before another.
func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}
