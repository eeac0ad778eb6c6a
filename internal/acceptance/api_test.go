package acceptance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// message is a line of the inbound log as the API tells it.
type message struct {
	ID          int64  `json:"id"`
	Inbox       int64  `json:"inbox"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
	Subject     string `json:"subject"`
	From        string `json:"from"`
	MessageID   string `json:"message_id"`
	Issue       *int64 `json:"issue"`
	Comment     *int64 `json:"comment"`
	DuplicateOf *int64 `json:"duplicate_of"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	SettleState string `json:"settle_state"`
	SettleError string `json:"settle_error"`
	ErrorCode   string `json:"error_code"`
	Attempts    int    `json:"attempts"`
}

// final reports whether the message has come to a result.
func (m message) final() bool { return m.State != "known" && m.State != "received" }

// issue is an issue as the API tells it.
type issue struct {
	Number      int64  `json:"number"`
	Title       string `json:"title"`
	Description string `json:"description"`
	State       string `json:"state"`
	Reporter    person `json:"reporter"`
	Message     *int64 `json:"message"`

	CreatedAt time.Time `json:"created_at"`
}

type person struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// comment is a comment as the API tells it.
type comment struct {
	ID      int64  `json:"id"`
	Body    string `json:"body"`
	Author  person `json:"author"`
	Message *int64 `json:"message"`
}

// attachment is a file as the API tells it.
type attachment struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Comment *int64 `json:"comment"`
}

// object is any JSON object.
type object = map[string]any

// send makes a request to the API and returns status and body. Octets go out as they are, anything else as JSON.
func (p *program) send(method, path string, in any, header ...string) (int, []byte) {
	p.t.Helper()
	var body io.Reader
	if raw, ok := in.([]byte); ok {
		body = bytes.NewReader(raw)
	} else if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			p.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+"/api/v1"+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// call makes a request that has to succeed and reads its answer into out, which may be nil.
func (p *program) call(method, path string, in, out any, header ...string) {
	p.t.Helper()
	status, text := p.send(method, path, in, header...)
	if status >= 300 {
		p.t.Fatalf("%s %s: status %d: %s", method, path, status, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			p.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

// post hands in a raw message and reads its result.
func (p *program) post(path string, raw []byte, out any) {
	p.t.Helper()
	p.call("POST", path, raw, out, "Content-Type", "message/rfc822")
}

// list reads all pages of a list.
func list[T any](p *program, path string) []T {
	p.t.Helper()
	var all []T
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	for cursor := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next_cursor"`
		}
		p.call("GET", path+mark+"limit=200&cursor="+cursor, nil, &page)
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		cursor = page.Next
	}
}

// addProject adds the project SUP.
func (p *program) addProject() {
	p.t.Helper()
	p.call("POST", "/projects", object{"key": "SUP", "name": "Support"}, nil)
}

// addInbox adds an inbox and returns its number. more are members of the request besides the usual ones.
func (p *program) addInbox(more object) int64 {
	p.t.Helper()
	in := object{
		"name": "Support", "address": "support@here.example", "project": "SUP", "receive": "imap", "security": "none", "username": "alice",
		"password": "secret", "import_since": "all", "poll_interval": "1s", "allow_unknown": true,
	}
	for k, v := range more {
		in[k] = v
	}
	var out struct {
		ID int64 `json:"id"`
	}
	p.call("POST", "/inboxes", in, &out)
	return out.ID
}

// messages returns the inbound log of an inbox, oldest first.
func (p *program) messages(inbox int64) []message {
	p.t.Helper()
	all := list[message](p, fmt.Sprintf("/messages?inbox=%d", inbox))
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// quiet waits until n messages of the inbox are final and told the server, and returns them, oldest first.
func (p *program) quiet(inbox int64, n int) []message {
	p.t.Helper()
	var all []message
	await(p.t, 3*time.Minute, func() error {
		all = p.messages(inbox)
		ready := 0
		for _, m := range all {
			if m.final() && m.SettleState != "pending" {
				ready++
			}
		}
		if ready != n || len(all) != n {
			return fmt.Errorf("%d of %d messages are final and settled, want %d", ready, len(all), n)
		}
		return nil
	})
	return all
}

// await waits until check finds nothing to complain about.
func await(t *testing.T, most time.Duration, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(most); ; {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", most, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
