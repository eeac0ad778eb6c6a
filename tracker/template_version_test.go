package tracker_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

func texts(pairs ...string) (list []models.AnswerTemplate) {
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, models.AnswerTemplate{Name: pairs[i], Body: pairs[i+1]})
	}
	return list
}

func described(list []models.AnswerTemplate) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, t.Name+": "+t.Body)
	}
	return out
}

// Every change of templates is a version, whatever makes it; what is as it was makes none, and each can be restored.
func TestAnswerTemplatesHaveVersions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, sup := t.Context(), w.sup.ID
		set := func(project int64, list []models.AnswerTemplate, restores int64) {
			t.Helper()
			if err := w.SetAnswerTemplates(ctx, &w.boss, []models.TemplateSet{{ProjectID: project, Templates: list, Restores: restores}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		hello, err := w.AddAnswerTemplate(ctx, &w.boss, models.AnswerTemplate{ProjectID: sup, Name: "Hello", Body: "Dear customer,"})
		if err != nil {
			t.Fatal(err)
		}
		set(sup, texts("Bye", " Kind regards\r\n", "Hello", "Dear all,"), 0)
		set(sup, texts("Hello", "Dear all,", "Bye", "Kind regards"), 0) // The same.
		now, err := w.AnswerTemplates(ctx, &w.member, sup)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"Bye: Kind regards", "Hello: Dear all,"}, described(now)); diff != "" || now[1].ID != hello.ID {
			t.Errorf("templates (-want +got), the second of them with ID %d, want %d:\n%s", now[1].ID, hello.ID, diff)
		}
		if err := w.DeleteAnswerTemplate(ctx, &w.boss, sup, hello.ID); err != nil {
			t.Fatal(err)
		}
		first, err := w.TemplateVersion(ctx, &w.boss, sup, 1)
		if err != nil {
			t.Fatal(err)
		}
		set(sup, first.Templates, 1)
		all, err := w.TemplateVersions(ctx, &w.boss, sup)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range all {
			got = append(got, fmt.Sprint(v.Version, " ", v.Action, " ", v.Who, " ", described(v.Templates)))
		}
		want := []string{
			"4 template.restore BOSS [Hello: Dear customer,]", "3 template.delete BOSS [Bye: Kind regards]",
			"2 template.import BOSS [Bye: Kind regards Hello: Dear all,]", "1 template.create BOSS [Hello: Dear customer,]",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
	})
}

// What was there before versions were kept is the first one.
func TestTemplatesOfBeforeAreTheFirstVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := models.AnswerTemplate{ProjectID: w.sup.ID, Name: "Old", Body: "text"}
		if err := w.store.CreateAnswerTemplate(t.Context(), &old); err != nil {
			t.Fatal(err)
		}
		if err := w.DeleteAnswerTemplate(t.Context(), &w.boss, w.sup.ID, old.ID); err != nil {
			t.Fatal(err)
		}
		v, err := w.TemplateVersion(t.Context(), &w.boss, w.sup.ID, 1)
		if diff := cmp.Diff([]string{"Old: text"}, described(v.Templates)); err != nil || diff != "" || v.Action != "" || v.CreatedBy != nil {
			t.Errorf("version 1 = %v %v\n%s", v, err, diff)
		}
	})
}

// All projects of a call change, or none: for who may not configure one of them, with a text that cannot be taken, and when
// the difference is not to be applied.
func TestTemplatesChangeTogetherOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, stop := t.Context(), errors.New("stop")
		both := func(second []models.AnswerTemplate) []models.TemplateSet {
			return []models.TemplateSet{{ProjectID: w.sup.ID, Templates: texts("A", "a")}, {ProjectID: w.dev.ID, Templates: second}}
		}
		if err := w.SetAnswerTemplates(ctx, &w.boss, both(nil), nil); !errors.Is(err, models.ErrForbidden) && !errors.Is(err, models.ErrNotFound) {
			t.Errorf("of a project of others: %v", err)
		}
		err := w.SetAnswerTemplates(ctx, &w.admin, both(texts("B", "", "", "b")), nil)
		if list, ok := errors.AsType[models.InvalidList](err); !ok || len(list) != 2 || list[0].Field != "1.templates.0.body" || list[1].Field != "1.templates.1.name" {
			t.Errorf("empty texts: %v", err)
		}
		err = w.SetAnswerTemplates(ctx, &w.admin, both(texts("B", "b")), func(was, now [][]models.AnswerTemplate) error {
			if len(was[0])+len(was[1]) != 0 || len(now[0]) != 1 || now[1][0].Name != "B" {
				t.Errorf("looked at %v and %v", was, now)
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Errorf("not to be applied: %v", err)
		}
		for _, p := range []int64{w.sup.ID, w.dev.ID} {
			if all, err := w.TemplateVersions(ctx, &w.admin, p); err != nil || len(all) != 0 {
				t.Errorf("project %d has %d versions, %v", p, len(all), err)
			}
		}
		if _, err := w.TemplateVersions(ctx, &w.member, w.sup.ID); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("the versions for a member: %v", err)
		}
	})
}

// Two who add a template at the same time are two versions, the later of which has both.
func TestTemplatesAddedAtOnceAreAllInTheLastVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 4
		var done sync.WaitGroup
		for i := range n {
			done.Go(func() {
				if _, err := w.AddAnswerTemplate(t.Context(), &w.boss, models.AnswerTemplate{ProjectID: w.sup.ID, Name: fmt.Sprint(i), Body: "x"}); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		all, err := w.TemplateVersions(t.Context(), &w.boss, w.sup.ID)
		if err != nil || len(all) != n || len(all[0].Templates) != n {
			t.Errorf("%d versions, %v; want %d, the last with all", len(all), err, n)
		}
	})
}
