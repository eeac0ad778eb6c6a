package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteExample writes a TOML file with every setting, its meaning, its variable and its flag. Each setting is commented
// out and shows its default, so the file as it is changes nothing.
func WriteExample(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings of Letterbox. Flags and environment variables win over this file.\n")
	for _, f := range Fields() {
		b.WriteByte('\n')
		for _, line := range wrap(f.Doc, 100) {
			fmt.Fprintf(&b, "# %s\n", line)
		}
		fmt.Fprintf(&b, "# Variable %s, or %s_FILE for the name of a file that holds it", f.Env, f.Env)
		if f.Flag != "" {
			fmt.Fprintf(&b, "; flag --%s", f.Flag)
		}
		b.WriteString(".\n")
		if f.List {
			fmt.Fprintf(&b, "# %s = []\n", f.Key)
		} else {
			fmt.Fprintf(&b, "# %s = %q\n", f.Key, f.Default)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteEffective writes the settings in force, one KEY = VALUE a line; of a secret only whether it is set.
func (c Config) WriteEffective(w io.Writer) error {
	var b strings.Builder
	for _, f := range Fields() {
		value := f.text(c)
		if f.Secret {
			value = redact(value)
		}
		fmt.Fprintf(&b, "%s = %q\n", f.Key, value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// redact keeps of a database setting what holds no password, and of anything else nothing.
func redact(value string) string {
	switch {
	case value == "", strings.HasPrefix(value, "sqlite:"):
		return value
	case strings.HasPrefix(value, "mysql:"):
		return "mysql:(set)"
	default:
		return "(set)"
	}
}

// wrap breaks a text into lines of at most width octets where it has blanks.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
