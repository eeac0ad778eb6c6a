package gateway_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// The rows of docs/seeds.md that no other test shows.

func TestSameMailThroughThreeDoorsIsOneIssue(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, nil)
		raw := mail("1", anna, "Pump 3 stands still", "Text")
		d.server.deliver("INBOX", raw)
		d.run(g)
		d.wait(5 * time.Second)
		for _, door := range []string{"receive", "api"} {
			m, err := g.Receive(t.Context(), ib.ID, door, strings.NewReader(crlf(raw)))
			if err != nil || m.State != models.MessageDuplicate || m.DuplicateOf == nil || *m.DuplicateOf != d.message("1").ID {
				t.Errorf("by %s: %s (%v), want a duplicate of what was fetched", door, m.State, err)
			}
		}
		if issues, comments := d.once(); issues != 1 || comments != 0 {
			t.Errorf("%d issues and %d comments, want 1 and none: %v", issues, comments, d.ledger())
		}
	})
}

// Other people read the mailbox as well: what they have looked at, or mark as unread again, is mail as any other, once.
func TestFlagsOfOtherPeopleDecideNothing(t *testing.T) {
	for _, after := range []string{"leave", "seen"} {
		inDen(t, func(t *testing.T, d *den) {
			manyMails(d.server, 2)
			d.server.folders["INBOX"].messages[0].seen = true
			g := d.process(nil)
			d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.After = after })
			d.run(g)
			for n := range 6 {
				d.wait(20 * time.Minute)
				d.server.change(func(s *fakeServer) {
					for _, m := range s.folders["INBOX"].messages {
						m.seen = n%2 == 0
					}
				})
			}
			if diff := cmp.Diff([]string{"1 created accepted_new", "2 created accepted_new"}, d.ledger()); diff != "" {
				t.Errorf("%s: %s", after, diff)
			}
			d.once()
		})
	}
}

func TestAllThatStaysMakesNoLoop(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 1)
		g := d.process(nil)
		d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Settings.Select, dr.Settings.After, dr.Settings.Idle, dr.Settings.PollInterval = "all", "leave", false, time.Minute
		})
		d.run(g)
		d.wait(100 * time.Minute)
		if issues, comments := d.once(); issues != 1 || comments != 0 || len(d.messages()) != 1 {
			t.Errorf("after a hundred polls %d issues, %d comments: %v", issues, comments, d.ledger())
		}
	})
}

func TestKeywordIsFoundHoweverTheTextIsWritten(t *testing.T) {
	const word = "Einsatzeröffnung"
	typed := func(kind, encoding, body string) string {
		return "From: " + anna + "\nTo: support@here.example\nSubject: Alarm\nMessage-ID: <x@there.example>\nMIME-Version: 1.0\nContent-Type: " + kind +
			"\nContent-Transfer-Encoding: " + encoding + "\n\n" + body + "\n"
	}
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.BodyKeywords = []string{"EINSATZERÖFFNUNG"} })
		for name, raw := range map[string]string{
			"base64":           typed("text/plain; charset=utf-8", "base64", base64.StdEncoding.EncodeToString([]byte("Neue "+word+" um 12 Uhr"))),
			"quoted printable": typed("text/plain; charset=iso-8859-1", "quoted-printable", "Neue Einsatzer=F6ffnung"),
			"soft line break":  typed("text/plain; charset=utf-8", "quoted-printable", "Neue Einsatz=\ner=C3=B6ff=\nnung"),
			"HTML":             typed("text/html; charset=utf-8", "8bit", "<p>Neue Einsatzer&ouml;ff<b>nung</b></p>"),
			"decomposed":       typed("text/plain; charset=utf-8", "8bit", "Neue Einsatzero\u0308ffnung"),
		} {
			if dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(crlf(raw))); err != nil || dry.State != models.MessageCreated {
				t.Errorf("%s: %s %s (%v), want that the keyword is found", name, dry.State, dry.Reason, err)
			}
		}
		dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(crlf(typed("text/plain; charset=utf-8", "8bit", "Einsatzende"))))
		if err != nil || dry.Reason != "keyword_body" {
			t.Errorf("without the keyword: %s %s (%v), want keyword_body", dry.State, dry.Reason, err)
		}
	})
}

func TestClosingMailIsRefusedByItsKeywordAndKept(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.SubjectKeywords = []string{"Einsatzeröffnung", "Einsatzaktualisierung"}
		})
		var got []string
		for i, subject := range []string{"Einsatzeröffnung 4711", "EINSATZAKTUALISIERUNG 4711", "Einsatzabschluss 4711"} {
			m := d.receive(g, ib.ID, mail(fmt.Sprint(i), anna, subject, "Text"))
			got = append(got, fmt.Sprintf("%s %s %t", m.State, m.Reason, m.BlobID != nil))
		}
		if diff := cmp.Diff([]string{"created accepted_new true", "created accepted_new true", "rejected keyword_subject true"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Two formats in one inbox, and the same number in two projects.
func TestFormatsShareAnInboxAndNumbersKeepToTheirProject(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		other, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
		if err != nil {
			t.Fatal(err)
		}
		g, x := d.process(nil), dispatch("field")
		second := models.Profile{Name: "Störung", Title: "Störung {Anlage}", Fields: []models.ProfileField{{Name: "Anlage", From: "text", By: "line", Expr: "Anlage", Required: true}}}
		x.Profiles = append(x.Profiles, second)
		a := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.Extraction = x })
		b := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Name, dr.Address, dr.ProjectID, dr.Settings.Username, dr.Rules.Extraction = "Second", "second@here.example", other.ID, "second", x
		})
		var titles []string
		for _, m := range []models.Message{
			d.receive(g, a.ID, incident("1", "Alarm", "Nummer: 1", "Stichwort: B1", "Ort: Hafen")),
			d.receive(g, a.ID, incident("2", "Meldung", "Anlage: Pumpe 3")),
			d.receive(g, b.ID, incident("3", "Alarm", "Nummer: 1", "Stichwort: B2", "Ort: Wald")),
		} {
			i, err := d.store.IssueByNumber(t.Context(), *m.IssueNumber)
			if err != nil {
				t.Fatal(err)
			}
			titles = append(titles, i.Title)
		}
		if diff := cmp.Diff([]string{"B1 – Hafen", "Störung Pumpe 3", "B2 – Wald"}, titles); diff != "" {
			t.Error(diff)
		}
	})
}

func TestForwardedMailIsExpectedAtItsFirstAddress(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.RecipientsExpected = []string{"lz1@fire.example"} })
		for head, want := range map[string]models.MessageState{
			"Delivered-To: lz1@fire.example": models.MessageCreated, "X-Original-To: LZ1@fire.example": models.MessageCreated,
			"Envelope-To: lz1@fire.example": models.MessageCreated, "Cc: lz1@fire.example": models.MessageCreated,
			"Delivered-To: lz2@fire.example": models.MessageRejected, "X-Forwarded-To: lz1@fire.example": models.MessageRejected,
		} {
			dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(crlf(mail("1", anna, "Alarm", "Text", head))))
			if err != nil || dry.State != want {
				t.Errorf("%s: %s %s (%v), want %s", head, dry.State, dry.Reason, err, want)
			}
		}
	})
}

func TestOfTwoSendersNoneIsAllowed(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.AllowedSenders = []string{"anna@there.example"} })
		for from, want := range map[string]models.MessageState{
			anna: models.MessageCreated, "ANNA@There.example": models.MessageCreated, "Anna <anna@there.example>, eve@elsewhere.example": models.MessageRejected,
			`"anna@there.example" <eve@elsewhere.example>`: models.MessageRejected,
		} {
			dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(crlf(mail("1", from, "Hello", "Text"))))
			if err != nil || dry.State != want {
				t.Errorf("%s: %s %s (%v), want %s", from, dry.State, dry.Reason, err, want)
			}
		}
	})
}

func TestEndOfAClientSecretIsToldBefore(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		var logged strings.Builder
		var mu sync.Mutex
		g := d.process(func(deps *gateway.Deps) { deps.Log = slog.New(slog.NewTextHandler(lockedLog{&mu, &logged}, nil)) })
		owner := gateway.OAuthInbox(d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Auth, dr.Enabled = "oauth2_client", false }).ID)
		secret := "s3cret"
		d.run(g)
		for n, days := range []int{40, 6, 1} {
			err := g.SetOAuth(t.Context(), nil, owner, 0, gateway.OAuthDraft{Auth: "oauth2_client", Secret: &secret, Settings: models.OAuthSettings{
				Provider: "microsoft", Tenant: "firm.example", ClientID: "client", SecretExpiresOn: time.Now().AddDate(0, 0, days).Format(time.DateOnly),
			}})
			if err != nil {
				t.Fatal(err)
			}
			d.wait(10 * time.Minute)
			mu.Lock()
			if got := strings.Count(logged.String(), `msg="client secret ends"`); got != n {
				t.Errorf("%d days before the end: %d reminders, want %d", days, got, n)
			}
			mu.Unlock()
			if v, err := g.OAuth(t.Context(), owner); err != nil || v.SecretEnds == nil {
				t.Errorf("the page does not know the end: %v", err)
			}
		}
	})
}
