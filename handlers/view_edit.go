package handlers

import (
	"fmt"
	"net/http"

	"letterbox/models"
)

// views are the saved filters that the person may use.
func (v *visit) views() ([]savedView, error) {
	list, err := v.h.Tracker.Views(v.ctx(), v.me)
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	var out []savedView
	for _, one := range list {
		out = append(out, savedView{View: one, Address: viewAddress(one), Mine: one.UserID == v.me.ID})
	}
	return out, nil
}

// viewAddress is the list of a saved filter. How it looks stands in it too, where that is not as usual.
func viewAddress(one models.View) string {
	keep := models.ParseListLook(one.Look).Values(models.ListLook{})
	keep.Set("q", one.Query)
	keep.Set("sort", one.Sort)
	return address("/issues", keep)
}

// viewCreate saves the filter of a list under a name and goes back to the list.
func viewCreate(v *visit) error {
	f, err := v.readForm("view", "name", "q", "sort", "look", "shared")
	if err != nil {
		return err
	}
	one, err := v.h.Tracker.SaveView(v.ctx(), v.me, models.View{
		Name: f.get("name"), Query: f.get("q"), Sort: f.get("sort"), Look: f.get("look"), Shared: f.yes("shared"),
	})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.render(http.StatusUnprocessableEntity, "view_new", view{Title: v.l.T("view.save"), Section: "issues", Form: f})
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.view_saved", "name", one.Name)
	return v.redirect(viewAddress(one))
}

// viewDelete removes a saved filter of the person.
func viewDelete(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.DeleteView(v.ctx(), v.me, id); err != nil {
		return err
	}
	v.say("ok", "flash.view_deleted")
	return v.redirect(local(v.PostForm("back")))
}
