package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// ScriptUse is an inbox in whose rules in force a shared script is named.
type ScriptUse struct {
	InboxID int64
	Inbox   string
	Rules   []string // The flow rules that run it, those that are off too.
	Own     bool     // It is the script of the inbox.
}

// scriptName is what the name of a shared script is made of.
var scriptName = regexp.MustCompile(`^[\pL\pN][\pL\pM\pN ._-]*$`)

// longestScriptName is how many characters it has at most.
const longestScriptName = 60

// SharedScripts returns the shared scripts as they are in force, by name; at most 1,000.
func (g *Gateway) SharedScripts(ctx context.Context) ([]models.SharedScript, error) {
	return g.Store.SharedScripts(ctx)
}

// SharedScript returns a shared script as it is in force; models.ErrNotFound when there is none.
func (g *Gateway) SharedScript(ctx context.Context, id int64) (models.SharedScript, error) {
	return g.Store.SharedScript(ctx, id)
}

// SharedScriptVersions returns the versions of a shared script, newest first; at most 1,000. They never change.
func (g *Gateway) SharedScriptVersions(ctx context.Context, id int64) ([]models.SharedScript, error) {
	return g.Store.SharedScriptVersions(ctx, id)
}

// SharedScriptVersion returns one version of a shared script; models.ErrNotFound when there is none.
func (g *Gateway) SharedScriptVersion(ctx context.Context, id, version int64) (models.SharedScript, error) {
	return g.Store.SharedScriptVersion(ctx, id, version)
}

// ScriptUses returns the inboxes whose rules in force name shared scripts, by the name as it is compared, in the order of
// the inboxes.
func (g *Gateway) ScriptUses(ctx context.Context) (map[string][]ScriptUse, error) {
	list, err := g.Store.RulesWithScripts(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string][]ScriptUse{}
	for _, ib := range list {
		uses := map[string]*ScriptUse{}
		of := func(name string) *ScriptUse {
			key := rule.Fold(name)
			if uses[key] == nil {
				uses[key] = &ScriptUse{InboxID: ib.InboxID, Inbox: ib.Name}
			}
			return uses[key]
		}
		for _, r := range ib.Rules.Flow.Rules {
			for _, name := range flow.Scripts(models.Flow{Rules: []models.FlowRule{r}}) {
				u := of(name)
				u.Rules = append(u.Rules, r.Name)
			}
		}
		if name := ib.Rules.Script.Uses; name != "" {
			of(name).Own = true
		}
		for key, u := range uses {
			out[key] = append(out[key], *u)
		}
	}
	return out, nil
}

// AddSharedScript adds a shared script with its first version. models.ErrForbidden for who is no admin, models.InvalidList
// for a name or a script that is none.
func (g *Gateway) AddSharedScript(ctx context.Context, by *models.User, s models.SharedScript) (models.SharedScript, error) {
	if !mayScript(by) {
		return s, fmt.Errorf("add a shared script: %w", models.ErrForbidden)
	}
	if err := g.tidyNew(ctx, &s); err != nil {
		return s, err
	}
	err := g.Store.WithTx(ctx, func(ctx context.Context) error { return g.putNew(ctx, by, &s, "shared_script.create") })
	if errors.Is(err, models.ErrConflict) {
		return s, models.InvalidList{{Field: "name", Code: "E-SCRIPT-09"}}
	}
	return s, err
}

// tidyNew is tidyShared for a script that is not there yet: its name is looked at, too.
func (g *Gateway) tidyNew(ctx context.Context, s *models.SharedScript) error {
	if s.Name = strings.Join(strings.Fields(s.Name), " "); utf8.RuneCountInString(s.Name) > longestScriptName || !scriptName.MatchString(s.Name) {
		return models.InvalidList{{Field: "name", Code: "E-SCRIPT-08", Args: map[string]string{"max": itoa(longestScriptName)}}}
	}
	return g.tidyShared(ctx, s, "")
}

// putNew writes a shared script with its first version, in the transaction of ctx.
func (g *Gateway) putNew(ctx context.Context, by *models.User, s *models.SharedScript, action string) error {
	s.Action, s.CreatedBy, s.CreatedAt = action, idOf(by), now()
	if err := g.Store.CreateSharedScript(ctx, s); err != nil {
		return err
	}
	return g.audit(ctx, by, action, "shared_script:"+itoa(s.ID), map[string]string{"name": s.Name})
}

// ChangeSharedScript puts another version of a shared script in force for the next mail everywhere, when the one in force is
// still base; models.ErrConflict otherwise. The name stays. What is in force already makes no version. It returns the
// version in force. models.ErrForbidden for who is no admin, models.InvalidList for a script that is none.
func (g *Gateway) ChangeSharedScript(ctx context.Context, by *models.User, id, base int64, s models.SharedScript) (int64, error) {
	return g.changeShared(ctx, by, id, base, s, "shared_script.update", nil)
}

// RestoreSharedScript puts an earlier version of a shared script in force again, as a new version.
func (g *Gateway) RestoreSharedScript(ctx context.Context, by *models.User, id, base, version int64) (int64, error) {
	old, err := g.Store.SharedScriptVersion(ctx, id, version)
	if err != nil {
		return 0, err
	}
	return g.changeShared(ctx, by, id, base, old, "shared_script.restore", map[string]string{"to": itoa(version)})
}

func (g *Gateway) changeShared(
	ctx context.Context, by *models.User, id, base int64, s models.SharedScript, action string, detail map[string]string,
) (version int64, err error) {
	if !mayScript(by) {
		return 0, fmt.Errorf("change a shared script: %w", models.ErrForbidden)
	}
	inForce, err := g.Store.SharedScript(ctx, id)
	if err != nil {
		return 0, err
	}
	if err := g.tidyShared(ctx, &s, inForce.Source); err != nil {
		return 0, err
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		was, err := g.Store.SharedScript(ctx, id)
		if err != nil {
			return err
		}
		if was.Version != base {
			return fmt.Errorf("version %d of the script is in force, not %d: %w", was.Version, base, models.ErrConflict)
		}
		version, err = g.putVersion(ctx, by, was, s, action, detail)
		return err
	})
	return version, err
}

// putVersion puts a version of the shared script was in force, in the transaction of ctx, and returns which one is then;
// what is in force already makes none.
func (g *Gateway) putVersion(ctx context.Context, by *models.User, was, s models.SharedScript, action string, detail map[string]string) (int64, error) {
	if was.Source == s.Source && was.OnFailure == s.OnFailure && was.Everyone == s.Everyone {
		return was.Version, nil
	}
	c, _ := CompareScript(models.Script{Source: was.Source}, models.Script{Source: s.Source})
	is := models.SharedScript{
		ID: was.ID, Version: was.Version + 1, Source: s.Source, OnFailure: s.OnFailure, Everyone: s.Everyone, Action: action, CreatedBy: idOf(by), CreatedAt: now(),
	}
	if err := g.Store.ChangeSharedScript(ctx, is); err != nil {
		return 0, err
	}
	told := map[string]string{"name": was.Name, "version": itoa(is.Version), "script": fmt.Sprintf("+%d −%d", len(c.Added), len(c.Gone))}
	maps.Copy(told, detail)
	return is.Version, g.audit(ctx, by, action, "shared_script:"+itoa(was.ID), told)
}

// DeleteSharedScript removes a shared script with its versions. One that rules in force name stays: models.InvalidList says
// where. models.ErrForbidden for who is no admin.
func (g *Gateway) DeleteSharedScript(ctx context.Context, by *models.User, id int64) error {
	if !mayScript(by) {
		return fmt.Errorf("remove a shared script: %w", models.ErrForbidden)
	}
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		s, err := g.Store.SharedScript(ctx, id)
		if err != nil {
			return err
		}
		uses, err := g.ScriptUses(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, u := range uses[s.Folded] {
			names = append(names, u.Inbox)
		}
		if len(names) > 0 {
			return models.InvalidList{{Field: "name", Code: "E-SCRIPT-11", Args: map[string]string{"inboxes": strings.Join(names[:min(len(names), 10)], ", ")}}}
		}
		if err := g.Store.DeleteSharedScript(ctx, id); err != nil {
			return err
		}
		return g.audit(ctx, by, "shared_script.delete", "shared_script:"+itoa(id), map[string]string{"name": s.Name})
	})
}

// tidyShared makes a shared script what is kept of it, and returns what keeps it from being put in force. read is a source that
// is known to be good.
func (g *Gateway) tidyShared(ctx context.Context, s *models.SharedScript, read string) error {
	s.Name = strings.Join(strings.Fields(s.Name), " ")
	s.Folded = rule.Fold(s.Name)
	t := tidyScript(models.Script{Source: s.Source, OnFailure: s.OnFailure})
	if t.Source == "" {
		return models.InvalidList{{Field: "source", Code: "E-SCRIPT-12"}}
	}
	if s.Source, s.OnFailure = t.Source, t.OnFailure; t.Source == read {
		t.Source = ""
	}
	return g.wrongScript(ctx, t)
}

// knownScript refuses that an inbox uses a shared script which is not there. What was in force before may stay.
func (g *Gateway) knownScript(ctx context.Context, before, after models.Script) error {
	if after.Uses == "" || rule.Fold(after.Uses) == rule.Fold(before.Uses) {
		return nil
	}
	found, err := g.Store.SharedScriptsNamed(ctx, []string{rule.Fold(after.Uses)})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return models.InvalidList{{Field: "uses", Code: "E-SCRIPT-10", Args: map[string]string{"name": after.Uses}}}
	}
	return nil
}

// noScripts refuses flow rules that run a shared script which is not there, or which the person may not use. What was in force
// before may stay.
func (g *Gateway) noScripts(ctx context.Context, by *models.User, before, after models.Flow) (list models.InvalidList, err error) {
	named := flow.Namings(after, "script")
	if len(named) == 0 {
		return nil, nil
	}
	var known []string
	for _, name := range flow.Scripts(before) {
		known = append(known, rule.Fold(name))
	}
	may, err := g.ScriptsFor(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, s := range may {
		known = append(known, s.Folded)
	}
	for _, a := range named {
		if name := strings.TrimSpace(a.Value); !slices.Contains(known, rule.Fold(name)) {
			list = append(list, &models.Invalid{Field: a.Path, Code: "E-FLOW-14", Args: map[string]string{"rule": a.Rule, "name": name}})
		}
	}
	return list, nil
}

// ScriptsFor returns the shared scripts that flow rules of a person may run, by name. Nil is a command on the machine itself.
func (g *Gateway) ScriptsFor(ctx context.Context, by *models.User) ([]models.SharedScript, error) {
	all, err := g.Store.SharedScripts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read shared scripts: %w", err)
	}
	return slices.DeleteFunc(all, func(s models.SharedScript) bool { return !s.Everyone && !mayScript(by) }), nil
}

// LintScripts returns where flow rules run shared scripts that are not there.
func (g *Gateway) LintScripts(ctx context.Context, f models.Flow) ([]rule.Finding, error) {
	named := flow.Namings(f, "script")
	if len(named) == 0 {
		return nil, nil
	}
	all, err := g.Store.SharedScripts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read shared scripts: %w", err)
	}
	var found []rule.Finding
	for _, a := range named {
		name := strings.TrimSpace(a.Value)
		if !slices.ContainsFunc(all, func(s models.SharedScript) bool { return s.Folded == rule.Fold(name) }) {
			found = append(found, rule.Finding{Field: a.Path, Code: "W-FLOW-04", Args: map[string]string{"rule": a.Rule, "name": name}})
		}
	}
	return found, nil
}
