package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// previewCount is how many messages are shown with what would become of them.
const previewCount = 20

// previewView is what would become of one message.
type previewView struct {
	At            time.Time
	From, Subject string
	Health        health
	Sentence      string
	Issue         int64 // That it would be a comment on; 0 for none.
}

// leaveMail takes what is to become of mail: it shows what that would mean, or makes the inbox.
func (w *wizard) leaveMail(do string) error {
	if err := w.read(); err != nil {
		return err
	}
	if w.f.text("password") == "" && w.f.get("auth") == "password" {
		w.f.refuse("password", "E-INBOX-15")
		return w.show(http.StatusUnprocessableEntity, wizardView{Step: stepSignIn})
	}
	if w.f.get("import_since") == "date" && w.f.get("import_date") == "" {
		w.f.refuse("import_date", "E-INBOX-16")
	}
	if w.f.Failed() {
		return w.askAgain(http.StatusUnprocessableEntity, wizardView{})
	}
	if do == "preview" {
		return w.preview()
	}
	if again, err := w.doubts(); again || err != nil {
		return err
	}
	if w.f.yes("create_folders") {
		if err := w.discreetly(w.draft.Settings, func() error {
			_, err := w.h.Gateway.CreateFolders(w.ctx(), w.draft)
			return err
		}); err != nil {
			return w.unreachable(err, "move_to")
		}
	}
	in, err := w.save()
	if list, ok := invalid(err); ok {
		return w.refuse(list)
	}
	if err != nil {
		return err
	}
	w.say("ok", "flash.inbox_created", "name", in.Name)
	return w.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// doubts asks once before folders are read that are hardly meant to be; again says that the page is shown again.
func (w *wizard) doubts() (again bool, err error) {
	if w.f.get("receive") != "imap" {
		return false, nil
	}
	d, found, err := w.look()
	if err != nil {
		return false, fmt.Errorf("look at the folders: %w", err)
	}
	if !found.OK {
		return true, w.show(http.StatusOK, wizardView{Step: stepSignIn, Report: w.report(checked{form: "wizard", s: d.Settings}, found)})
	}
	w.askFolders(w.f, found.Folders, w.draft.Settings.Folders)
	if !w.f.Failed() {
		return false, nil
	}
	return true, w.showMail(http.StatusUnprocessableEntity, found, wizardView{})
}

// look checks the connection of what was entered, whatever is to be checked about the rest of it.
func (w *wizard) look() (gateway.InboxDraft, gateway.CheckReport, error) {
	d := connectionOf(w.draft)
	found, err := w.checkFor(gateway.CheckOf{Project: d.ProjectID}, d.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return w.h.Gateway.CheckDraft(w.ctx(), w.stored.ID, d, each)
	})(nil)
	return d, found, err
}

// unreachable shows the last step again when the server did not do what it was asked for.
func (w *wizard) unreachable(err error, field string) error {
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok {
		return err
	}
	w.f.errs = append(w.f.errs, &models.Invalid{Field: field, Code: p.Code, Args: p.Args})
	return w.askAgain(http.StatusUnprocessableEntity, wizardView{})
}

// preview shows what the latest messages would become.
func (w *wizard) preview() error {
	var found []gateway.Previewed
	err := w.discreetly(w.draft.Settings, func() (err error) {
		found, err = w.h.Gateway.Preview(w.ctx(), w.draft, previewCount)
		return err
	})
	if list, ok := invalid(err); ok {
		return w.refuse(list)
	}
	if err != nil {
		return w.unreachable(err, "folders")
	}
	data := wizardView{Previewed: true}
	for _, p := range found {
		data.Preview = append(data.Preview, w.previewed(p))
	}
	return w.askAgain(http.StatusOK, data)
}

func (v *visit) previewed(p gateway.Previewed) previewView {
	m := models.Message{State: p.State, Reason: string(p.Reason), FromAddress: p.From}
	out := previewView{At: p.ReceivedAt, From: p.From, Subject: p.Subject, Health: v.outcome(m), Issue: p.IssueNumber}
	if m.State != models.MessageCreated && m.State != models.MessageCommented {
		out.Sentence = v.sentence(m, []models.Trace{{Entries: p.Trace}})
	}
	if strings.Contains(out.Sentence, "{") {
		out.Sentence = ""
	}
	return out
}
