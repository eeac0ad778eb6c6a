package gateway

import (
	"context"
	"fmt"
	"io"
	"time"

	"letterbox/gateway/extract"
	"letterbox/models"
)

// readTime is how long profiles may read one mail for the page that edits them.
const readTime = 2 * time.Second

// Reading is what profiles read in a mail.
type Reading struct {
	Source   extract.Source
	Attempts []extract.Attempt // One for each profile, whatever those before it found; without a name for one that cannot be read.
	Outcome  *extract.Outcome  // Of the first profile that matches; nil when none does.
}

// Sample is a mail that profiles are tried on: a raw one that is handed in or, without that, a stored message of the inbox.
type Sample struct {
	Raw     io.Reader
	Message int64
}

// ReadMail has each of the profiles read a mail. Nothing is written, and no other rule is asked. It is models.ErrNotFound
// when the message is none of the inbox or its octets are not kept.
func (g *Gateway) ReadMail(ctx context.Context, inboxID int64, profiles []models.Profile, mail Sample) (Reading, error) {
	src, err := g.sourceOf(ctx, inboxID, mail)
	if err != nil {
		return Reading{}, err
	}
	out := Reading{Source: src}
	started := time.Now()
	for i, p := range profiles {
		set, err := extract.Compile(models.Extraction{Profiles: []models.Profile{p}})
		if err != nil || time.Since(started) > readTime {
			out.Attempts = append(out.Attempts, extract.Attempt{Index: i})
			continue
		}
		found := set.Run(src)
		found.Attempts[0].Index = i
		if out.Attempts = append(out.Attempts, found.Attempts[0]); out.Outcome == nil {
			out.Outcome = found.Outcome
		}
	}
	return out, nil
}

// SuggestProfile proposes a profile for mails like this one: a field for each line "key: value", or for
// each value of an XML or JSON file. Nothing is written.
func (g *Gateway) SuggestProfile(ctx context.Context, inboxID int64, mail Sample) (models.Profile, error) {
	src, err := g.sourceOf(ctx, inboxID, mail)
	if err != nil {
		return models.Profile{}, err
	}
	p := extract.Suggest(src)
	if p.Name = cut(src.Subject, 50); p.Name == "" {
		p.Name = "1"
	}
	return p, nil
}

// sourceOf is what profiles read of a mail.
func (g *Gateway) sourceOf(ctx context.Context, inboxID int64, mail Sample) (extract.Source, error) {
	t, err := g.newTrial(ctx, inboxID, models.DefaultRules())
	if err != nil {
		return extract.Source{}, err
	}
	d := &delivery{inbox: t.inbox, own: t.own, rules: t.inForce, dry: true, rerun: true, reads: true}
	if mail.Raw == nil {
		if d.row, err = g.Store.MessageByID(ctx, mail.Message); err != nil {
			return extract.Source{}, err
		}
		if d.row.InboxID != inboxID || d.row.BlobID == nil {
			return extract.Source{}, models.ErrNotFound
		}
	} else {
		if d.raw, err = io.ReadAll(io.LimitReader(mail.Raw, t.inbox.Settings.MaxMessageSize)); err != nil {
			return extract.Source{}, fmt.Errorf("read the mail: %w", err)
		}
		d.row = models.Message{InboxID: inboxID, Size: int64(len(d.raw))}
	}
	if err := g.runStep(ctx, d, step{models.StepParse, (*Gateway).parse}); err != nil {
		return extract.Source{}, err
	}
	return extract.Source{Subject: d.mail.Subject, Text: d.mail.Text, Files: d.readable}, nil
}
