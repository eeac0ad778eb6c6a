package handlers

import "log/slog"

// attachmentDownload sends a file of an issue to those who see the issue.
func attachmentDownload(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	file, r, err := v.h.Tracker.OpenAttachment(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := download(v.Context, file.Name, file.ContentType, file.Size, r); err != nil {
		// The head is sent: there is no page to answer with any more.
		v.h.Log.WarnContext(v.ctx(), "download broke off", slog.Int64("attachment_id", id), slog.Any("err", err))
	}
	return nil
}
