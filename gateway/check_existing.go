package gateway

import (
	"context"
	"slices"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// existing counts the messages of a listing that an inbox with these settings would take in although they are there
// already: what is said before somebody sets them to be deleted. It changes nothing.
func (g *Gateway) existing(ctx context.Context, ib models.Inbox, entries []mailbox.Entry) (int, error) {
	v := &visit{g: g, inbox: ib, door: ib.Settings.Receive}
	var err error
	if v.list, err = v.newListing(ctx); err != nil {
		return 0, err
	}
	fromNow := ib.Settings.ImportSince == "from_now" && ib.Settings.Select != "all"
	n := 0
	for _, e := range entries {
		key := folderKey{e.Folder, e.UIDValidity}
		known, err := v.knownUIDs(ctx, key)
		if err != nil {
			return 0, err
		}
		_, mine := known[e.UID]
		_, begun := v.marked(e.Folder)
		if !mine && !v.leftAlone(key, e) && (begun || !fromNow) {
			n++
		}
	}
	return n, nil
}

// deletes reports whether the server is told to delete what has been taken in.
func deletes(s models.InboxSettings) bool {
	if s.Receive == doorPOP3 {
		return slices.Contains([]string{"delete", "delete_after_days"}, s.POP3After)
	}
	return s.Receive == doorIMAP && s.After == "delete"
}
