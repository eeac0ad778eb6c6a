package acceptance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// watchman stands between the program and a mail server. Every command that changes something on the server is held
// until inspect has looked at it, so that what is true of the ledger at that moment can be told.
type watchman struct {
	Addr string

	inspect func(command string) error
	target  string
	l       net.Listener
	wait    sync.WaitGroup
	mu      sync.Mutex
	conns   []net.Conn
	seen    []string // Commands that change something.
}

var changing = regexp.MustCompile(`(?i)^(\S+ (UID )?(STORE|MOVE|COPY|EXPUNGE|CLOSE)\b|DELE )`)

func watch(t *testing.T, target string, inspect func(command string) error) *watchman {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &watchman{Addr: l.Addr().String(), inspect: inspect, target: target, l: l}
	w.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wait.Go(func() { w.serve(t, c) })
		}
	})
	t.Cleanup(w.close)
	return w
}

func (w *watchman) close() {
	_ = w.l.Close()
	w.mu.Lock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.wait.Wait()
}

// commands returns how many commands came by that change something.
func (w *watchman) commands() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

func (w *watchman) serve(t *testing.T, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer server.Close()
	w.mu.Lock()
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	w.wait.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	for br := bufio.NewReader(client); ; {
		line, err := br.ReadString('\n')
		if changing.MatchString(line) {
			w.mu.Lock()
			w.seen = append(w.seen, line)
			w.mu.Unlock()
			if err := w.inspect(strings.TrimSpace(line)); err != nil {
				t.Errorf("%q: %v", strings.TrimSpace(line), err)
			}
		}
		if _, werr := io.WriteString(server, line); err != nil || werr != nil {
			return
		}
	}
}

// finals returns the hashes of the messages that have come to a result by now. It may be called from any goroutine.
func (p *program) finals() (map[string]bool, error) {
	req, err := http.NewRequest("GET", p.url+"/api/v1/messages?limit=200", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var page struct{ Items []message }
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, m := range page.Items {
		if m.final() {
			all[m.SHA256] = true
		}
	}
	return all, nil
}

var namedSet = regexp.MustCompile(`(?i)^\S+ UID \S+ ([0-9:,]+)`)

// named returns the UIDs that an IMAP command names.
func named(command string) (uids []int, err error) {
	m := namedSet.FindStringSubmatch(command)
	if m == nil {
		return nil, fmt.Errorf("no set of UIDs: a command that may touch other people's mail")
	}
	for part := range strings.SplitSeq(m[1], ",") {
		first, last, ok := strings.Cut(part, ":")
		if !ok {
			last = first
		}
		a, err1 := strconv.Atoi(first)
		b, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%v %v", err1, err2)
		}
		for uid := min(a, b); uid <= max(a, b); uid++ {
			uids = append(uids, uid)
		}
	}
	return uids, nil
}
