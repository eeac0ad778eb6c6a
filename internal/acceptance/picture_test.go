package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// addPeople adds the customers who write the letters of writePost.
func (p *program) addPeople() {
	p.t.Helper()
	for _, name := range []string{"anna", "bernd"} {
		p.call("POST", "/users", object{"name": name, "addresses": []string{name + "@kunde.example"}, "role": "customer"}, nil)
	}
}

// gated are the rules under which the letters of writePost become what they have to.
func gated(more object) object {
	o := object{"allow_unknown": false, "blocked_senders": []string{"@spam.example"}}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// tracked is what the tracker made of mail: each issue with what came to it, by number.
type tracked struct {
	issues   map[int64]issue
	comments map[int64][]comment
	files    map[int64][]attachment
}

func (p *program) tracked() tracked {
	p.t.Helper()
	t := tracked{map[int64]issue{}, map[int64][]comment{}, map[int64][]attachment{}}
	for _, i := range list[issue](p, "/issues") {
		t.issues[i.Number] = i
		t.comments[i.Number] = list[comment](p, fmt.Sprintf("/issues/%d/comments", i.Number))
		t.files[i.Number] = list[attachment](p, fmt.Sprintf("/issues/%d/attachments", i.Number))
	}
	return t
}

// of returns what became of one message, as a letter wants it, and the text of it.
func (t tracked) of(m message) (o outcome, text string) {
	o = outcome{State: m.State, Reason: m.Reason}
	if m.Issue == nil {
		return o, ""
	}
	o.Issue = *m.Issue
	i := t.issues[o.Issue]
	if m.State == "created" {
		o.Title, text = i.Title, i.Description
	}
	for _, c := range t.comments[o.Issue] {
		if m.Comment != nil && c.ID == *m.Comment {
			text = c.Body
		}
	}
	for _, a := range t.files[o.Issue] {
		if a.Comment == nil && m.Comment == nil || a.Comment != nil && m.Comment != nil && *a.Comment == *m.Comment {
			o.Files = append(o.Files, fmt.Sprintf("%s %d %s", a.Name, a.Size, a.SHA256))
		}
	}
	slices.Sort(o.Files)
	return o, text
}

// sameAs checks that every letter has become what it has to, once. log are the messages in the order of the letters;
// nil octets are not compared.
func (p *program) sameAs(letters []letter, log []message, octets []held) {
	p.t.Helper()
	got := p.tracked()
	issues, comments := 0, 0
	for i, l := range letters {
		m := log[i]
		o, text := got.of(m)
		want := l.want
		want.Text = ""
		if diff := cmp.Diff(o, want); diff != "" {
			p.t.Errorf("mail %d (%s) as message %d: got -, want +\n%s", i, l.kind, m.ID, diff)
		}
		if l.want.Text != "" && !strings.Contains(text, l.want.Text) {
			p.t.Errorf("mail %d (%s): text %q does not hold %q", i, l.kind, text, l.want.Text)
		}
		switch l.want.State {
		case "created":
			issues++
			if origin := got.issues[l.want.Issue].Message; origin == nil || *origin != m.ID {
				p.t.Errorf("issue %d does not name message %d as its origin", l.want.Issue, m.ID)
			}
		case "commented":
			comments++
		}
		if octets != nil {
			p.sameOctets(m, octets[i].raw)
		}
	}
	all := 0
	for _, list := range got.comments {
		all += len(list)
	}
	if len(got.issues) != issues || all != comments {
		p.t.Errorf("there are %d issues and %d comments, want %d and %d", len(got.issues), all, issues, comments)
	}
}

// sameOctets checks that a message is kept exactly as the server holds it.
func (p *program) sameOctets(m message, want []byte) {
	p.t.Helper()
	if m.SHA256 != hash(want) {
		p.t.Errorf("message %d: sha256 %s, want that of the mail on the server, %s", m.ID, m.SHA256, hash(want))
	}
	status, got := p.send("GET", fmt.Sprintf("/messages/%d/raw", m.ID), nil)
	if status != 200 || hash(got) != hash(want) {
		p.t.Errorf("message %d: raw download has status %d and sha256 %s, want 200 and %s", m.ID, status, hash(got), hash(want))
	}
}

// states counts messages by what became of them, for the log of a test.
func states(log []message) string {
	n := map[string]int{}
	for _, m := range log {
		n[m.State]++
	}
	return fmt.Sprint(n)
}

// oneState checks that there are no two lines of the ledger for one message of the server.
func oneState(t *testing.T, log []message) {
	t.Helper()
	seen := map[int64]bool{}
	for _, m := range log {
		if seen[m.ID] {
			t.Errorf("message %d is listed twice", m.ID)
		}
		seen[m.ID] = true
		if !m.final() || m.State == "quarantined" {
			t.Errorf("message %d ended as %s (%s, %s), want a final state and no quarantine", m.ID, m.State, m.Reason, m.ErrorCode)
		}
	}
}
