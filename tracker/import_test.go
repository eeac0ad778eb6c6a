package tracker_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
	"letterbox/tracker/past"
)

// importJSON imports records and returns what became of each: "line state issue, field code ...".
func (w *world) importJSON(t *testing.T, o tracker.ImportOptions, text string) []string {
	t.Helper()
	r, err := past.NewJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = w.ImportIssues(t.Context(), &w.admin, r, o, func(one tracker.ImportResult) error {
		line := fmt.Sprintf("%d %s %d", one.Line, one.State, one.External.IssueNumber)
		for _, f := range slices.Concat(one.Faults, one.Notes) {
			line += ", " + f.Field + " " + f.Code
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const pastIssue = `{"system":"Redmine","number":"123","project":"sup","title":"Old  printer","description":"It\r\nsmokes.","state":"Closed","priority":"high",
"labels":["hardware"],"reporter":{"name":"Anna","address":"Anna@There.example"},"assignee":"member@example.org","due":"2020-02-01",
"created":"2020-01-01T12:00:00+01:00","closed":"2020-01-05 09:30:00","participants":["boss@example.org"],
"message_ids":["<redmine.issue-123.20200101120000@here.example>"],"fields":[{"name":"Room","value":7}],
"attachments":[{"path":"files/photo.jpg","content_type":"image/jpeg"}],
"comments":[{"author":"customer@example.org","created":"2020-01-02T08:00:00Z","body":"Looks bad.","message_ids":["<x@there.example>"],
"attachments":[{"name":"note.txt","base64":"aGVsbG8="}]},
{"author":{"name":"Old Hand"},"created":"2020-01-03T08:00:00Z","body":"Not for customers.","internal":true}]}`

func TestIssueOfAnOlderSystemIsTakenOverWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := tracker.ImportOptions{Files: fstest.MapFS{"files/photo.jpg": {Data: bytes.Repeat([]byte("x"), 3000)}}}
		text := strings.ReplaceAll(pastIssue, "\n", "")
		if got := w.importJSON(t, o, text); !slices.Equal(got, []string{"1 created 1"}) {
			t.Fatalf("got %q", got)
		}
		i, err := w.ShowIssue(t.Context(), &w.admin, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(i.Title, "|", i.Description, "|", i.State, " ", i.Priority, " ", i.Labels[0].Name, " ", i.Reporter.Name, " ", i.Reporter.Role, " ", *i.Assignee.Login,
			" ", i.DueOn.Format(time.DateOnly), " ", i.CreatedAt.Format(time.RFC3339), " ", i.UpdatedAt.Format(time.RFC3339), " ", i.ClosedAt.Format(time.RFC3339))
		want := "Old printer|It\nsmokes.|closed high hardware Anna customer member 2020-02-01 2020-01-01T11:00:00Z 2020-01-03T08:00:00Z 2020-01-05T09:30:00Z"
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if len(i.Attachments) != 1 || i.Attachments[0].Name != "photo.jpg" || i.Attachments[0].Size != 3000 {
			t.Errorf("files = %+v, want photo.jpg", i.Attachments)
		}
		if len(i.Comments) != 2 || i.Comments[0].Author.ID != w.customer.ID || i.Comments[0].Attachments[0].Name != "note.txt" || i.Comments[0].Attachments[0].Size != 5 {
			t.Fatalf("comments = %+v", i.Comments)
		}
		if c := i.Comments[1]; !c.Internal || c.Body != "Old Hand:\n\nNot for customers." || c.Author.Addresses[0] != models.UnknownSender || c.CreatedAt.Year() != 2020 {
			t.Errorf("comment without an address = %+v", c)
		}
		for address, yes := range map[string]bool{"anna@there.example": true, "customer@example.org": true, "boss@example.org": true, "stranger@example.org": false, models.UnknownSender: false} {
			if is, err := w.store.IsParticipant(t.Context(), 1, address); err != nil || is != yes {
				t.Errorf("%s takes part: %v %v, want %v", address, is, err, yes)
			}
		}
		for _, id := range []string{"redmine.issue-123.20200101120000@here.example", "x@there.example"} {
			if refs, err := w.store.IssuesByMessageIDs(t.Context(), []string{id}); err != nil || len(refs[id]) != 1 || refs[id][0].IssueNumber != 1 {
				t.Errorf("%s leads to %v %v", id, refs, err)
			}
		}
		if f, err := w.Fields(t.Context(), &w.admin, 1); err != nil || len(f) != 1 || f[0].Value != "7" {
			t.Errorf("fields = %v %v", f, err)
		}
		found, err := w.Issues(t.Context(), &w.admin, tracker.IssueFilter{Query: "smokes is:all"})
		if err != nil || len(found.Items) != 1 {
			t.Errorf("search finds %d issues, %v", len(found.Items), err)
		}
		for _, u := range []*models.User{&w.member, &w.boss} {
			if n, err := w.Unread(t.Context(), u); err != nil || n != 0 {
				t.Errorf("somebody was told: %v %v", n, err)
			}
		}
		if lines, _, err := w.store.Audits(t.Context(), store.AuditFilter{Action: "issue.import"}); err != nil || len(lines) != 1 {
			t.Errorf("audit lines: %v %v, want one", lines, err)
		}
	})
}

func TestImportTwiceMakesNothingTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		line := func(system string, n int) string {
			return fmt.Sprintf(`{"system":%q,"number":%d,"title":"a","created":"2020-01-01","reporter":"anna@there.example"}`, system, n)
		}
		o := tracker.ImportOptions{Project: "SUP"}
		dry := o
		dry.DryRun = true
		text := strings.Join([]string{line("Redmine", 1), line("redmine", 1), line("rt", 1)}, "\n")
		want := []string{"1 created 0", "2 known 0", "3 created 0"}
		if got := w.importJSON(t, dry, text); !slices.Equal(got, want) {
			t.Errorf("dry run: got %q, want %q", got, want)
		}
		if u, err := w.store.UserByAddress(t.Context(), "anna@there.example"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("the dry run made %v, %v", u, err)
		}
		want = []string{"1 created 1", "2 known 0", "3 created 2"}
		if got := w.importJSON(t, o, text); !slices.Equal(got, want) {
			t.Errorf("first run: got %q, want %q", got, want)
		}
		want = []string{"1 known 1", "2 known 0", "3 known 2", "4 created 3"}
		if got := w.importJSON(t, o, text+"\n"+line("REDMINE", 2)); !slices.Equal(got, want) {
			t.Errorf("second run: got %q, want %q", got, want)
		}
	})
}

func TestWrongRecordIsRefusedWithItsFieldAndTheOthersGoOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		good := func(more string) string {
			return `{"system":"rt","number":"N","project":"SUP","title":"a","created":"2020-01-01"` + more + `}`
		}
		for name, c := range map[string]struct{ record, want string }{
			"time":          {good(`,"updated":"yesterday"`), "updated E-PAST-05"},
			"future":        {strings.Replace(good(""), "2020", "2999", 1), "created E-PAST-05"},
			"no time":       {strings.Replace(good(""), `,"created":"2020-01-01"`, "", 1), "created E-PAST-05"},
			"comment time":  {good(`,"comments":[{"created":"2020-01-01"},{"body":"x"}]`), "comments[1].created E-PAST-05"},
			"project":       {strings.Replace(good(""), "SUP", "NONE", 1), "project E-PROJECT-04"},
			"number":        {strings.Replace(good(""), `"N"`, `"a b"`, 1), "number E-PAST-04"},
			"state":         {good(`,"state":"feedback"`), "state E-ISSUE-02"},
			"priority":      {good(`,"priority":"asap"`), "priority E-ISSUE-03"},
			"due":           {good(`,"due":"soon"`), "due E-ISSUE-04"},
			"address":       {good(`,"reporter":"nobody"`), "reporter E-USER-03"},
			"message id":    {good(`,"message_ids":["<a b@c>"]`), "message_ids E-PAST-07"},
			"no file":       {good(`,"attachments":[{"path":"none.txt"}]`), "attachments[0].path E-PAST-08"},
			"file outside":  {good(`,"attachments":[{"path":"../secret"}]`), "attachments[0].path E-PAST-08"},
			"name":          {good(`,"comments":[{"created":"2020-01-01","attachments":[{"base64":"eA=="}]}]`), "comments[0].attachments[0].name E-PAST-09"},
			"no base64":     {good(`,"attachments":[{"name":"x","base64":"%"}]`), "record E-PAST-01"},
			"unknown field": {good(`,"role":"admin"`), "role E-PAST-03"},
			"label":         {good(`,"labels":["` + strings.Repeat("x", 60) + `"]`), "labels E-LABEL-01"},
		} {
			text := c.record + "\n" + strings.Replace(good(""), `"N"`, `"good-`+strings.ReplaceAll(name, " ", "-")+`"`, 1)
			got := w.importJSON(t, tracker.ImportOptions{Files: fstest.MapFS{}}, text)
			if got[0] != "1 refused 0, "+c.want || !strings.HasPrefix(got[1], "2 created ") {
				t.Errorf("%s: got %q, want %s", name, got, c.want)
			}
		}
		got := w.importJSON(t, tracker.ImportOptions{}, good(`,"assignee":"stranger","reporter":{"name":"x"}`))
		if len(got) != 1 || !strings.HasSuffix(got[0], ", assignee W-PAST-01") || !strings.HasPrefix(got[0], "1 created") {
			t.Errorf("an assignee from elsewhere: got %q", got)
		}
	})
}

func TestOnlyAdminsImport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r, err := past.NewJSON(strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.ImportIssues(t.Context(), &w.boss, r, tracker.ImportOptions{}, nil); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("error = %v, want forbidden", err)
		}
	})
}

func TestImportsAtTheSameTimeMakeEachIssueOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var b strings.Builder
		for n := range 300 { // More than one transaction.
			fmt.Fprintf(&b, "{\"number\":%d,\"title\":\"a\",\"created\":\"2020-01-01\",\"reporter\":\"p%d@there.example\"}\n", n, n%7)
		}
		o := tracker.ImportOptions{Project: "SUP", System: "Old"}
		created := make(chan int)
		for range 2 {
			go func() {
				n := 0
				r, err := past.NewJSON(strings.NewReader(b.String()))
				if err == nil {
					err = w.ImportIssues(t.Context(), &w.admin, r, o, func(one tracker.ImportResult) error {
						if one.State == tracker.ImportCreated {
							n++
						}
						return nil
					})
				}
				if err != nil {
					t.Errorf("import: %v", err)
				}
				created <- n
			}()
		}
		if n := <-created + <-created; n != 300 {
			t.Errorf("%d issues were made, want 300", n)
		}
		page, err := w.Issues(t.Context(), &w.admin, tracker.IssueFilter{Limit: 200, Sort: "newest"})
		if err != nil || len(page.Items) != 200 || page.Items[0].Number < 300 {
			t.Errorf("%d issues in the list, %v", len(page.Items), err)
		}
	})
}

func TestMergeTakesExternalNumbersAlong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := tracker.ImportOptions{Project: "SUP", System: "Old"}
		w.importJSON(t, o, `{"number":1,"title":"a","created":"2020-01-01"}
{"number":2,"title":"b","created":"2020-01-01"}`)
		if err := w.Merge(t.Context(), &w.admin, 1, 2); err != nil {
			t.Fatal(err)
		}
		of, err := w.store.ExternalNumbersOf(t.Context(), []int64{1, 2})
		if err != nil || len(of[1]) != 0 || len(of[2]) != 2 || of[2][0].String() != "Old #1" {
			t.Errorf("got %v %v, want both at issue 2", of, err)
		}
	})
}

func TestOldNumberFindsItsIssue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := tracker.ImportOptions{Project: "SUP", System: "Redmine"}
		w.importJSON(t, o, `{"number":123,"title":"printer","state":"closed","created":"2020-01-01"}
{"number":124,"title":"printer","created":"2020-01-01"}
{"system":"Old Desk","number":123,"project":"DEV","title":"lamp","created":"2020-01-01"}
{"system":"Jira","number":"ABC-9","title":"c#7 note","created":"2020-01-01"}`)
		for query, want := range map[string]string{
			"external:123": "1 3", "extern:#123": "1 3", "redmine#123": "1", "Redmine#123 printer": "1", "redmine#123 lamp": "", "external:redmine#124": "2",
			`external:"Old Desk #123"`: "3", "jira#abc-9": "4", "external:ABC-9": "4", "external:999": "", "-external:123 is:all": "2 4", "c#7": "4", "nosuch#123": "",
		} {
			page, err := w.Issues(t.Context(), &w.admin, tracker.IssueFilter{Query: query, Sort: "oldest", Default: []models.IssueState{models.IssueNew}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range page.Items {
				got = append(got, fmt.Sprint(i.Number))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		page, err := w.Issues(t.Context(), &w.member, tracker.IssueFilter{Query: "external:123"})
		if err != nil || len(page.Items) != 1 || page.Items[0].External[0].String() != "Redmine #123" {
			t.Errorf("a member of one project gets %+v, %v", page.Items, err)
		}
	})
}

// Mails that are here already belong to an issue: the imported one would stand beside it, and the line says so.
func TestImportSaysThatMailsOfAnIssueAreHereAlready(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		record := func(number, id string) string {
			return `{"system":"S","number":"` + number + `","project":"SUP","title":"T","created":"2020-01-01","message_ids":["<` + id + `>"]}`
		}
		got := w.importJSON(t, tracker.ImportOptions{}, record("1", "a@there.example"))
		both := record("2", "a@there.example") + "\n" + record("3", "b@there.example")
		dry := w.importJSON(t, tracker.ImportOptions{DryRun: true}, both)
		got = append(got, w.importJSON(t, tracker.ImportOptions{}, both)...)
		want := []string{"1 created 1", "1 created 2, message_ids W-PAST-02", "2 created 3"}
		if !slices.Equal(got, want) || len(dry) != 2 || !strings.HasSuffix(dry[0], "message_ids W-PAST-02") {
			t.Errorf("got %q, dry %q, want %q", got, dry, want)
		}
	})
}
