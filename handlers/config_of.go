package handlers

import (
	"context"
	"fmt"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/models"
	"letterbox/tracker"
)

// configOf is something that is kept as a file: an inbox or the answer templates of a project, with their versions, or all
// shared scripts, of which each has versions of its own.
type configOf struct {
	configPage
	download string // What its file is called.
	export   func() ([]byte, error)
	many     bool // It is several things: a difference names the one that it is of.
	// take makes it what a file says, which has to be about it alone; see gateway.ConfigImport for dry and shown.
	take     func(raw []byte, dry bool, shown string) ([]gateway.ConfigChange, error)
	restore  func(version int64, dry bool) ([]gateway.ConfigChange, error) // Nil, as what follows, when it has no versions.
	now      func() (kept, error)
	versions func() ([]kept, error)
	version  func(version int64) (kept, error)
}

// configPage says where the pages of something kept as a file are, and what they say of it.
type configPage struct {
	Name        string
	File        string // Path of the page with the file.
	Download    string // Path of the file alone.
	Versions    string // Path of its versions, without the number; "" when it has none.
	Up, UpText  string // The page that it belongs to.
	Section     string
	Heading     string
	Labels      string // What the keys of the names of its settings begin with; "" for those of inboxes.
	Lead, About string
	Conflict    string
	Same        string
	Stays       string // What restoring a version leaves as it is; "" for nothing.
	Applied     string // Key of what is said when a file was applied; Restored when a version was.
	Restored    string
}

// kept is something as it is, or was in one of its versions.
type kept struct {
	models.Kept
	Who       string
	inbox     inboxfile.Inbox
	templates []inboxfile.Template
}

// keptChanges returns how it differs.
func keptChanges(before, after kept) []gateway.RuleChange {
	return append(gateway.CompareConfig(before.inbox, after.inbox), gateway.CompareTemplates(before.templates, after.templates)...)
}

// inboxConfigOf is an inbox as a file.
func (v *visit) inboxConfigOf() (configOf, error) {
	in, err := v.inbox()
	if err != nil {
		return configOf{}, err
	}
	of := v.h.configOfInbox(v.ctx(), v.me, v.access, in)
	of.configPage = configPage{
		Name: in.Name, File: fmt.Sprintf("/inboxes/%d/config", in.ID), Versions: fmt.Sprintf("/inboxes/%d/versions/", in.ID), Download: fmt.Sprintf("/inboxes/%d/config/file", in.ID),
		Up: fmt.Sprintf("/inboxes/%d", in.ID), UpText: v.l.T("rules.to_inbox"), Section: "inboxes", Heading: v.l.T("config.title", "name", in.Name),
		Lead: v.l.T("config.lead"), About: v.l.T("config.about"), Conflict: v.l.T("config.conflict"), Same: v.l.T("config.same"), Stays: v.l.T("config.secrets"),
		Applied: "flash.config_applied", Restored: "flash.config_restored",
	}
	return of, nil
}

func (h *Handlers) configOfInbox(ctx context.Context, by *models.User, access tracker.Access, in gateway.InboxView) configOf {
	apply := func(q gateway.ConfigImport) ([]gateway.ConfigChange, error) {
		return h.Gateway.ImportInboxes(ctx, by, h.mayImport(by, access, q))
	}
	as := func(one gateway.ConfigVersion) kept { return kept{Kept: one.Kept, Who: one.Who, inbox: one.Config} }
	return configOf{
		download: fmt.Sprintf("letterbox-inbox-%d.yaml", in.ID),
		export:   func() ([]byte, error) { return h.Gateway.ExportInboxes(ctx, in.ID) },
		take: func(raw []byte, dry bool, shown string) ([]gateway.ConfigChange, error) {
			entries, err := alone(inboxfile.Read(raw))("inboxes", "E-CONF-13")
			if err != nil {
				return nil, err
			}
			return apply(gateway.ConfigImport{Entries: entries, Inbox: in.ID, Dry: dry, Shown: shown})
		},
		restore: func(version int64, dry bool) ([]gateway.ConfigChange, error) {
			q, err := h.Gateway.Restoring(ctx, in.ID, version)
			if err != nil {
				return nil, err
			}
			q.Dry = dry
			return apply(q)
		},
		now: func() (kept, error) {
			now, err := h.Gateway.Config(ctx, in.ID)
			return kept{inbox: now}, err
		},
		versions: func() ([]kept, error) {
			all, err := h.Gateway.ConfigVersions(ctx, in.ID)
			return each(all, as), err
		},
		version: func(version int64) (kept, error) {
			one, err := h.Gateway.ConfigVersion(ctx, in.ID, version)
			return as(one), err
		},
	}
}

// templateConfigOf is the answer templates of a project as a file.
func (v *visit) templateConfigOf() (configOf, error) {
	p, err := v.configured()
	if err != nil {
		return configOf{}, err
	}
	of := v.h.configOfTemplates(v.ctx(), v.me, p)
	of.configPage = configPage{
		Name: p.Key, File: fmt.Sprintf("/projects/%d/template-file", p.ID), Versions: fmt.Sprintf("/projects/%d/template-versions/", p.ID), Download: fmt.Sprintf("/projects/%d/template-file/download", p.ID),
		Up: fmt.Sprintf("/projects/%d#templates", p.ID), UpText: v.l.T("template.to_project"), Section: "projects", Heading: v.l.T("template.file_title", "key", p.Key),
		Lead: v.l.T("template.file_lead"), About: v.l.T("template.file_about"), Conflict: v.l.T("template.conflict"), Same: v.l.T("template.same"),
		Applied: "flash.template_applied", Restored: "flash.template_restored",
	}
	return of, nil
}

func (h *Handlers) configOfTemplates(ctx context.Context, by *models.User, p models.Project) configOf {
	q := gateway.TemplateImport{
		Project: func(context.Context, string) (models.Project, error) { return p, nil }, // Whatever the file calls it.
		Set: func(ctx context.Context, sets []models.TemplateSet, look func(was, now [][]models.AnswerTemplate) error) error {
			return h.Tracker.SetAnswerTemplates(ctx, by, sets, look)
		},
	}
	texts := func() ([]inboxfile.Template, error) {
		list, err := h.Tracker.AnswerTemplates(ctx, by, p.ID)
		return gateway.TemplateTexts(list), err
	}
	as := func(one tracker.TemplateVersion) kept {
		return kept{Kept: one.Kept, Who: one.Who, templates: gateway.TemplateTexts(one.Templates)}
	}
	return configOf{
		download: fmt.Sprintf("letterbox-templates-%s.yaml", p.Key),
		export: func() ([]byte, error) {
			list, err := texts()
			if err != nil {
				return nil, err
			}
			return inboxfile.WriteTemplates(inboxfile.Templates{Project: p.Key, Templates: list})
		},
		take: func(raw []byte, dry bool, shown string) ([]gateway.ConfigChange, error) {
			entries, err := alone(inboxfile.ReadTemplates(raw))("projects", "E-CONF-15")
			if err != nil {
				return nil, err
			}
			q := q
			q.Entries, q.Dry, q.Shown = entries, dry, shown
			return gateway.ImportTemplates(ctx, q)
		},
		restore: func(version int64, dry bool) ([]gateway.ConfigChange, error) {
			one, err := h.Tracker.TemplateVersion(ctx, by, p.ID, version)
			if err != nil {
				return nil, err
			}
			q := q
			q.Dry = dry
			return gateway.SetTemplates(ctx, q, []models.Project{p}, []models.TemplateSet{{ProjectID: p.ID, Templates: one.Templates, Restores: version}})
		},
		now: func() (kept, error) {
			list, err := texts()
			return kept{templates: list}, err
		},
		versions: func() ([]kept, error) {
			all, err := h.Tracker.TemplateVersions(ctx, by, p.ID)
			return each(all, as), err
		},
		version: func(version int64) (kept, error) {
			one, err := h.Tracker.TemplateVersion(ctx, by, p.ID, version)
			return as(one), err
		},
	}
}

func each[T, R any](list []T, as func(T) R) []R {
	out := make([]R, len(list))
	for i, one := range list {
		out[i] = as(one)
	}
	return out
}

// alone refuses a file with more than one entry.
func alone(entries []*inboxfile.Entry, err error) func(field, code string) ([]*inboxfile.Entry, error) {
	return func(field, code string) ([]*inboxfile.Entry, error) {
		if err == nil && len(entries) != 1 {
			err = models.InvalidList{{Field: field, Code: code}}
		}
		return entries, err
	}
}
