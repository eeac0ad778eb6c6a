package handlers

import (
	"net/http"
	"strings"

	"letterbox/models"
)

// organisationList shows the organisations with a form for one more.
func organisationList(v *visit) error {
	return v.showOrganisations(http.StatusOK, v.newForm("organisation", map[string]string{"name": "", "entries": ""}))
}

func (v *visit) showOrganisations(status int, f *form) error {
	list, err := v.h.Tracker.Organisations(v.ctx(), v.me)
	if err != nil {
		return err
	}
	return v.render(status, "organisation_list", view{Title: v.l.T("organisation.title"), Section: "contacts", Form: f, Data: list})
}

// organisationCreate adds an organisation.
func organisationCreate(v *visit) error {
	f, err := v.readForm("organisation", "name", "entries")
	if err != nil {
		return err
	}
	_, err = v.h.Tracker.SaveOrganisation(v.ctx(), v.me, models.Organisation{Name: f.get("name"), Entries: f.lines("entries")})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showOrganisations(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.organisation_saved", "name", f.get("name"))
	return v.redirect("/organisations")
}

// organisationShow shows an organisation to be changed.
func organisationShow(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	o, err := v.h.Tracker.Organisation(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	return v.showOrganisation(http.StatusOK, o, v.newForm("organisation", map[string]string{"name": o.Name, "entries": strings.Join(o.Entries, "\n")}))
}

func (v *visit) showOrganisation(status int, o models.Organisation, f *form) error {
	return v.render(status, "organisation_show", view{Title: o.Name, Section: "contacts", Form: f, Data: o})
}

// organisationUpdate changes an organisation.
func organisationUpdate(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("organisation", "name", "entries")
	if err != nil {
		return err
	}
	o, err := v.h.Tracker.SaveOrganisation(v.ctx(), v.me, models.Organisation{ID: id, Name: f.get("name"), Entries: f.lines("entries")})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showOrganisation(http.StatusUnprocessableEntity, o, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.organisation_saved", "name", o.Name)
	return v.redirect("/organisations")
}

// organisationDelete removes an organisation; its contacts stay.
func organisationDelete(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.DeleteOrganisation(v.ctx(), v.me, id); err != nil {
		return err
	}
	v.say("ok", "flash.organisation_deleted")
	return v.redirect("/organisations")
}
