package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A script in testdata/script is a story of commands, run one after the other in one folder:
//
//	$ user add --login ada    a command; 'single quotes' keep words together, {name} stands for a value of the test
//	< text                    a line of its stdin
//	> text                    a line that it prints, * is any text and a line of ... any lines; without such lines its
//	                          output is not looked at
//	>                         it prints nothing
//	! text                    a part of what it writes to the error output
//	? 2                       its exit status; 0 when this line is missing
//	= name                    what it prints is kept as the value {name}
//
// Other lines are comments.
type call struct {
	line   int
	args   []string
	stdin  string
	stdout []string
	stderr []string
	status int
	keep   string
}

func parseScript(t *testing.T, path string) []call {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls []call
	n := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		n++
		mark, rest, _ := strings.Cut(line, " ")
		if mark == "$" {
			calls = append(calls, call{line: n, args: words(rest)})
			continue
		}
		if len(calls) == 0 || len(mark) != 1 {
			continue
		}
		c := &calls[len(calls)-1]
		switch mark {
		case "<":
			c.stdin += rest + "\n"
		case ">":
			c.stdout = append(c.stdout, rest)
		case "!":
			c.stderr = append(c.stderr, rest)
		case "=":
			c.keep = rest
		case "?":
			if c.status, err = strconv.Atoi(rest); err != nil {
				t.Fatalf("%s:%d: %v", path, n, err)
			}
		}
	}
	if len(calls) == 0 {
		t.Fatalf("%s holds no command", path)
	}
	return calls
}

// words splits a command at blanks outside of single quotes.
func words(s string) (list []string) {
	for _, m := range regexp.MustCompile(`(?:[^' ]|'[^']*')+`).FindAllString(s, -1) {
		list = append(list, strings.ReplaceAll(m, "'", ""))
	}
	return list
}

// glob is a pattern in which * is any text.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
}

// runScript runs a script in the current folder.
func runScript(t *testing.T, path string, values map[string]string) {
	t.Helper()
	fill := func(s string) string {
		for name, value := range values {
			s = strings.ReplaceAll(s, "{"+name+"}", value)
		}
		return s
	}
	for _, c := range parseScript(t, path) {
		args := make([]string, len(c.args))
		for i, a := range c.args {
			args[i] = fill(a)
		}
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), args, strings.NewReader(fill(c.stdin)), &stdout, &stderr)
		at := fmt.Sprintf("%s:%d: letterbox %s", filepath.Base(path), c.line, strings.Join(args, " "))
		if status != c.status {
			t.Errorf("%s\nexit status = %d, want %d\nstdout:\n%s\nstderr:\n%s", at, status, c.status, &stdout, &stderr)
		}
		if c.stdout != nil && !printed(stdout.String(), c.stdout, fill) {
			t.Errorf("%s\nprinted:\n%s\nwant:\n%s\nstderr:\n%s", at, &stdout, strings.Join(c.stdout, "\n"), &stderr)
		}
		for _, part := range c.stderr {
			if !strings.Contains(stderr.String(), fill(part)) {
				t.Errorf("%s\nerror output:\n%s\nwant a part: %s", at, &stderr, part)
			}
		}
		if c.stderr == nil && stderr.Len() > 0 {
			t.Errorf("%s\nunexpected error output:\n%s", at, &stderr)
		}
		if c.keep != "" {
			values[c.keep] = strings.TrimSpace(stdout.String())
		}
	}
}

func printed(got string, want []string, fill func(string) string) bool {
	if len(want) == 1 && want[0] == "" {
		return got == ""
	}
	return sameLines(strings.Split(strings.TrimSuffix(got, "\n"), "\n"), want, fill)
}

func sameLines(got, want []string, fill func(string) string) bool {
	for i, line := range want {
		switch {
		case line == "...":
			for rest := i; rest <= len(got); rest++ {
				if sameLines(got[rest:], want[i+1:], fill) {
					return true
				}
			}
			return false
		case i >= len(got) || !glob(fill(line)).MatchString(strings.TrimRight(got[i], " ")):
			return false
		}
	}
	return len(got) == len(want)
}
