package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/extract"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
)

// doAsScripted takes over what a script has decided. What it sets goes over what a profile, flow rules and the scripts before it
// have set.
func (g *Gateway) doAsScripted(ctx context.Context, d *delivery, s scriptRun, want script.Decision) error {
	if want.Folder != "" {
		d.noteFolder(s.name, want.Folder)
	}
	switch {
	case want.Reject != "" && d.told == nil:
		d.finish(models.MessageRejected, rule.ScriptRejected)
		d.note(models.StepMatch, "verdict."+string(rule.ScriptRejected), "text", want.Reject)
		return nil
	case want.SetAside != "" && d.told == nil:
		d.finish(models.MessageQuarantined, rule.ScriptSetAside)
		d.note(models.StepMatch, "verdict."+string(rule.ScriptSetAside), "text", want.SetAside)
		return nil
	case want.Reject != "" || want.SetAside != "":
		d.note(models.StepMatch, "match.script_overruled", "text", want.Reject+want.SetAside)
	}
	if want.Project != "" {
		was := d.project()
		p, ok, err := g.routeTo(ctx, d, want.Project)
		if err != nil {
			return err
		}
		if !ok {
			d.scriptFailed(s, script.Failure{Kind: script.Unusable, Detail: fmt.Sprintf("there is no project %q to which issues can be added", want.Project)})
			return nil
		}
		d.claim("project", "project", s.name)
		if p.ID != was {
			d.note(models.StepMatch, "match.script_project", "project", p.Key)
		}
	}
	if _, usual := models.ParsePriority(want.Priority); want.Priority != "" && !usual {
		p, err := g.priorityNamed(ctx, d.project(), want.Priority)
		if err != nil {
			return err
		}
		if p == nil {
			d.scriptFailed(s, script.Failure{Kind: script.Unusable, Detail: fmt.Sprintf("priority is %q, want low, normal, high, urgent or one that the project has", cut(want.Priority, 100))})
			return nil
		}
	}
	silent := d.scripted.Silent
	d.scripted = want
	if d.scripted.Silent = silent || want.Silent; want.Silent {
		d.note(models.StepMatch, "match.script_silent")
	}
	d.overlay("script", s.name, want)
	return nil
}

// noteFolder takes over the folder that a script names for the message. Only what has come over IMAP is moved.
func (d *delivery) noteFolder(by, folder string) {
	code := "match.script_folder"
	if d.inbox.Settings.Receive != doorIMAP {
		code = "match.script_no_folder"
	}
	d.claim("folder", "folder", by)
	d.flowed.Folder = folder
	d.note(models.StepMatch, code, "folder", folder)
}

// byFlow says that flow rules have set something; no script has such a name.
const byFlow = " "

// claim notes that something is set by flow rules ([byFlow]), by a shared script or by the script of the inbox (""), and tells
// who has set it before: the last one counts.
func (d *delivery) claim(key, set, by string) {
	switch was, ok := d.setBy[key]; {
	case !ok || was == by:
	case was == byFlow:
		d.note(models.StepMatch, "match.script_over_flow", "set", set)
	default:
		d.note(models.StepMatch, "match.script_over", "set", set, "name", was)
	}
	if d.setBy == nil {
		d.setBy = map[string]string{}
	}
	d.setBy[key] = by
}

// overlay writes what flow rules or a script set over what a profile has set. by is "flow" or "script", who as [delivery.claim]
// has it.
func (d *delivery) overlay(by, who string, want script.Decision) {
	o := extract.Outcome{Update: true}
	if d.data != nil {
		o = *d.data
	}
	set := false
	put := func(key, value string, to *string) {
		if value == "" {
			return
		}
		set = true
		if name, _, ok := strings.Cut(value, ": "); name == "" || !ok || key != "fields" {
			d.claim(key, key, who)
		} else {
			d.claim(key+"."+strings.ToLower(name), key, who)
		}
		d.note(models.StepMatch, "match."+by+"_sets", "set", key, "value", cut(value, 300))
		if to != nil {
			*to = value
		}
	}
	put("title", models.OneLine(want.Title), &o.Title)
	put("text", want.Description, &o.Text)
	put("assignee", want.Assignee, &o.Assignee)
	put("key", strings.Join(strings.Fields(want.Key), " "), &o.Key)
	if put("priority", want.Priority, nil); want.Priority != "" {
		o.Priority, o.PriorityName = nil, want.Priority
		if p, usual := models.ParsePriority(want.Priority); usual {
			o.Priority, o.PriorityName = &p, ""
		}
	}
	if day, err := time.Parse(time.DateOnly, want.Due); err == nil {
		put("due", want.Due, nil)
		o.Due = &day
	}
	want.Labels = labelNames(want.Labels)
	if len(want.Labels) > 0 {
		put("labels", strings.Join(want.Labels, ", "), nil)
		o.Labels = want.Labels
	}
	for _, f := range want.Fields {
		put("fields", f.Name+": "+f.Value, nil)
		o.Fields = withField(o.Fields, f)
	}
	if set {
		d.data = &o
	}
}

// withField returns fields of a profile with one of a script; the same name is replaced.
func withField(fields []extract.Field, f script.Field) []extract.Field {
	out := make([]extract.Field, 0, len(fields)+1)
	for _, have := range fields {
		if !strings.EqualFold(have.Name, f.Name) {
			out = append(out, have)
		}
	}
	return append(out, extract.Field{Name: f.Name, Value: f.Value})
}

// noteUnset says that a comment takes nothing of what the script sets: that is for new issues, and for those that the
// merge key names.
func (d *delivery) noteUnset() {
	if len(d.ran) > 0 && d.data != nil && d.state == models.MessageCommented && !d.target.byKey {
		d.note(models.StepMatch, "match.script_comment", "key", issueKey(d.target.comment))
	}
}

// project is the project in which the message opens an issue.
func (d *delivery) project() int64 {
	if d.routed != 0 {
		return d.routed
	}
	return d.inbox.ProjectID
}

// labelNames are the names that labels have once they are kept, each once.
func labelNames(list []string) []string {
	var out []string
	for _, name := range list {
		if name = models.LabelName(name); name != "" && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, name) }) {
			out = append(out, name)
		}
	}
	return out
}
