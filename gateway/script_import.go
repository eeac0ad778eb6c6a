package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"letterbox/gateway/inboxfile"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// ScriptImport is a file of shared scripts and how it is taken in.
type ScriptImport struct {
	Entries []*inboxfile.Entry
	Dry     bool   // Find out everything, change nothing.
	Shown   string // The digest of the difference that somebody has seen, as of [ConfigImport].
}

// wantedScript is a shared script as a file wants it.
type wantedScript struct {
	was, is models.SharedScript // The ID of was is 0 when there is none yet.
	change  ConfigChange
}

// SharedScriptByName returns the shared script of that name as it is in force; models.ErrNotFound when there is none.
func (g *Gateway) SharedScriptByName(ctx context.Context, name string) (models.SharedScript, error) {
	found, err := g.scriptsByName(ctx, []string{name})
	if err != nil {
		return models.SharedScript{}, err
	}
	s, ok := found[scriptKey(name)]
	if !ok {
		return s, fmt.Errorf("shared script %q: %w", name, models.ErrNotFound)
	}
	return s, nil
}

// ScriptFile writes shared scripts as a file. The same scripts are always the same octets.
func ScriptFile(list []models.SharedScript) ([]byte, error) {
	texts := make([]inboxfile.Script, len(list))
	for i, s := range list {
		texts[i] = scriptInFile(s)
	}
	return inboxfile.WriteScripts(texts...)
}

func scriptInFile(s models.SharedScript) inboxfile.Script {
	out := inboxfile.NewScript()
	out.Name, out.Everyone, out.Source = s.Name, s.Everyone, s.Source
	if s.OnFailure != "" {
		out.OnFailure = s.OnFailure
	}
	return out
}

// scriptKey is how the name of a shared script is compared.
func scriptKey(name string) string { return rule.Fold(strings.Join(strings.Fields(name), " ")) }

// scriptsByName returns the shared scripts in force that have one of these names, by the name as it is compared.
func (g *Gateway) scriptsByName(ctx context.Context, names []string) (map[string]models.SharedScript, error) {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = scriptKey(name)
	}
	list, err := g.Store.SharedScriptsNamed(ctx, keys)
	out := map[string]models.SharedScript{}
	for _, s := range list {
		out[s.Folded] = s
	}
	return out, err
}

// ImportScripts makes shared scripts what a file says, found by their names and added when there is none, all in one
// transaction, and returns how they differed, in the order of the file. It removes none, whether rules name it or not. A
// second time there is nothing to do. What cannot be taken is a models.InvalidList with the lines of the file, and nothing
// has changed then; models.ErrForbidden for who is no admin, models.ErrConflict when somebody was faster.
func (g *Gateway) ImportScripts(ctx context.Context, by *models.User, q ScriptImport) ([]ConfigChange, error) {
	if !mayScript(by) {
		return nil, fmt.Errorf("import shared scripts: %w", models.ErrForbidden)
	}
	var names []string
	for _, e := range q.Entries {
		names = append(names, e.Name)
	}
	todo, err := g.wantScripts(ctx, q.Entries, names) // Before the transaction: they are compiled in another process.
	if err != nil {
		return nil, err
	}
	out := make([]ConfigChange, len(todo))
	for i, w := range todo {
		out[i] = w.change
	}
	if q.Shown != "" && q.Shown != Digest(out) {
		return nil, models.ErrConflict
	}
	if q.Dry {
		return out, nil
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		found, err := g.scriptsByName(ctx, names)
		if err != nil {
			return err
		}
		for _, w := range todo {
			if now := found[w.is.Folded]; now.ID != w.was.ID || now.Version != w.was.Version {
				return fmt.Errorf("shared script %q is another one meanwhile: %w", w.is.Name, models.ErrConflict)
			}
			if w.was.ID == 0 {
				s := w.is
				err = g.putNew(ctx, by, &s, "shared_script.import")
			} else {
				_, err = g.putVersion(ctx, by, w.was, w.is, "shared_script.import", nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// wantScripts finds out what a file wants of each script that it names.
func (g *Gateway) wantScripts(ctx context.Context, entries []*inboxfile.Entry, names []string) (todo []wantedScript, err error) {
	found, err := g.scriptsByName(ctx, names)
	if err != nil {
		return nil, err
	}
	var list models.InvalidList
	twice := map[string]bool{}
	for _, e := range entries {
		key := scriptKey(e.Name)
		w, err := g.wantScript(ctx, e, found[key])
		if err == nil && twice[key] {
			err = models.InvalidList{{Field: "name", Code: "E-CONF-08", Args: map[string]string{"name": e.Name}, Line: e.Line("name")}}
		}
		twice[key] = true
		if wrong, ok := errors.AsType[models.InvalidList](err); ok {
			list = append(list, wrong...)
			continue
		}
		if err != nil {
			return nil, err
		}
		todo = append(todo, w)
	}
	if len(list) > 0 {
		return nil, list
	}
	return todo, nil
}

// wantScript looks at one entry with the checks of saving.
func (g *Gateway) wantScript(ctx context.Context, e *inboxfile.Entry, was models.SharedScript) (w wantedScript, err error) {
	before := inboxfile.NewScript()
	if was.ID != 0 {
		before = scriptInFile(was)
	}
	said, list := e.LayScript(before)
	if len(list) > 0 {
		return w, list
	}
	is := models.SharedScript{ID: was.ID, Name: said.Name, Source: said.Source, OnFailure: said.OnFailure, Everyone: said.Everyone}
	if was.ID == 0 {
		err = g.tidyNew(ctx, &is)
	} else {
		is.Name = was.Name // It never changes, not in its case either.
		err = g.tidyShared(ctx, &is, was.Source)
	}
	if wrong, ok := errors.AsType[models.InvalidList](err); ok {
		return w, inLines(e, wrong)
	}
	if err != nil {
		return w, err
	}
	change := ConfigChange{ID: was.ID, Name: is.Name, New: was.ID == 0}
	change.Changes = compareLeaves(inboxfile.ScriptLeaves(before), inboxfile.ScriptLeaves(scriptInFile(is)))
	return wantedScript{was: was, is: is, change: change}, nil
}
