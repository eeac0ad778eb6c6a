package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// crowded reports whether there are other inboxes in the project of an inbox, and anywhere.
func (g *Gateway) crowded(ctx context.Context, project int64) (inProject, anywhere bool, err error) {
	of, age := g.crowds.get()
	if age > ownFor {
		read := time.Now()
		if of, err = g.Store.InboxesByProject(ctx); err != nil {
			return false, false, fmt.Errorf("count the inboxes of projects: %w", err)
		}
		g.crowds.keep(of, read)
	}
	inProject = of[project] > 1
	return inProject, inProject || len(of) > 1, nil
}

// mayComeTwice reports whether the same mail may reach another inbox and have the same effect there: an issue of the same
// project, or a comment on an issue of any.
func (d *delivery) mayComeTwice() bool {
	return d.mail.MessageID != "" && (d.crowded || d.others && d.target.comment != 0)
}

// markCopy finishes a message that has come to a result before by another way: through an alias that several inboxes
// stand behind, or twice to one of them. The way adds fields to the header, so the octets differ; Message-ID, sender,
// subject and the whole body have to be the same. Another project's inbox is configured on its own, so there it is an
// issue of its own, unless it would be the same comment once more.
func (g *Gateway) markCopy(ctx context.Context, d *delivery) error {
	if d.rerun || d.dry || d.told != nil || len(d.people.copies) == 0 || sender(d.mail) == "" {
		return nil
	}
	rows, err := g.Store.TakenByMessageID(ctx, d.people.copies, d.row.RFCMessageID, d.row.ID)
	if err != nil {
		return fmt.Errorf("look for the same mail: %w", err)
	}
	var own []byte
	for _, row := range rows {
		if row.FromAddress != d.row.FromAddress || row.Subject != d.row.Subject || row.BlobID == nil || row.IssueNumber == nil {
			continue
		}
		same, err := g.sameProject(ctx, d, row)
		if err != nil {
			return err
		}
		if !same && (d.target.comment == 0 || d.target.comment != *row.IssueNumber) {
			continue
		}
		if own == nil {
			r, err := g.open(ctx, d)
			if err != nil {
				return err
			}
			if own, err = digestOfBody(r); err != nil {
				return fmt.Errorf("read the message: %w", err)
			}
		}
		r, _, err := g.Store.OpenBlob(ctx, *row.BlobID)
		if errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the same mail: %w", err)
		}
		other, err := digestOfBody(r)
		if err != nil {
			return fmt.Errorf("read the same mail: %w", err)
		}
		if bytes.Equal(own, other) {
			d.row.DuplicateOf = &row.ID
			d.finish(models.MessageDuplicate, rule.Duplicate)
			d.note(models.StepGate, "gate.duplicate_way", "message", itoa(row.ID), "date", row.ReceivedAt.Format("2006-01-02 15:04"))
			return nil
		}
	}
	return nil
}

func (g *Gateway) sameProject(ctx context.Context, d *delivery, row models.Message) (bool, error) {
	if row.InboxID == d.inbox.ID {
		return true, nil
	}
	other, err := g.Store.InboxByID(ctx, row.InboxID)
	if errors.Is(err, models.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the inbox of the same mail: %w", err)
	}
	return other.ProjectID == d.inbox.ProjectID, nil
}

// lookForCopy is markCopy once more, where nobody else can bring the same mail to a result at the same moment.
func (g *Gateway) lookForCopy(ctx context.Context, d *delivery) error {
	if !d.mayComeTwice() || !d.hasEffect() {
		return nil
	}
	known, err := g.Store.IssuesByMessageIDs(ctx, []string{d.mail.MessageID})
	if err != nil {
		return fmt.Errorf("look up the message id: %w", err)
	}
	d.people.keepCopies(known[d.mail.MessageID])
	return g.markCopy(ctx, d)
}

// keepCopies notes where mails with the Message-ID of this one went.
func (s *snapshot) keepCopies(refs []models.MessageIDRef) {
	for _, ref := range refs {
		if !ref.Outgoing && !slices.Contains(s.copies, ref.IssueNumber) {
			s.copies = append(s.copies, ref.IssueNumber)
		}
	}
}

// digestOfBody reads a message and returns the SHA-256 of what follows its header, whatever its line ends are and
// without those at its end.
func digestOfBody(r io.ReadCloser) ([]byte, error) {
	defer r.Close()
	in, hash := bufio.NewReaderSize(r, 32<<10), sha256.New()
	ends, body, begun := 0, false, true
	for {
		line, err := in.ReadSlice('\n')
		whole := err == nil
		text := bytes.TrimRight(line, "\r\n")
		if body {
			if len(text) > 0 {
				for ; ends > 0; ends-- {
					_, _ = hash.Write([]byte{'\n'}) // A hash takes everything.
				}
				_, _ = hash.Write(text)
			}
			if whole {
				ends++
			}
		} else if whole && begun && len(text) == 0 {
			body = true
		}
		begun = whole
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return hash.Sum(nil), err
		}
	}
}
