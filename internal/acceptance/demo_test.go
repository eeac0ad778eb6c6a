package acceptance_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/smtp"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shown is what the demo prints about itself.
var (
	shownLogin = regexp.MustCompile(`Sign in\s+(\S+)\s+password\s+(\S+)`)
	shownSMTP  = regexp.MustCompile(`SMTP\s+(127\.0\.0\.1:\d+)\s+mail to (\S+)`)
	issueLink  = regexp.MustCompile(`href="/issues/(\d+)">([^<]*)</a>`)
)

func TestDemoShowsIssuesWithinThreeSeconds(t *testing.T) {
	p := newProgram(t)
	said := strings.Join(p.launch("Address ", "demo", "--listen", "127.0.0.1:0"), "\n")
	ready := time.Now()
	login, mail := shownLogin.FindStringSubmatch(said), shownSMTP.FindStringSubmatch(said)
	if login == nil || mail == nil {
		t.Fatalf("the demo printed neither logins nor servers:\n%s", said)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	post := func(path string, form url.Values) string {
		t.Helper()
		resp, err := client.PostForm(p.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		return body200(t, path, resp)
	}
	issues := func() map[string]string {
		t.Helper()
		resp, err := client.Get(p.url + "/issues?state=all")
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, m := range issueLink.FindAllStringSubmatch(body200(t, "/issues", resp), -1) {
			all[m[1]] = m[2]
		}
		return all
	}
	some := func(n int) func() error {
		return func() error {
			if all := issues(); len(all) != n {
				return fmt.Errorf("the list shows %d issues, want %d: %v", len(all), n, all)
			}
			return nil
		}
	}
	if page := post("/signin", url.Values{"login": {login[1]}, "password": {login[2]}}); !strings.Contains(page, `action="/demo/mail"`) {
		t.Error("there is no button to send one more mail on the page after sign-in")
	}
	await(t, 20*time.Second, some(3))
	if took := time.Since(ready); took > 3*time.Second {
		t.Errorf("the issues were there after %v, want 3 s at most", took)
	}
	for want, in := range map[string]string{"Fehler E-42": "/issues/1", "Same here on the second floor": "/issues/1", "delivery address": "/issues/2"} {
		resp, err := client.Get(p.url + in)
		if err != nil {
			t.Fatal(err)
		}
		if page := body200(t, in, resp); !strings.Contains(page, want) {
			t.Errorf("%s does not show %q", in, want)
		}
	}
	for range 2 {
		n := len(issues())
		post("/demo/mail", nil)
		await(t, 20*time.Second, some(n+1))
	}
	raw := "From: you@kunde.example\r\nTo: " + mail[2] + "\r\nSubject: Hello\r\n\r\nOne more.\r\n"
	if err := sendMail(mail[1], "you@kunde.example", mail[2], raw); err != nil {
		t.Fatal(err)
	}
	await(t, 20*time.Second, some(6))
	p.stop()
	left, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() != "log" {
			t.Errorf("the demo left %s behind", e.Name())
		}
	}
}

// sendMail sends one mail without TLS, as the printed command does.
func sendMail(server, from, to, raw string) error {
	c, err := smtp.Dial(server)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := errors.Join(c.Mail(from), c.Rcpt(to)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, raw)
	return errors.Join(err, w.Close(), c.Quit())
}

// body200 reads an answer that has to be a page.
func body200(t *testing.T, path string, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", path, resp.StatusCode, err)
	}
	return b.String()
}
