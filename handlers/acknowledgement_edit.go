package handlers

import (
	"fmt"
	"net/http"

	"letterbox/gateway"
)

// acknowledgementView is what the page of the acknowledgements of an inbox shows.
type acknowledgementView struct {
	ID       int64
	Inbox    string
	From     string // Address that they come from; "" when no account can send them.
	Previews []ackPreview
	Refusals []ackPreview // Notices that a mail was refused.
}

// ackPreview is an acknowledgement as it would go out.
type ackPreview struct{ Lang, Language, Subject, Text string }

// acknowledgementShow shows how an inbox acknowledges new issues, with a preview.
func acknowledgementShow(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	a, err := v.h.Gateway.Acknowledgement(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	f := v.newForm("ack", map[string]string{"ack_mode": a.Mode, "ack_text_de": a.Text["de"], "ack_text_en": a.Text["en"],
		"refusal_text_de": a.Refusal["de"], "refusal_text_en": a.Refusal["en"]})
	return v.showAcknowledgement(http.StatusOK, in, f, a)
}

func (v *visit) showAcknowledgement(status int, in gateway.InboxView, f *form, a gateway.Acknowledgement) error {
	data := acknowledgementView{ID: in.ID, Inbox: in.Name}
	project := ""
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, p := range projects {
		if p.ID == in.ProjectID {
			project = p.Name
		}
	}
	if data.From, err = v.h.Gateway.SendsFrom(v.ctx(), in.ID, in.ProjectID); err != nil {
		return err
	}
	for _, lang := range []string{"de", "en"} {
		p := ackPreview{Lang: lang, Language: v.l.T("choice.language." + lang)}
		p.Subject, p.Text = v.h.Gateway.PreviewAcknowledgement(a, lang, project)
		data.Previews = append(data.Previews, p)
		p.Subject, p.Text = v.h.Gateway.PreviewRefusal(a, lang)
		data.Refusals = append(data.Refusals, p)
	}
	return v.render(status, "acknowledgement_edit", view{Title: v.l.T("ack.title", "name", in.Name), Section: "inboxes", Form: f, Data: data})
}

// acknowledgementUpdate changes how an inbox acknowledges new issues, or only shows the preview.
func acknowledgementUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readForm("ack", "ack_mode", "ack_text_de", "ack_text_en", "refusal_text_de", "refusal_text_en")
	if err != nil {
		return err
	}
	a := gateway.Acknowledgement{
		Mode: f.get("ack_mode"), Text: map[string]string{"de": f.get("ack_text_de"), "en": f.get("ack_text_en")},
		Refusal: map[string]string{"de": f.get("refusal_text_de"), "en": f.get("refusal_text_en")},
	}
	if v.PostForm("do") == "preview" {
		return v.showAcknowledgement(http.StatusOK, in, f, a)
	}
	err = v.h.Gateway.SetAcknowledgement(v.ctx(), v.me, in.ID, a)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showAcknowledgement(http.StatusUnprocessableEntity, in, f, a)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.ack_saved")
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}
