package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/message"
	"letterbox/models"
	"letterbox/models/store"
)

const (
	dkimTime    = 5 * time.Second
	dkimPause   = time.Minute // How long the DNS is left alone after it did not answer: mail must not wait for it.
	mostSampled = 20          // Mails that are looked at for the names of servers.
)

// checksSender reports whether the inbox wants to know who the sender is.
func (d *delivery) checksSender() bool {
	return d.rules != nil && (d.rules.rules.SenderCheck == "warn" || d.requiresSender() || d.tellsRefused())
}

func (d *delivery) requiresSender() bool {
	return d.rules != nil && d.rules.rules.SenderCheck == "require"
}

// verifySignature checks the DKIM signature where no server that is believed says something. It is not part of the
// decision, because it asks the DNS; a DNS that does not answer stops no mail.
func (g *Gateway) verifySignature(ctx context.Context, d *delivery) {
	from := sender(d.mail)
	if g.LookupTXT == nil || !d.mail.DKIM || from == "" || !d.checksSender() && !d.dry || d.row.Archived {
		return
	}
	if d.rules != nil && judge(d).State != authenticity.None {
		return
	}
	if last := g.dnsFailed.Load(); last != 0 && time.Since(time.Unix(last, 0)) < dkimPause {
		return
	}
	raw, err := g.open(ctx, d)
	if err != nil {
		return // The step that needs the octets says so.
	}
	defer raw.Close()
	ctx, cancel := context.WithTimeout(ctx, dkimTime)
	defer cancel()
	if d.dkim, err = authenticity.VerifyDKIM(ctx, raw, from, g.LookupTXT); err == nil {
		return
	}
	if errors.Is(err, authenticity.ErrLookup) {
		g.dnsFailed.Store(time.Now().Unix())
	}
	g.Log.LogAttrs(ctx, slog.LevelDebug, "signature not checked", slog.Int64("message_id", d.row.ID), slog.Any("err", err))
}

func judge(d *delivery) authenticity.Result {
	return authenticity.Judge(d.mail.Results, d.mail.TopResults, d.rules.rules.AuthServID, sender(d.mail))
}

// authenticate decides whether the sender is the one it claims to be, and writes it down.
func (d *delivery) authenticate() {
	d.auth = authenticity.Result{State: authenticity.None}
	if !d.checksSender() || sender(d.mail) == "" {
		return
	}
	if d.auth = judge(d); d.auth.State == authenticity.None && d.dkim.State == authenticity.Pass {
		d.auth = d.dkim
	}
	args := []string{"state", string(d.auth.State), "method", d.auth.Method, "domain", d.auth.Domain, "server", d.auth.By, "address", sender(d.mail)}
	switch {
	case d.auth.State == authenticity.Pass && d.auth.By == "":
		d.note(models.StepGate, "gate.sender_signed", args...)
	case d.auth.State == authenticity.Pass:
		d.note(models.StepGate, "gate.sender_pass", args...)
	case d.auth.State == authenticity.Fail:
		d.note(models.StepGate, "gate.sender_fail", args...)
	default:
		d.note(models.StepGate, "gate.sender_none", args...)
	}
}

// unverified reports whether the one who has the sender's address must not be taken for the sender: people who sign in
// have to be verified where the inbox requires it, customers must not have failed (SEC-44). A person who lets the mail in
// decides for the sender too.
func (d *delivery) unverified(u models.User) bool {
	if !d.requiresSender() || d.told != nil || d.auth.State == authenticity.Pass {
		return false
	}
	return u.Role != models.RoleCustomer || d.auth.State == authenticity.Fail
}

// CheckingServer is a server that has checked the senders of mails.
type CheckingServer struct {
	Name  string // Its authserv-id (RFC 8601).
	Mails int    // In how many of the latest mails its results stand.
	Of    int
}

// CheckingServers returns whose results stand in the latest mails of an inbox, the most frequent first: one of them is
// likely to be the server of the inbox.
func (g *Gateway) CheckingServers(ctx context.Context, inbox int64) ([]CheckingServer, error) {
	rows, _, err := g.Store.Messages(ctx, store.MessageFilter{InboxIDs: []int64{inbox}, Limit: mostSampled})
	if err != nil {
		return nil, err
	}
	count, of := map[string]int{}, 0
	for _, row := range rows {
		if row.BlobID == nil {
			continue
		}
		names, err := g.serversOf(ctx, row)
		if err != nil {
			return nil, err
		}
		of++
		for _, name := range names {
			count[name]++
		}
	}
	var out []CheckingServer
	for _, name := range slices.Sorted(maps.Keys(count)) {
		out = append(out, CheckingServer{Name: name, Mails: count[name], Of: of})
	}
	slices.SortStableFunc(out, func(a, b CheckingServer) int { return cmp.Compare(b.Mails, a.Mails) })
	return out[:min(len(out), 5)], nil
}

func (g *Gateway) serversOf(ctx context.Context, row models.Message) ([]string, error) {
	r, _, err := g.Store.OpenBlob(ctx, *row.BlobID)
	if err != nil {
		return nil, ignoreGone(err)
	}
	defer r.Close()
	m, err := message.Parse(io.LimitReader(r, 64<<10), message.Options{WithoutHTML: true, Received: row.ReceivedAt})
	if err != nil {
		return nil, fmt.Errorf("read a header: %w", err)
	}
	return authenticity.Servers(m.Results), nil
}
