package gateway

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"letterbox/gateway/message"
	"letterbox/models"
	"letterbox/models/store"
)

// parse turns the octets into a message.Message. Attachments go to blobs that apply takes over; a dry run only counts
// and hashes them.
func (g *Gateway) parse(ctx context.Context, d *delivery) error {
	raw, err := g.open(ctx, d)
	if err != nil {
		return err
	}
	defer raw.Close()
	o := message.Options{}
	if !d.dry {
		o.Sink = func(index int) (io.WriteCloser, error) {
			b := g.Store.NewBlob(ctx)
			for len(d.files) <= index {
				d.files = append(d.files, nil)
			}
			d.files[index] = b
			return sink{b}, nil
		}
	}
	d.mail, err = message.Parse(raw, o)
	if err != nil {
		return fmt.Errorf("read the octets: %w", err)
	}
	d.note(models.StepParse, "parse.read", "attachments", strconv.Itoa(len(d.mail.Attachments)), "defects", strconv.Itoa(len(d.mail.Defects)))
	for i, f := range d.mail.Defects {
		if i == 20 {
			break
		}
		d.note(models.StepParse, "parse.defect", "defect", f.Code)
	}
	d.row.Subject = cut(d.mail.Subject, 990)
	d.row.RFCMessageID = cut(d.mail.MessageID, 990)
	if len(d.mail.From) > 0 {
		d.row.FromName = cut(d.mail.From[0].Name, 250)
		d.row.FromAddress = cut(lower(d.mail.From[0].Address), 320)
	}
	if !d.mail.Date.IsZero() {
		date := d.mail.Date
		d.row.Date = &date
	}
	return nil
}

// sink hands an attachment to a blob; the blob is sealed by apply, so closing the sink leaves it open.
type sink struct{ *store.BlobWriter }

func (sink) Close() error { return nil }
