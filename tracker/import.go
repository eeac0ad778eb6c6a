package tracker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker/past"
)

const (
	importBatch  = 200     // Issues of one transaction, at most.
	importWeight = 8 << 20 // Octets of them and their files in memory, about.
)

// ImportOptions say how issues of older systems are taken over.
type ImportOptions struct {
	System  string // Of records that name none.
	Project string // Key of the project of records that name none.
	DryRun  bool   // Nothing is kept.
	// Files is where the paths of attachments lie; nil: there are none.
	Files fs.FS
	// Name makes the name of a file fit to be shown; nil: as it is.
	Name func(string) string
}

// ImportState is what became of a record.
type ImportState string

// What can become of a record.
const (
	ImportCreated ImportState = "created" // An issue was made; in a dry run: would be.
	ImportKnown   ImportState = "known"   // It was imported before, or stands in the file twice: nothing was done.
	ImportRefused ImportState = "refused" // It cannot be taken: see Faults.
)

// ImportResult is what became of one record.
type ImportResult struct {
	Line     int
	External models.ExternalNumber // IssueNumber is 0 where there is no issue.
	State    ImportState
	Faults   models.InvalidList // Why it was refused.
	Notes    models.InvalidList // What was left out of an issue that was made.
}

// ImportIssues takes over the issues of r, some hundred in a transaction, and tells report what became of each, once that
// is durable. A record that cannot be taken is refused as a whole and the others go on. What was imported before, by
// system and number, is left as it is, so an import that broke off is run again. Nobody is notified. Admins only.
//
// Writers with a known address are those people, others become customers: no import gives a role.
func (s *Service) ImportIssues(ctx context.Context, by *models.User, r past.Reader, o ImportOptions, report func(ImportResult) error) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	m := &importer{s: s, by: by, o: o, projects: map[string]*models.Project{}, assignees: map[assigneeKey]*int64{}, seen: map[[16]byte]bool{}}
	for {
		batch, end := m.read(ctx, r)
		if end != nil && !errors.Is(end, io.EOF) && !errors.Is(end, past.ErrBroken) {
			return end
		}
		if err := m.take(ctx, batch); err != nil {
			return err
		}
		for _, d := range batch {
			if err := report(d.result); err != nil {
				return err
			}
		}
		if errors.Is(end, io.EOF) {
			return nil
		}
		if end != nil {
			return end
		}
	}
}

// importer is one import.
type importer struct {
	s         *Service
	by        *models.User
	o         ImportOptions
	projects  map[string]*models.Project // By key; nil: there is none to import into.
	assignees map[assigneeKey]*int64
	seen      map[[16]byte]bool // Numbers of this file, hashed.
}

// read takes the next records and checks them. What it returns counts also when it returns an error.
func (m *importer) read(ctx context.Context, r past.Reader) ([]*pastDraft, error) {
	var batch []*pastDraft
	for weight := int64(0); len(batch) < importBatch && weight < importWeight; {
		rec, err := r.Next()
		if err != nil {
			return batch, err
		}
		d, err := m.check(ctx, rec)
		if err != nil {
			return batch, err
		}
		batch, weight = append(batch, d), weight+rec.Size+d.weight
	}
	return batch, nil
}

// take makes issues of those records that are new and can be taken. Somebody else may import at the same time: then the
// transaction is made again and finds what the other has made.
func (m *importer) take(ctx context.Context, batch []*pastDraft) (err error) {
	if err := m.lookUp(ctx, batch); err != nil {
		return err
	}
	if err := m.noteMails(ctx, batch); err != nil || m.o.DryRun {
		return err
	}
	defer func() {
		for _, d := range batch {
			d.discard(ctx, m.s)
		}
	}()
	for _, d := range batch {
		if err := m.stage(ctx, d); err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		err := m.s.store.WithTx(ctx, func(ctx context.Context) error { return m.write(ctx, batch) })
		if try < 3 && (errors.Is(err, models.ErrConflict) || errors.Is(err, store.ErrCommitUnknown)) {
			if err := m.lookUp(ctx, batch); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("import issues: %w", err)
		}
		break
	}
	told := map[int64]bool{}
	for _, d := range batch {
		if d.fresh() && !told[d.issue.ProjectID] {
			told[d.issue.ProjectID] = true
			m.s.tell(ctx, object("project", d.issue.ProjectID))
		}
	}
	return nil
}

// lookUp finds out which records were imported before.
func (m *importer) lookUp(ctx context.Context, batch []*pastDraft) error {
	var list []models.ExternalNumber
	for _, d := range batch {
		if d.fresh() {
			list = append(list, d.result.External)
		}
	}
	if len(list) == 0 {
		return nil
	}
	found, err := m.s.store.ExternalNumbers(ctx, list)
	if err != nil {
		return err
	}
	type key struct{ system, number string }
	known := make(map[key]int64, len(found))
	for _, n := range found {
		known[key{n.SystemKey, n.NumberKey}] = n.IssueNumber
	}
	for _, d := range batch {
		if number, ok := known[key{d.result.External.SystemKey, d.result.External.NumberKey}]; ok && d.fresh() {
			d.result.State, d.result.External.IssueNumber, d.result.Notes = ImportKnown, number, nil
		}
	}
	return nil
}

// noteMails says which records are new and have mails that are here already, as an issue of their own.
func (m *importer) noteMails(ctx context.Context, batch []*pastDraft) error {
	var ids []string
	for _, d := range batch {
		if d.fresh() {
			ids = append(ids, d.ids...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := m.s.store.IssuesByMessageIDs(ctx, ids)
	if err != nil {
		return err
	}
	for _, d := range batch {
		if !d.fresh() {
			continue
		}
		for _, id := range d.ids {
			if refs := known[id]; len(refs) > 0 {
				d.result.Notes = append(d.result.Notes, &models.Invalid{Field: "message_ids", Code: "W-PAST-02", Args: map[string]string{"key": fmt.Sprintf("#%d", refs[0].IssueNumber)}})
				break
			}
		}
	}
	return nil
}

// write makes the issues of a batch, in one transaction.
func (m *importer) write(ctx context.Context, batch []*pastDraft) error {
	made := map[string]int{}
	people, err := m.people(ctx, batch)
	if err != nil {
		return err
	}
	for _, d := range batch {
		if !d.fresh() {
			continue
		}
		if err := m.create(ctx, d, people); err != nil {
			return fmt.Errorf("line %d: %w", d.result.Line, err)
		}
		made[d.result.External.SystemName]++
	}
	if len(made) == 0 {
		return nil
	}
	return m.s.audit(ctx, m.by, "issue.import", "issues", made)
}

// discard gives up files of a record that were not kept.
func (d *pastDraft) discard(ctx context.Context, s *Service) {
	for _, f := range d.files {
		if f.blob == nil {
			continue
		}
		if err := f.blob.Discard(ctx); err != nil {
			s.log.WarnContext(ctx, "staged file not removed", slog.Any("err", err))
		}
	}
}
