package acceptance_test

import (
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
)

// desk is an admin in front of a browser that runs no scripts.
type desk struct {
	p        *program
	client   *http.Client
	language string
}

// desk signs the admin in.
func (p *program) desk() *desk {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	k := &desk{p, &http.Client{Jar: jar}, "en"}
	k.submit("/signin", url.Values{"login": {"admin"}, "password": {"a long password"}})
	return k
}

// page returns a page, as text.
func (k *desk) page(path string) string {
	k.p.t.Helper()
	return k.ask("GET", path, nil)
}

// submit sends a form that has to be accepted, and returns the page that it leads to.
func (k *desk) submit(path string, values url.Values) string {
	k.p.t.Helper()
	return k.ask("POST", path, values)
}

func (k *desk) ask(method, path string, values url.Values) string {
	k.p.t.Helper()
	req, err := http.NewRequestWithContext(k.p.t.Context(), method, k.p.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		k.p.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", k.language)
	if values != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := k.client.Do(req)
	if err != nil {
		k.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	text := html.UnescapeString(string(raw))
	if err != nil || resp.StatusCode != http.StatusOK {
		k.p.t.Fatalf("%s %s: status %d, %v\n%s", method, path, resp.StatusCode, err, mainPart.FindString(text))
	}
	return text
}

var mainPart = regexp.MustCompile(`(?s)<main.*</main>`)

// entered returns what stands in a hidden field of a page.
func (k *desk) entered(page, field string) string {
	k.p.t.Helper()
	m := regexp.MustCompile(`name="` + field + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		k.p.t.Fatalf("the page has no field %q", field)
	}
	return m[1]
}

var areaField = regexp.MustCompile(`(?s)<textarea[^>]*name="profiles"[^>]*>(.*?)</textarea>`)

// recognise has an inbox read the shipped formats of these names and join mails by their number.
func (k *desk) recognise(inbox int64, examples ...string) {
	k.p.t.Helper()
	path := fmt.Sprintf("/inboxes/%d/extraction", inbox)
	form := url.Values{
		"base": {"1"}, "no_match": {"go_on"}, "correlate_by": {"references"}, "window_days": {"7"}, "reopen": {"true"}, "profiles": {"[]"},
	}
	for _, name := range examples {
		form.Set("do", "example")
		form.Set("example", name)
		page := k.submit(path, form)
		profiles := areaField.FindStringSubmatch(page)
		if profiles == nil || !strings.Contains(profiles[1], name) {
			k.p.t.Fatalf("the form does not hold the format %q", name)
		}
		// Who forgets the switch is told so (W-07).
		if want := `"merge by number" is off`; !strings.Contains(page, want) {
			k.p.t.Errorf("the page does not say %q", want)
		}
		form.Set("profiles", profiles[1])
	}
	form.Set("correlate_by", "field")
	form.Set("do", "save")
	k.submit(path, form)
}

// letterOf writes a mail with this header and text.
func letterOf(id, from, to, subject string, more []string, b body) []byte {
	head := append([]string{
		"From: " + from, "To: " + to, "Subject: " + mime.QEncoding.Encode("utf-8", subject), "Message-ID: <" + id + ">",
		"Date: Mon, 02 Nov 2026 10:00:00 +0100",
	}, more...)
	return []byte(strings.ReplaceAll(strings.Join(head, "\n")+"\n"+string(b), "\n", "\r\n"))
}

// ends waits until so many messages of an inbox have come to a result and the server has been told, and compares what
// became of them: "subject: state reason #issue", in the order in which they came.
func (p *program) ends(inbox int64, want ...string) []message {
	p.t.Helper()
	log := p.quiet(inbox, len(want))
	if diff := cmp.Diff(want, described(log)); diff != "" {
		p.t.Errorf("log of inbox %d (-want +got):\n%s", inbox, diff)
	}
	return log
}

func described(log []message) []string {
	var got []string
	for _, m := range log {
		line := m.Subject + ": " + m.State + " " + m.Reason
		if m.Issue != nil {
			line += fmt.Sprintf(" #%d", *m.Issue)
		}
		got = append(got, line)
	}
	return got
}

// arrives waits until a message of that subject has come to a result.
func (p *program) arrives(inbox int64, subject string) message {
	p.t.Helper()
	var found message
	await(p.t, time.Minute, func() error {
		log := p.messages(inbox)
		i := slices.IndexFunc(log, func(m message) bool { return m.Subject == subject && m.final() })
		if i < 0 {
			return fmt.Errorf("%q has come to no result: %q", subject, described(log))
		}
		found = log[i]
		return nil
	})
	return found
}

// changed is what was changed of an issue: "kind: was > became".
func (p *program) changed(number int64) []string {
	p.t.Helper()
	var all []string
	for _, c := range list[struct{ Kind, Was, Became string }](p, fmt.Sprintf("/issues/%d/history", number)) {
		all = append(all, c.Kind+": "+c.Was+" > "+c.Became)
	}
	return all
}

// refused sends a request that has to be refused with this status, and returns the codes of what is wrong.
func (p *program) refused(method, path string, in any, status int) []string {
	p.t.Helper()
	got, text := p.send(method, path, in)
	if got != status {
		p.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, text)
	}
	return codes.FindAllString(string(text), -1)
}

var codes = regexp.MustCompile(`\b[EW]-[A-Z0-9]+-[0-9]+\b`)

func has(t *testing.T, what string, all []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(all, w) {
			t.Errorf("%s: %q is missing in %q", what, w, all)
		}
	}
}

func contains(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not show %q", what, w)
		}
	}
}

// deliverTo hands mails to a server, as another mail server does.
func deliverTo(t *testing.T, d *mailtest.Dovecot, login string, raws ...[]byte) {
	t.Helper()
	if err := d.Deliver(login, raws...); err != nil {
		t.Fatal(err)
	}
}

// stage is a part of a story with a name of its own.
func (p *program) stage(name string, play func()) {
	p.t.Helper()
	outer := p.t
	defer func() { p.t = outer }()
	outer.Run(name, func(t *testing.T) {
		p.t = t
		play()
	})
}
