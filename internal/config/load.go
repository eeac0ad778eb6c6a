package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"letterbox/internal/spelling"
)

// Source is where settings are looked for.
type Source struct {
	Flags map[string]string // Flags that were given, by name without dashes.
	Env   []string          // NAME=VALUE, as os.Environ returns it.
	File  string            // TOML file; "": the variable LETTERBOX_CONFIG names it, else there is none.
}

// Problem is one setting that cannot be used.
type Problem struct {
	Where string // The flag, the variable, or file:line.
	Text  string
}

func (p *Problem) Error() string { return p.Where + ": " + p.Text }

// Problems is everything that is wrong with the settings.
type Problems []*Problem

func (l Problems) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads the settings. A variable that is set to nothing counts as not set. The error is a [Problems] that holds all that is wrong; the settings are then not usable.
func Load(src Source) (Config, error) {
	l := loader{env: map[string]string{}}
	for _, pair := range src.Env {
		if name, value, ok := strings.Cut(pair, "="); ok && value != "" && strings.HasPrefix(name, envPrefix) {
			l.env[name] = value
		}
	}
	fields := Fields()
	for _, f := range fields {
		l.apply(f, "default of "+f.Key, f.Default)
	}
	l.readFile(fields, cmp.Or(src.File, l.env[envPrefix+"CONFIG"]))
	l.readEnv(fields)
	for _, f := range fields {
		if text, ok := src.Flags[f.Flag]; ok && f.Flag != "" {
			l.apply(f, "--"+f.Flag, text)
		}
	}
	l.checkOIDC()
	if len(l.wrong) > 0 {
		return Config{}, l.wrong
	}
	return complete(l.cfg), nil
}

type loader struct {
	cfg   Config
	env   map[string]string
	wrong Problems
}

func (l *loader) problem(where, format string, args ...any) {
	l.wrong = append(l.wrong, &Problem{where, fmt.Sprintf(format, args...)})
}

func (l *loader) apply(f Field, where, text string) {
	if err := f.set(&l.cfg, text); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			l.problem(where, "%s", line)
		}
	}
}

func (l *loader) readEnv(fields []Field) {
	for _, f := range fields {
		text, given := l.env[f.Env]
		file, fileGiven := l.env[f.Env+"_FILE"]
		switch {
		case given && fileGiven:
			l.problem(f.Env+"_FILE", "%s is set as well; use one of them", f.Env)
		case given:
			l.apply(f, f.Env, text)
		case fileGiven:
			content, err := os.ReadFile(file)
			if err != nil {
				l.problem(f.Env+"_FILE", "%v", err)
				continue
			}
			l.apply(f, f.Env+"_FILE", string(content))
		}
	}
	l.misspelt(fields)
}

// misspelt reports variables that look like a slip of the pen. Other unknown ones are left alone: container platforms
// add variables such as LETTERBOX_PORT_8080_TCP on their own, and tests have theirs.
func (l *loader) misspelt(fields []Field) {
	known := []string{envPrefix + "CONFIG"}
	for _, f := range fields {
		known = append(known, f.Env, f.Env+"_FILE")
	}
	names := make([]string, 0, len(l.env))
	for name := range l.env {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(known, name) || strings.HasPrefix(name, envPrefix+"TEST_") {
			continue
		}
		if best, steps := nearest(name, known); steps <= 2 {
			l.problem(name, "there is no such variable; did you mean %s?", best)
		}
	}
}

func (l *loader) readFile(fields []Field, path string) {
	if path == "" {
		return
	}
	content, err := os.ReadFile(path)
	if err != nil {
		l.problem(path, "%v", err)
		return
	}
	values := map[string]any{}
	if err := toml.Unmarshal(content, &values); err != nil {
		where := path
		if de, ok := errors.AsType[*toml.DecodeError](err); ok {
			row, column := de.Position()
			where = fmt.Sprintf("%s:%d:%d", path, row, column)
		}
		l.problem(where, "%v", err)
		return
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return lineOf(content, a) - lineOf(content, b) })
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.Key
	}
	for _, key := range keys {
		where := fmt.Sprintf("%s:%d", path, lineOf(content, key))
		i := slices.Index(known, key)
		if i < 0 {
			best, _ := nearest(key, known)
			l.problem(where, "there is no setting %q; did you mean %q?", key, best)
			continue
		}
		if text, ok := tomlText(fields[i], values[key]); ok {
			l.apply(fields[i], where, text)
		} else {
			l.problem(where, "%s takes %s", key, kind(fields[i]))
		}
	}
}

func kind(f Field) string {
	if f.List {
		return "a list of texts"
	}
	return "a text"
}

// tomlText turns a TOML value into the form in which a variable has it.
func tomlText(f Field, value any) (string, bool) {
	if text, ok := value.(string); ok && !f.List {
		return text, true
	}
	list, ok := value.([]any)
	if !ok || !f.List {
		return "", false
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], ok = v.(string); !ok {
			return "", false
		}
	}
	return strings.Join(texts, ","), true
}

// lineOf returns the line of a key or table at the top level, counted from 1.
func lineOf(content []byte, key string) int {
	n := 0
	for line := range strings.SplitSeq(string(content), "\n") {
		n++
		name, _, _ := strings.Cut(line, "=")
		name = strings.Trim(name, " \t\r[]\"'")
		if name == key || strings.HasPrefix(name, key+".") {
			return n
		}
	}
	return 1
}

// nearest returns the candidate that takes the fewest single-letter changes, and their number.
func nearest(word string, candidates []string) (best string, steps int) {
	steps = -1
	for _, c := range candidates {
		if d := spelling.Distance(word, c); steps < 0 || d < steps {
			best, steps = c, d
		}
	}
	return best, steps
}
