package gateway

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"letterbox/gateway/script"
	"letterbox/models"
)

// mayScript reports whether a person may write scripts: they decide on all mail of an inbox and may send it to any
// project. Nil is a command on the machine itself.
func mayScript(by *models.User) bool { return by == nil || by.Role == models.RoleAdmin }

// SaveScript puts a script in force in an inbox as a new version of its rules, when the one in force is still base;
// models.ErrConflict otherwise. models.ErrForbidden for who is no admin, models.InvalidList for a script that is none. It
// returns the version in force.
func (g *Gateway) SaveScript(ctx context.Context, by *models.User, inboxID, base int64, s models.Script) (int64, error) {
	if !mayScript(by) {
		return 0, fmt.Errorf("change the script: %w", models.ErrForbidden)
	}
	if err := g.wrongScript(ctx, models.Script{OnFailure: s.OnFailure}); err != nil { // Also of a script that is taken away.
		return 0, err
	}
	rules, err := g.rulesToChange(ctx, inboxID, base)
	if err != nil {
		return 0, err
	}
	rules.Script = tidyScript(s)
	return g.putInForce(ctx, by, inboxID, base, rules, "script.update", nil)
}

// tidyScript leaves out what is usual, so that saving without a change makes no version.
func tidyScript(s models.Script) models.Script {
	s.Source = strings.ReplaceAll(s.Source, "\r\n", "\n")
	if s.Uses = strings.TrimSpace(s.Uses); strings.TrimSpace(s.Source) == "" {
		s.Source = ""
	}
	if s.Empty() {
		return models.Script{}
	}
	if s.OnFailure == "set_aside" {
		s.OnFailure = ""
	}
	return s
}

// wrongScript returns what keeps a script from being put in force, as a models.InvalidList. It is compiled where scripts
// run, never here.
func (g *Gateway) wrongScript(ctx context.Context, s models.Script) error {
	if s.Source != "" && s.Uses != "" {
		return models.InvalidList{{Field: "uses", Code: "E-SCRIPT-07"}}
	}
	if s.OnFailure != "" && s.OnFailure != "set_aside" && s.OnFailure != "go_on" {
		return models.InvalidList{{Field: "on_failure", Code: "E-SCRIPT-03"}}
	}
	if s.Source == "" {
		return nil
	}
	if len(s.Source) > script.MaxSource {
		return models.InvalidList{{Field: "source", Code: "E-SCRIPT-02", Args: map[string]string{"max": strconv.Itoa(script.MaxSource >> 10)}}}
	}
	if g.Scripts == nil {
		return models.InvalidList{{Field: "source", Code: "E-SCRIPT-04"}}
	}
	f, err := g.Scripts.Check(ctx, s.Source)
	if err != nil {
		return fmt.Errorf("compile the script: %w", err)
	}
	if f != nil && f.Line == 0 {
		return models.InvalidList{{Field: "source", Code: "E-SCRIPT-06", Args: map[string]string{"detail": f.Detail}}}
	}
	if f != nil {
		return models.InvalidList{{Field: "source", Code: "E-SCRIPT-01", Args: map[string]string{"row": strconv.Itoa(f.Line), "detail": f.Detail}}}
	}
	return nil
}

// CompareScript returns how two scripts differ, line by line.
func CompareScript(before, after models.Script) (c RuleChange, differs bool) {
	c = RuleChange{Field: "script", Before: scriptText(before), After: scriptText(after)}
	was, is := strings.Split(c.Before, "\n"), strings.Split(c.After, "\n")
	c.Added, c.Gone = missing(is, was), missing(was, is)
	return c, before != after
}

func scriptText(s models.Script) string {
	if s.Empty() {
		return ""
	}
	text := s.Source
	if s.Uses != "" {
		text = "uses = " + s.Uses
	}
	if s.OnFailure != "" {
		text = "on_failure = " + s.OnFailure + "\n" + text
	}
	return text
}
