package gateway

import (
	"bytes"
	"context"
	"io"
	"log/slog"

	"letterbox/gateway/message"
	"letterbox/models"
)

// describe fills what lists show of a message whose processing never got as far as keeping it: subject, sender, date and
// Message-ID, read from its header alone. A message that ended the process is left unread. What cannot be read is left
// out; the message page still reads the octets.
func (g *Gateway) describe(ctx context.Context, m *models.Message, code string) {
	if m.BlobID == nil || m.Subject != "" || m.FromAddress != "" || code == "E-STEP-04" {
		return
	}
	head, err := g.header(ctx, *m)
	if err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "header of a message set aside not read", slog.Int64("message_id", m.ID), slog.Any("err", err))
		return
	}
	show(m, head)
}

// header reads the header of a kept message.
func (g *Gateway) header(ctx context.Context, m models.Message) (parsed *message.Message, err error) {
	defer caught(models.StepParse, &err)
	r, _, err := g.Store.OpenBlob(ctx, *m.BlobID)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, headerMost))
	if err != nil {
		return nil, err
	}
	if end := bytes.Index(raw, []byte("\r\n\r\n")); end >= 0 {
		raw = raw[:end+4]
	}
	return message.Parse(bytes.NewReader(raw), message.Options{Received: m.ReceivedAt})
}

// show copies into a row of the ledger what lists show of a mail.
func show(row *models.Message, m *message.Message) {
	row.Subject = cut(m.Subject, 990)
	row.RFCMessageID = cut(m.MessageID, 990)
	if len(m.From) > 0 {
		row.FromName = cut(m.From[0].Name, 250)
		row.FromAddress = cut(lower(m.From[0].Address), 320)
	}
	if !m.Date.IsZero() {
		date := m.Date
		row.Date = &date
	}
}
