package tracker

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker/past"
)

const (
	maxPastFile     = 100 << 20 // Octets of a file that is imported.
	maxPastFiles    = 1000      // Of one issue.
	maxPastComments = 10_000    // What a page lists.
	maxPastIDs      = 10_000    // Message-IDs of one issue.
	maxPastPeople   = 1000      // Participants of one issue.
	maxMessageID    = 998       // RFC 5322, 2.1.1: a line is no longer.
)

// pastDraft is a record that was checked.
type pastDraft struct {
	result       ImportResult
	weight       int64 // Octets of its files that stay in memory, about.
	issue        models.Issue
	reporter     past.Person
	labels       []string
	fields       []models.IssueField
	ids          []string
	participants []string
	comments     []pastComment
	files        []*pastFile
}

type pastComment struct {
	models.Comment
	author past.Person
}

type pastFile struct {
	past.Attachment
	comment int // Place of its comment, from 1; 0: it belongs to the description.
	blob    *store.BlobWriter
}

// fresh reports whether an issue is to be made, or was made.
func (d *pastDraft) fresh() bool { return d.result.State == ImportCreated }

// check looks at everything of a record that can be known before it is written. An error is trouble, not a fault.
func (m *importer) check(ctx context.Context, rec past.Record) (*pastDraft, error) {
	in := rec.Issue
	d := &pastDraft{result: ImportResult{Line: rec.Line, State: ImportCreated}, reporter: in.Reporter}
	c := checks{list: slices.Clone(rec.Faults)}
	system := cmp.Or(string(in.System), m.o.System)
	external, ok := models.NewExternalNumber(system, string(in.Number))
	d.result.External = external
	if len(c.list) == 0 {
		if !ok {
			c.add("number", "E-PAST-04", "system", cut(line(system), 80), "number", cut(line(string(in.Number)), 80))
		}
		if err := m.checkIssue(ctx, d, in, &c); err != nil {
			return nil, err
		}
		m.checkTimes(d, in, &c)
		m.checkPeople(d, in, &c)
		m.checkFiles(d, 0, "attachments", in.Attachments, &c)
		for i, one := range in.Comments {
			m.checkFiles(d, i+1, fmt.Sprintf("comments[%d].attachments", i), one.Attachments, &c)
		}
		if len(d.files) > maxPastFiles {
			c.add("attachments", "E-PAST-06", "n", fmt.Sprint(len(d.files)), "max", fmt.Sprint(maxPastFiles))
		}
	}
	if d.result.Faults = c.list; len(c.list) > 0 {
		d.result.State, d.files = ImportRefused, nil
		return d, nil
	}
	key := [16]byte(sha256Of(external.SystemKey, external.NumberKey))
	if m.seen[key] {
		d.result.State, d.result.Notes = ImportKnown, nil
	}
	m.seen[key] = true
	return d, nil
}

func small(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func sha256Of(parts ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return sum[:16]
}

func (m *importer) checkIssue(ctx context.Context, d *pastDraft, in past.Issue, c *checks) error {
	key := strings.ToUpper(strings.TrimSpace(cmp.Or(in.Project, m.o.Project)))
	p, err := m.project(ctx, key)
	if err != nil {
		return err
	}
	switch {
	case p == nil:
		c.add("project", "E-PROJECT-04", "key", cut(line(key), 60))
		return nil
	case p.ArchivedAt != nil:
		c.add("project", "E-PROJECT-06", "key", p.Key)
		return nil
	}
	d.issue = models.Issue{ProjectID: p.ID, Title: cut(line(in.Title), maxTitle), Description: body(in.Description), State: models.IssueNew, DueOn: c.due(in.Due)}
	if len(d.issue.Description) > maxDescription {
		c.add("description", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	if err := m.s.setValues(ctx, &d.issue, p.ID, given(small(in.State)), given(small(in.Priority)), c); err != nil {
		return err
	}
	d.labels = splitLabels(in.Labels, c)
	if len(in.Fields) > maxFields {
		c.add("fields", "E-PAST-06", "n", fmt.Sprint(len(in.Fields)), "max", fmt.Sprint(maxFields))
	}
	for _, f := range in.Fields {
		if name := line(string(f.Name)); name != "" {
			d.fields = append(d.fields, models.IssueField{Name: name, Value: body(string(f.Value))})
		}
	}
	if strings.TrimSpace(in.Assignee) == "" {
		return nil
	}
	if d.issue.AssigneeID, err = m.assignee(ctx, strings.TrimSpace(in.Assignee), p.ID); err == nil && d.issue.AssigneeID == nil {
		d.result.Notes = append(d.result.Notes, &models.Invalid{Field: "assignee", Code: "W-PAST-01", Args: map[string]string{"name": cut(line(in.Assignee), 80)}})
	}
	return err
}

// checkTimes reads all times. What an older system does not tell follows from what it does.
func (m *importer) checkTimes(d *pastDraft, in past.Issue, c *checks) {
	latest := now().Add(24 * time.Hour)
	read := func(field, text string) time.Time {
		for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02 15:04", time.DateOnly, "2006-01-02T15:04:05"} {
			if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil && at.Year() >= 1970 && at.Before(latest) {
				return at.UTC().Truncate(time.Microsecond)
			}
		}
		c.add(field, "E-PAST-05", "time", cut(line(text), 60))
		return time.Time{}
	}
	d.issue.CreatedAt = read("created", in.Created)
	last := d.issue.CreatedAt
	if len(in.Comments) > maxPastComments {
		c.add("comments", "E-PAST-06", "n", fmt.Sprint(len(in.Comments)), "max", fmt.Sprint(maxPastComments))
		return
	}
	for i, one := range in.Comments {
		at := read(fmt.Sprintf("comments[%d].created", i), one.Created)
		if at.After(last) {
			last = at
		}
		if len(one.Body) > maxDescription {
			c.add(fmt.Sprintf("comments[%d].body", i), "E-TEXT-01", "max", fmt.Sprint(maxDescription))
		}
		d.comments = append(d.comments, pastComment{models.Comment{Body: body(one.Body), Internal: one.Internal, CreatedAt: at}, one.Author})
	}
	if d.issue.UpdatedAt = last; in.Updated != "" {
		d.issue.UpdatedAt = read("updated", in.Updated)
	}
	if d.issue.ClosedAt = nil; d.issue.State.Done() { // What was reopened is not closed, whatever stands there.
		at := d.issue.UpdatedAt
		if in.Closed != "" {
			at = read("closed", in.Closed)
		}
		d.issue.ClosedAt = &at
	}
}

func (m *importer) checkPeople(d *pastDraft, in past.Issue, c *checks) {
	person := func(field, given string) string {
		if strings.TrimSpace(given) == "" {
			return ""
		}
		a, ok := address(given)
		if !ok {
			c.add(field, "E-USER-03", "address", cut(line(given), 80))
		}
		return a
	}
	d.reporter.Address = person("reporter", in.Reporter.Address)
	for i := range d.comments {
		d.comments[i].author.Address = person(fmt.Sprintf("comments[%d].author", i), d.comments[i].author.Address)
	}
	ids, all := in.MessageIDs, in.Participants
	for _, one := range in.Comments {
		ids = append(ids, one.MessageIDs...)
	}
	if len(ids) > maxPastIDs || len(all) > maxPastPeople {
		c.add("message_ids", "E-PAST-06", "n", fmt.Sprint(max(len(ids), len(all))), "max", fmt.Sprint(maxPastPeople))
		return
	}
	for i, a := range all {
		if a = person(fmt.Sprintf("participants[%d]", i), a); a != "" {
			d.participants = append(d.participants, a)
		}
	}
	for _, id := range ids {
		id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
		if id == "" || len(id) > maxMessageID || strings.ContainsAny(id, "<> \t\r\n") {
			c.add("message_ids", "E-PAST-07", "id", cut(line(id), 80))
			return
		}
		d.ids = append(d.ids, id)
	}
}

func (m *importer) checkFiles(d *pastDraft, comment int, field string, list []past.Attachment, c *checks) {
	for i, a := range list {
		field, size := fmt.Sprintf("%s[%d]", field, i), int64(len(a.Base64))
		if a.Path != "" {
			info, err := fs.FileInfo(nil), errors.New("no files")
			if m.o.Files != nil {
				info, err = fs.Stat(m.o.Files, a.Path)
			}
			if err != nil || !info.Mode().IsRegular() {
				c.add(field+".path", "E-PAST-08", "path", cut(line(a.Path), 120))
				continue
			}
			size = info.Size()
		}
		if a.Name == "" && a.Path != "" {
			a.Name = path.Base(a.Path)
		}
		if a.Name = line(a.Name); m.o.Name != nil {
			a.Name = m.o.Name(a.Name)
		}
		switch {
		case a.Name == "":
			c.add(field+".name", "E-PAST-09")
		case size > maxPastFile:
			c.add(field, "E-FILE-02", "file", cut(a.Name, 80), "max", fmt.Sprint(maxPastFile>>20))
		}
		if a.ContentType = line(a.ContentType); a.ContentType == "" || len(a.ContentType) > 200 {
			a.ContentType = "application/octet-stream"
		}
		d.weight += min(size, 1<<20)
		d.files = append(d.files, &pastFile{Attachment: a, comment: comment})
	}
}
