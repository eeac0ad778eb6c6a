package tracker

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// exported is the file contact.json of an export.
type exported struct {
	ID        int64             `json:"id"`
	Name      string            `json:"name"`
	Addresses []string          `json:"addresses"`
	Created   time.Time         `json:"created_at"`
	Issues    []exportedIssue   `json:"issues"`
	Comments  []exportedComment `json:"comments"`
	Messages  []exportedMessage `json:"messages"`
	Outgoing  []exportedMail    `json:"outgoing"`
}

type exportedIssue struct {
	Number      int64             `json:"number"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	State       models.IssueState `json:"state"`
	Created     time.Time         `json:"created_at"`
}

type exportedComment struct {
	Issue   int64     `json:"issue"`
	Body    string    `json:"body"`
	Created time.Time `json:"created_at"`
}

type exportedMessage struct {
	ID       int64               `json:"id"`
	From     string              `json:"from"`
	Subject  string              `json:"subject"`
	State    models.MessageState `json:"state"`
	Reason   string              `json:"reason"`
	Received time.Time           `json:"received_at"`
	Raw      string              `json:"raw"` // File of this archive; "" past retention.
}

type exportedMail struct {
	To      string               `json:"to"`
	Kind    models.OutgoingKind  `json:"kind"`
	State   models.OutgoingState `json:"state"`
	Issue   int64                `json:"issue"`
	Created time.Time            `json:"created_at"`
}

// ExportContact writes what is stored of a contact as a ZIP archive: contact.json, the mails as they came, and the files of
// its issues and comments. Admins only. It is audited. The archive is written as a stream.
func (s *Service) ExportContact(ctx context.Context, by *models.User, id int64, w io.Writer) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	u, err := s.contact(ctx, id)
	if err != nil {
		return err
	}
	if err := s.audit(ctx, by, "contact.export", object("user", id), map[string]string{}); err != nil {
		return err
	}
	out := zip.NewWriter(w)
	data := exported{ID: u.ID, Name: u.Name, Addresses: u.Addresses, Created: u.CreatedAt, Issues: []exportedIssue{}, Comments: []exportedComment{}, Messages: []exportedMessage{}, Outgoing: []exportedMail{}}
	if err := s.exportIssues(ctx, out, u, &data); err != nil {
		return fmt.Errorf("export issues of contact %d: %w", id, err)
	}
	if err := s.exportMessages(ctx, out, u, &data); err != nil {
		return fmt.Errorf("export messages of contact %d: %w", id, err)
	}
	mails, err := s.store.OutgoingTo(ctx, u.Addresses)
	if err != nil {
		return err
	}
	for _, o := range mails {
		data.Outgoing = append(data.Outgoing, exportedMail{o.Recipient, o.Kind, o.State, o.IssueNumber, o.CreatedAt})
	}
	file, err := out.Create("contact.json")
	if err != nil {
		return fmt.Errorf("export contact %d: %w", id, err)
	}
	enc := json.NewEncoder(file)
	enc.SetIndent("", "  ")
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("export contact %d: %w", id, err)
	}
	return out.Close()
}

func (s *Service) exportIssues(ctx context.Context, out *zip.Writer, u models.User, data *exported) error {
	q := store.IssueQuery{Sort: store.SortOldest, Limit: 200, Where: []store.Condition{{Field: store.ByParticipant, IDs: []int64{u.ID}}}}
	for {
		issues, next, err := s.store.Issues(ctx, q)
		if err != nil {
			return err
		}
		for _, i := range issues {
			if i.ReporterID == u.ID {
				data.Issues = append(data.Issues, exportedIssue{i.Number, i.Title, i.Description, i.State, i.CreatedAt})
			}
			if err := s.exportThread(ctx, out, u, i, data); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// exportThread adds what the contact wrote in an issue, with the files.
func (s *Service) exportThread(ctx context.Context, out *zip.Writer, u models.User, i models.Issue, data *exported) error {
	comments, err := s.store.Comments(ctx, i.Number)
	if err != nil {
		return err
	}
	mine := map[int64]bool{}
	for _, c := range comments {
		if c.AuthorID == u.ID {
			mine[c.ID] = true
			data.Comments = append(data.Comments, exportedComment{i.Number, c.Body, c.CreatedAt})
		}
	}
	files, err := s.store.Attachments(ctx, i.Number)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.CommentID == nil && i.ReporterID != u.ID || f.CommentID != nil && !mine[*f.CommentID] {
			continue
		}
		// The name of a file is only ever shown; in the archive it is a number.
		if err := s.exportBlob(ctx, out, fmt.Sprintf("files/%d-%d", i.Number, f.ID), f.BlobID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) exportMessages(ctx context.Context, out *zip.Writer, u models.User, data *exported) error {
	for after := int64(0); ; {
		list, err := s.store.MessagesFrom(ctx, u.Addresses, after, 200)
		if err != nil {
			return err
		}
		for _, m := range list {
			after = m.ID
			one := exportedMessage{ID: m.ID, From: m.FromAddress, Subject: m.Subject, State: m.State, Reason: m.Reason, Received: m.ReceivedAt}
			if m.BlobID != nil {
				one.Raw = fmt.Sprintf("messages/%d.eml", m.ID)
				if err := s.exportBlob(ctx, out, one.Raw, *m.BlobID); err != nil {
					return err
				}
			}
			data.Messages = append(data.Messages, one)
		}
		if len(list) < 200 {
			return nil
		}
	}
}

func (s *Service) exportBlob(ctx context.Context, out *zip.Writer, name string, blob int64) error {
	r, _, err := s.store.OpenBlob(ctx, blob)
	if err != nil {
		return err
	}
	defer r.Close()
	file, err := out.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return err
}
