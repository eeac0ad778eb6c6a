package tracker

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/tracker/past"
)

type assigneeKey struct {
	name    string
	project int64
}

// project returns the project with a key, nil when there is none.
func (m *importer) project(ctx context.Context, key string) (*models.Project, error) {
	if p, ok := m.projects[key]; ok {
		return p, nil
	}
	p, err := m.s.store.ProjectByKey(ctx, key)
	switch {
	case errors.Is(err, models.ErrNotFound):
		m.projects[key] = nil
	case err != nil:
		return nil, err
	default:
		m.projects[key] = &p
	}
	return m.projects[key], nil
}

// assignee returns who has a login or an address, nil when that is nobody who may work on the project.
func (m *importer) assignee(ctx context.Context, name string, project int64) (*int64, error) {
	k := assigneeKey{strings.ToLower(name), project}
	if id, ok := m.assignees[k]; ok {
		return id, nil
	}
	login := name
	if strings.Contains(name, "@") {
		u, err := m.s.store.UserByAddress(ctx, name)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return nil, err
		}
		if err == nil && u.Login != nil {
			login = *u.Login
		}
	}
	id, err := m.s.assignee(ctx, login, project)
	if _, nobody := errors.AsType[models.InvalidList](err); nobody {
		id, err = nil, nil
	}
	if err == nil {
		m.assignees[k] = id
	}
	return id, err
}

// people finds who has the addresses of the writers of a batch.
func (m *importer) people(ctx context.Context, batch []*pastDraft) (map[string]int64, error) {
	all := map[string]bool{}
	for _, d := range batch {
		if !d.fresh() {
			continue
		}
		all[d.reporter.Address] = true
		for _, c := range d.comments {
			all[c.author.Address] = true
		}
	}
	delete(all, "")
	list := make([]string, 0, len(all))
	for a := range all {
		list = append(list, a)
	}
	slices.Sort(list)
	return m.s.store.UserIDsByAddress(ctx, list)
}

// writer returns who wrote something, and what stands before the text: the name of a writer without an address.
func (m *importer) writer(ctx context.Context, people map[string]int64, p past.Person) (id int64, before string, err error) {
	name := cut(line(p.Name), maxName)
	if p.Address != "" {
		if id, ok := people[p.Address]; ok {
			return id, "", nil
		}
		u, err := m.s.EnsureCustomer(ctx, name, p.Address)
		if err == nil {
			people[p.Address] = u.ID
			return u.ID, "", nil
		}
		if _, unusable := errors.AsType[models.InvalidList](err); !unusable { // It may look like somebody else's.
			return 0, "", err
		}
	}
	if name != "" {
		before = name + ":\n\n"
	}
	if id, ok := people[models.UnknownSender]; ok {
		return id, before, nil
	}
	u, err := m.s.EnsureCustomer(ctx, "", models.UnknownSender)
	if err == nil {
		people[models.UnknownSender] = u.ID
	}
	return u.ID, before, err
}

// stage stores the octets of the files of a record that is new.
func (m *importer) stage(ctx context.Context, d *pastDraft) error {
	if !d.fresh() {
		return nil
	}
	for _, f := range d.files {
		if err := m.stageFile(ctx, f); err != nil {
			return fmt.Errorf("line %d: store %q: %w", d.result.Line, f.Name, err)
		}
	}
	return nil
}

func (m *importer) stageFile(ctx context.Context, f *pastFile) error {
	from := io.Reader(bytes.NewReader(f.Base64))
	if f.Path != "" {
		file, err := m.o.Files.Open(f.Path)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	f.blob = m.s.store.NewBlob(ctx)
	n, err := io.Copy(f.blob, io.LimitReader(from, maxPastFile+1))
	if err == nil && n > maxPastFile {
		err = errors.New("the file has grown")
	}
	f.Base64 = nil
	f.blob.Shrink()
	return err
}

// create makes the issue of a record with all that belongs to it.
func (m *importer) create(ctx context.Context, d *pastDraft, people map[string]int64) error {
	s, issue := m.s, d.issue
	var err error
	var before string
	if issue.ReporterID, before, err = m.writer(ctx, people, d.reporter); err != nil {
		return err
	}
	issue.Description = before + issue.Description
	if issue.Number, err = s.store.NextIssueNumber(ctx); err != nil {
		return err
	}
	if err := s.store.CreateIssue(ctx, &issue); err != nil {
		return err
	}
	d.issue.Number, d.result.External.IssueNumber = issue.Number, issue.Number
	external := d.result.External
	if err := s.store.AddExternalNumber(ctx, &external); err != nil {
		return err
	}
	watchers, participants := []int64{issue.ReporterID}, append(slices.Clone(d.participants), d.reporter.Address)
	comments := make([]int64, len(d.comments)+1)
	names := make([][]models.Attachment, len(d.comments)+1)
	for _, f := range d.files {
		names[f.comment] = append(names[f.comment], models.Attachment{Name: f.Name})
	}
	if err := s.index(ctx, issue.Number, 0, names[0], issue.Title, issue.Description); err != nil {
		return err
	}
	for i := range d.comments {
		c := d.comments[i].Comment
		author := d.comments[i].author
		if c.AuthorID, before, err = m.writer(ctx, people, author); err != nil {
			return err
		}
		c.IssueNumber, c.Body = issue.Number, before+c.Body
		if err := s.store.CreateComment(ctx, &c); err != nil {
			return err
		}
		if err := s.index(ctx, issue.Number, c.ID, names[i+1], c.Body); err != nil {
			return err
		}
		comments[i+1] = c.ID
		watchers = append(watchers, c.AuthorID)
		if !c.Internal {
			participants = append(participants, author.Address)
		}
	}
	if err := m.attachFiles(ctx, d, issue.Number, comments); err != nil {
		return err
	}
	if nobody, ok := people[models.UnknownSender]; ok {
		watchers = slices.DeleteFunc(watchers, func(id int64) bool { return id == nobody })
	}
	if err := s.attach(ctx, issue.Number, nil, nil, watchers, participants); err != nil {
		return err
	}
	if len(d.labels) > 0 {
		if err := s.setLabels(ctx, issue, d.labels); err != nil {
			return err
		}
	}
	if len(d.fields) > 0 {
		if err := s.store.SetIssueFields(ctx, issue.Number, d.fields); err != nil {
			return err
		}
	}
	if len(d.ids) == 0 {
		return nil
	}
	return s.store.AddMessageIDs(ctx, issue.Number, d.ids, false)
}

// attachFiles keeps the files of an issue and its comments.
func (m *importer) attachFiles(ctx context.Context, d *pastDraft, number int64, comments []int64) error {
	rows := make([]models.Attachment, 0, len(d.files))
	place := make([]int, len(comments))
	for _, f := range d.files {
		b, err := f.blob.Seal(ctx)
		if err != nil {
			return fmt.Errorf("keep %q: %w", f.Name, err)
		}
		a := models.Attachment{
			IssueNumber: number, Place: place[f.comment], BlobID: b.ID, Name: f.Name, ContentType: f.ContentType, Size: b.Size,
			SHA256: hex.EncodeToString(b.SHA256), CreatedAt: d.issue.CreatedAt,
		}
		if f.comment > 0 {
			a.CommentID, a.CreatedAt = &comments[f.comment], d.comments[f.comment-1].CreatedAt
		}
		place[f.comment]++
		rows = append(rows, a)
	}
	if len(rows) == 0 {
		return nil
	}
	return m.s.store.CreateAttachments(ctx, rows)
}
