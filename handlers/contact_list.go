package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"letterbox/models"
	"letterbox/tracker"
)

// contactListView is what the list of contacts shows.
type contactListView struct {
	Contacts      []tracker.Contact
	Organisations []models.Organisation
	Filtered      bool
	First, Next   string
}

// contactList shows the customers, the latest first.
func contactList(v *visit) error {
	f := v.newForm("contact", map[string]string{"q": v.Query("q"), "organisation": v.Query("organisation")})
	q := tracker.ContactFilter{Text: f.get("q"), Cursor: v.Query("cursor"), Limit: 50}
	if id := f.get("organisation"); id != "" {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 {
			return models.ErrNotFound
		}
		q.Organisation = n
	}
	data := contactListView{Filtered: q.Text != "" || q.Organisation != 0}
	var next string
	var err error
	data.Contacts, next, err = v.h.Tracker.Contacts(v.ctx(), v.me, q)
	if list, ok := invalid(err); ok && list[0].Field == "cursor" {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	if data.Organisations, err = v.h.Tracker.Organisations(v.ctx(), v.me); err != nil {
		return err
	}
	keep := url.Values{"q": {f.get("q")}, "organisation": {f.get("organisation")}}
	if q.Cursor != "" {
		data.First = address("/contacts", keep)
	}
	if next != "" {
		data.Next = address("/contacts", keep, "cursor", next)
	}
	return v.render(http.StatusOK, "contact_list", view{Title: v.l.T("nav.contacts"), Section: "contacts", Form: f, Data: data})
}

// Choices are the organisations to filter by.
func (d contactListView) Choices() []option {
	out := []option{{"", "–"}}
	for _, o := range d.Organisations {
		out = append(out, option{strconv.FormatInt(o.ID, 10), o.Name})
	}
	return out
}

// contactShow shows one customer with its issues.
func contactShow(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.showContact(http.StatusOK, id, v.newForm("contact", map[string]string{"into": ""}))
}

func (v *visit) showContact(status int, id int64, f *form) error {
	c, err := v.h.Tracker.Contact(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	title := c.Name
	if title == "" {
		title = v.l.T("person.gone")
	}
	return v.render(status, "contact_show", view{Title: title, Section: "contacts", Form: f, Data: c})
}

// contactMerge puts a contact into another one, which is named by its address.
func contactMerge(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("contact", "into")
	if err != nil {
		return err
	}
	into, err := v.contactByAddress(f.get("into"))
	if err == nil {
		err = v.h.Tracker.MergeContacts(v.ctx(), v.me, id, into)
	}
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showContact(http.StatusUnprocessableEntity, id, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.contact_merged")
	return v.redirect(fmt.Sprintf("/contacts/%d", into))
}

// contactByAddress finds the contact that has exactly this address; 0, which is nobody, when there is none.
func (v *visit) contactByAddress(text string) (int64, error) {
	list, _, err := v.h.Tracker.Contacts(v.ctx(), v.me, tracker.ContactFilter{Text: text, Limit: 200})
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		for _, a := range c.Addresses {
			if a == models.FoldAddress(text) {
				return c.ID, nil
			}
		}
	}
	return 0, nil
}

// contactExport answers with what is stored of a contact as a ZIP archive.
func contactExport(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.h.exportContact(v.Context, v.me, id)
}

// contactErase asks before a contact is erased.
func contactErase(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	c, err := v.h.Tracker.Contact(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, "contact_erase", view{Title: v.l.T("contact.erase"), Section: "contacts", Data: c})
}

// contactErased erases a contact and says how much that was.
func contactErased(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("contact", "texts")
	if err != nil {
		return err
	}
	e, err := v.h.Tracker.EraseContact(v.ctx(), v.me, id, f.yes("texts"))
	if errors.Is(err, models.ErrConflict) {
		return fmt.Errorf("erase contact: %w", err)
	}
	if _, held := invalid(err); held {
		v.say("warn", "flash.contact_held")
		return v.redirect(fmt.Sprintf("/contacts/%d", id))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.contact_erased", "issues", strconv.Itoa(e.Issues), "comments", strconv.Itoa(e.Comments), "attachments", strconv.Itoa(e.Attachments),
		"messages", strconv.Itoa(e.Messages), "outgoing", strconv.Itoa(e.Outgoing))
	return v.redirect("/contacts")
}
