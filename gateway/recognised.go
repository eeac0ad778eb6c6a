package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"letterbox/gateway/extract"
	"letterbox/models"
)

// title is the title of the issue that the message opens.
func (d *delivery) title() string {
	if d.data != nil && d.data.Title != "" {
		return cut(d.data.Title, 255)
	}
	return titleOf(d.mail)
}

// body is the text of the issue or comment that the message becomes.
func (d *delivery) body() string {
	if d.data != nil && d.data.Text != "" && (d.state == models.MessageCreated || d.target.byKey) {
		return d.data.Text
	}
	return d.mail.Text
}

// cameAt is when the message became known here; now for one that is only tried out.
func (d *delivery) cameAt() time.Time {
	if d.row.ReceivedAt.IsZero() {
		return now()
	}
	return d.row.ReceivedAt
}

// setByProfile adds to a new issue what the profile sets.
func (d *delivery) setByProfile(n models.NewIssue) models.NewIssue {
	if d.data == nil {
		return n
	}
	n.AssigneeID, n.DueOn, n.Labels, n.Fields = d.assignee, d.data.Due, d.data.Labels, d.fields()
	if d.data.Priority != nil {
		n.Priority, n.PriorityID = *d.data.Priority, d.priority
	}
	return n
}

func (d *delivery) fields() []models.IssueField {
	out := make([]models.IssueField, 0, len(d.data.Fields))
	for _, f := range d.data.Fields {
		out = append(out, models.IssueField{Name: f.Name, Value: f.Value})
	}
	return out
}

// updateByProfile changes the issue of the merge key as the message says.
func (g *Gateway) updateByProfile(ctx context.Context, d *delivery, author int64) error {
	if d.data == nil || !d.target.byKey || !d.data.Update {
		return nil
	}
	changed, err := g.Tracker.UpdateByMail(ctx, models.MailUpdate{
		IssueNumber: d.issue, AuthorID: author, Title: d.data.Title, AssigneeID: d.assignee, Priority: d.data.Priority, PriorityID: d.priority,
		DueOn: d.data.Due, Labels: d.data.Labels, Fields: d.fields(), Tell: tellOf(d),
	})
	if err != nil {
		return fmt.Errorf("update the issue: %w", err)
	}
	if changed {
		d.note(models.StepApply, "apply.update", "key", issueKey(d.issue))
	}
	return nil
}

// filesOctets is how much of the files of one message is kept in memory for its profiles.
const filesOctets = 4 << 20

// readingFiles keeps the files of a message that can be text, each up to extract.MaxFile, while they are written on.
type readingFiles struct {
	files []*readingFile
	kept  int
}

type readingFile struct {
	all    *readingFiles
	to     io.WriteCloser // Nil: nowhere.
	data   bytes.Buffer
	binary bool
	short  bool
}

// open adds the next file; what is written to it goes on to w.
func (r *readingFiles) open(index int, w io.WriteCloser) io.WriteCloser {
	for len(r.files) <= index {
		r.files = append(r.files, nil)
	}
	r.files[index] = &readingFile{all: r, to: w}
	return r.files[index]
}

func (f *readingFile) Write(b []byte) (int, error) {
	if !f.binary && f.data.Len() < 512 && !textual(b[:min(len(b), 512)]) {
		f.binary = true
		f.all.kept -= f.data.Len()
		f.data = bytes.Buffer{}
	}
	if n := min(len(b), extract.MaxFile-f.data.Len(), filesOctets-f.all.kept); !f.binary {
		f.data.Write(b[:n])
		f.all.kept += n
		f.short = f.short || n < len(b)
	}
	if f.to == nil {
		return len(b), nil
	}
	return f.to.Write(b)
}

func (f *readingFile) Close() error {
	if f.to == nil {
		return nil
	}
	return f.to.Close()
}

// textual reports whether octets look like the beginning of a text.
func textual(b []byte) bool {
	if bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || bytes.HasPrefix(b, []byte{0xFE, 0xFF}) {
		return true
	}
	for _, c := range b {
		if c < utf8.RuneSelf && c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			return false
		}
	}
	return true
}

// of returns what was kept of the files of a mail.
func (r *readingFiles) of(names func(i int) (name, contentType string)) []extract.File {
	var out []extract.File
	for i, f := range r.files {
		if f == nil || f.binary {
			continue
		}
		name, kind := names(i)
		if extract.Readable(name, kind) && len(out) < extract.MaxFiles {
			out = append(out, extract.File{Name: name, ContentType: kind, Data: f.data.Bytes(), Short: f.short})
		}
	}
	return out
}
