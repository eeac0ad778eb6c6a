package handlers

import (
	"fmt"
	"net/url"
	"testing"

	"letterbox/gateway"
	"letterbox/models"
)

func TestEveryChangeStandsInTheAuditLog(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, plainMail)
	lead, path := s.as("lead"), fmt.Sprint("/inboxes/", s.inbox.ID)
	s.post(s.rulesPath(), lead, s.rulesForm(func(f url.Values) { f.Set("blocked_senders", "evil@spam.example") })).want(t, 303)
	s.post(s.rulesPath()+"/1/restore", lead, url.Values{"base": {"2"}}).want(t, 303)
	s.get(fmt.Sprintf("/messages/%d/raw", m.ID), lead).want(t, 200)
	s.post(fmt.Sprintf("/messages/%d/reprocess", m.ID), lead, nil).want(t, 303)
	s.post(path+"/pause", lead, url.Values{"do": {"pause"}}).want(t, 303)
	password := "very secret canary"
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	d := apiDraftOf(in)
	d.Password, d.Settings.TLSVerify, d.Settings.Fingerprint, d.Settings.CAPEM = &password, "pinned", "abcdef", "-----BEGIN"
	_, err = s.h.Gateway.UpdateInbox(t.Context(), s.users["lead"], in.ID, in.Version, d)
	s.ok(err)

	s.get(path+"/audit", lead).want(t, 200, "Rules changed", "evil@spam.example", "Earlier rules put in force again", "Inbox paused", "Inbox changed",
		"Against the system&#39;s list → Trust only this fingerprint", "→ abcdef", "Password:</span> set", "Lead",
		"!very secret canary", "!-----BEGIN", "!Raw message downloaded")
	admin := s.as("admin")
	s.get("/audit", admin).want(t, 200, "Raw message downloaded", "Message reprocessed", fmt.Sprintf(`href="/messages/%d"`, m.ID), "Inbox added", "!{&#34;")
	s.get("/audit?kind=message", admin).want(t, 200, "Raw message downloaded", "!Rules changed")
	s.get(fmt.Sprintf("/audit?object=message:%d", m.ID), admin).want(t, 200, "Raw message downloaded", "!Inbox paused")
	s.get("/audit?until=2020-01-01", admin).want(t, 200, "No change matches this filter")
	s.get("/audit?cursor=nonsense", admin).want(t, 404)
	s.get("/audit", lead).want(t, 403)
	s.get(fmt.Sprintf("/inboxes/%d/audit", s.global.ID), lead).want(t, 404)
}

func TestReleaseAndAttachmentStandInTheAuditLog(t *testing.T) {
	s := newSite(t)
	s.strict(nil)
	m := s.mail(s.inbox, plainMail)
	_, err := s.h.Gateway.ReprocessAs(t.Context(), s.users["lead"], m.ID, gateway.Again{LetIn: true})
	s.ok(err)
	lines, _, err := s.h.Gateway.AuditLog(t.Context(), gateway.AuditQuery{Object: fmt.Sprintf("message:%d", m.ID)})
	s.ok(err)
	if len(lines) != 1 || lines[0].Values["let_in"] != "new" || lines[0].Values["state"] != string(models.MessageCreated) || lines[0].Who != "Lead" {
		t.Errorf("audit log has %+v, want one line: let in as new by Lead", lines)
	}
}
