package tracker

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"

	"letterbox/models"
	"letterbox/models/store"
)

const (
	maxFiles = 20       // Of one comment or description that is written here.
	maxFile  = 25 << 20 // Octets of one of them.
)

// Upload is a file that a person adds. Its name is clean already.
type Upload struct {
	Name        string
	ContentType string
	Content     io.ReadSeeker // Read anew when the transaction around it is repeated.
}

// staged are files whose octets are stored and belong to nothing yet.
type staged struct {
	files   []Upload
	writers []*store.BlobWriter
}

// stage stores the octets of files. Call discard in any case. Too many or too large ones are a models.InvalidList.
func (s *Service) stage(ctx context.Context, files []Upload) (*staged, error) {
	out := &staged{files: files}
	if len(files) > maxFiles {
		return out, invalid("files", "E-FILE-01", "max", fmt.Sprint(maxFiles))
	}
	for _, f := range files {
		w := s.store.NewBlob(ctx)
		out.writers = append(out.writers, w)
		if _, err := f.Content.Seek(0, io.SeekStart); err != nil {
			return out, fmt.Errorf("read file: %w", err)
		}
		n, err := io.Copy(w, io.LimitReader(f.Content, maxFile+1))
		if err != nil {
			return out, fmt.Errorf("store file: %w", err)
		}
		if n > maxFile {
			return out, invalid("files", "E-FILE-02", "file", f.Name, "max", fmt.Sprint(maxFile>>20))
		}
	}
	return out, nil
}

// seal makes attachments of the files. It belongs into the transaction that refers to them.
func (x *staged) seal(ctx context.Context) ([]models.Attachment, error) {
	var out []models.Attachment
	for i, w := range x.writers {
		b, err := w.Seal(ctx)
		if err != nil {
			return nil, fmt.Errorf("keep file: %w", err)
		}
		out = append(out, models.Attachment{
			Place: i, BlobID: b.ID, Name: x.files[i].Name, ContentType: x.files[i].ContentType, Size: b.Size, SHA256: hex.EncodeToString(b.SHA256),
		})
	}
	return out, nil
}

func (s *Service) discard(ctx context.Context, x *staged) {
	for _, w := range x.writers {
		if err := w.Discard(ctx); err != nil {
			s.log.WarnContext(ctx, "staged file not removed", slog.Any("err", err))
		}
	}
}
