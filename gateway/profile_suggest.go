package gateway

import (
	"context"
	"fmt"
	"io"

	"letterbox/gateway/extract"
	"letterbox/models"
)

// SuggestProfile proposes a profile for mails like the raw one that r holds: a field for each line "key: value", or for
// each value of an XML or JSON file. Nothing is written.
func (g *Gateway) SuggestProfile(ctx context.Context, inboxID int64, r io.Reader) (models.Profile, error) {
	t, err := g.newTrial(ctx, inboxID, models.DefaultRules())
	if err != nil {
		return models.Profile{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, t.inbox.Settings.MaxMessageSize))
	if err != nil {
		return models.Profile{}, fmt.Errorf("read the mail: %w", err)
	}
	d := &delivery{inbox: t.inbox, own: t.own, rules: t.inForce, row: models.Message{InboxID: inboxID, Size: int64(len(raw))}, raw: raw, dry: true, rerun: true, reads: true}
	if err := g.runStep(ctx, d, step{models.StepParse, (*Gateway).parse}); err != nil {
		return models.Profile{}, err
	}
	p := extract.Suggest(extract.Source{Subject: d.mail.Subject, Text: d.mail.Text, Files: d.readable})
	if p.Name = cut(d.mail.Subject, 50); p.Name == "" {
		p.Name = "1"
	}
	return p, nil
}
