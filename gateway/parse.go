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
	o := g.reading(d.row)
	var reading readingFiles
	if d.rules != nil && d.rules.data.ReadsFiles() || d.reads {
		o.Sink = func(index int) (io.WriteCloser, error) { return reading.open(index, nil), nil }
	}
	keeps := o.Sink != nil
	if !d.dry {
		o.WithoutHTML = true // Pages read the kept octets again when they show them.
		o.Sink = func(index int) (io.WriteCloser, error) {
			b := g.Store.NewBlob(ctx)
			for len(d.files) <= index {
				d.files = append(d.files, nil)
			}
			d.files[index] = b
			if keeps {
				return reading.open(index, sink{b}), nil
			}
			return sink{b}, nil
		}
	}
	var err error
	if d.mail, err = g.read(ctx, d, o); err != nil {
		return fmt.Errorf("read the octets: %w", err)
	}
	d.readable = reading.of(func(i int) (string, string) { return d.mail.Attachments[i].Name, d.mail.Attachments[i].ContentType })
	for _, f := range d.files {
		if f != nil {
			f.Shrink() // The message may wait for its turn.
		}
	}
	d.note(models.StepParse, "parse.read", "attachments", strconv.Itoa(len(d.mail.Attachments)), "defects", strconv.Itoa(len(d.mail.Defects)),
		"pictures", strconv.FormatBool(d.mail.MayLoad))
	for i, f := range d.mail.Defects {
		if i == 20 {
			break
		}
		d.note(models.StepParse, "parse.defect", "defect", f.Code)
	}
	if d.mail.Decrypted {
		d.note(models.StepParse, "parse.decrypted")
	}
	g.verifySignature(ctx, d)
	if s := d.mail.InvitationSummary(); s != "" {
		d.note(models.StepParse, "parse.invitation", "summary", cut(s, 2_000), "method", d.mail.Invitation.Method)
	}
	if s := d.mail.Verified; s != nil {
		d.note(models.StepParse, "parse.signature", "state", string(s.State), "signature", s.Code())
	}
	show(&d.row, d.mail)
	return nil
}

func (g *Gateway) read(ctx context.Context, d *delivery, o message.Options) (*message.Message, error) {
	if d.raw != nil {
		return message.ParseOctets(d.raw, o)
	}
	raw, err := g.open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	return message.Parse(raw, o)
}

// reading is how the octets of a message are read, now and whenever they are looked at again.
func (g *Gateway) reading(row models.Message) message.Options {
	o := message.Options{SMIME: g.SMIME, Received: row.ReceivedAt}
	if o.Received.IsZero() {
		o.Received = now() // A mail that is only tried out.
	}
	return o
}

// sink hands an attachment to a blob; the blob is sealed by apply, so closing the sink leaves it open.
type sink struct{ *store.BlobWriter }

func (sink) Close() error { return nil }
