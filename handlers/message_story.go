package handlers

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"letterbox/models"
)

// run is the story of one way through the steps.
type run struct {
	Number  int
	At      time.Time
	Chapter []chapter
}

// chapter is what one step has to tell.
type chapter struct {
	Step, Icon, Kind string
	Said             []said
}

type said struct {
	Text, Code string
	At         time.Time
	Refused    bool
}

// run turns a trace into chapters, one for each step in a row. The verdict is left out where the check that decided it
// stands before it and says more.
func (v *visit) run(t models.Trace) run {
	r := run{Number: t.Run, At: t.CreatedAt}
	for _, e := range t.Entries {
		if len(r.Chapter) == 0 || r.Chapter[len(r.Chapter)-1].Step != string(e.Step) {
			r.Chapter = append(r.Chapter, chapter{Step: string(e.Step), Icon: "check", Kind: "ok"})
		}
		c := &r.Chapter[len(r.Chapter)-1]
		if n := len(c.Said); n > 0 && c.Said[n-1].Refused && strings.HasPrefix(e.Code, "verdict.") {
			continue
		}
		s := said{Code: e.Code, At: e.At, Text: v.told(e)}
		if strings.HasSuffix(e.Code, ".refused") || strings.HasPrefix(e.Code, "verdict.") {
			s.Refused = true
			c.Icon, c.Kind = "cross", "bad"
		}
		c.Said = append(c.Said, s)
	}
	return r
}

// told is the sentence of one entry of a trace.
func (v *visit) told(e models.TraceEntry) string {
	args := v.traceWords(e.Args)
	if strings.HasPrefix(e.Code, "check.") || strings.HasPrefix(e.Code, "verdict.") {
		return v.l.T(e.Code, args)
	}
	if e.Code == "fetch.downloaded" && args["folder"] == "" { // Only IMAP has folders.
		if e.Args["door"] == "pop3" {
			return v.l.T("story.fetch.pop3", args)
		}
		return v.l.T("story.fetch.handed_in", args)
	}
	return v.l.T("trace."+e.Code, args)
}

// traceWords returns the placeholders of an entry of a trace as people read them: doors, settings and defects in words,
// numbers by the language, times in the zone of the server.
func (v *visit) traceWords(recorded map[string]string) map[string]string {
	args := maps.Clone(recorded)
	if args == nil {
		args = map[string]string{}
	}
	if n, err := strconv.ParseInt(args["size"], 10, 64); err == nil {
		args["size"] = v.l.Number(n)
	}
	if s, ok := args["signature"]; ok {
		args["signature"] = v.l.T(s)
	}
	if p, ok := args["problem"]; ok && v.l.Has("extract."+p) {
		args["problem"] = v.l.T("extract."+p, recorded)
	}
	if kind, ok := args["kind"]; ok && v.l.Has("script."+kind) {
		args["kind"] = v.l.T("script." + kind)
	}
	if thing, ok := args["thing"]; ok {
		args["condition"] = v.flowCondition(models.FlowCondition{Field: thing, Name: args["name"], Op: args["op"], Value: args["value"]})
	}
	if n := args["script_version"]; n != "" {
		args["script_version"] = v.l.T("flow.version", "n", n)
	}
	if n, ok := args["flow_version"]; ok {
		if args["flow_version"] = v.l.T("flow.version", "n", n); n == "0" {
			args["flow_version"] = v.l.T("flow.draft")
		}
	}
	if state, ok := args["to_state"]; ok {
		args["to_state"] = v.l.T("state." + state)
	}
	if set, ok := args["set"]; ok {
		args["set"] = v.l.T("script.set." + set)
	}
	if d, err := time.ParseDuration(args["window"]); err == nil {
		args["window"] = v.l.Duration(d)
	}
	if s, ok := args["setting"]; ok {
		args["setting"] = v.l.T("extraction." + s)
	}
	if d, ok := args["defect"]; ok {
		args["defect"] = v.defect(d, args["detail"])
	}
	if key := "door." + args["door"]; v.l.Has(key) {
		args["door"] = v.l.T(key)
	}
	if at, err := time.Parse("2006-01-02 15:04", args["date"]); err == nil {
		at = at.Local()
		args["date"] = v.l.Date(at) + ", " + v.l.Clock(at)
	}
	for _, name := range []string{"policy", "would_pass"} {
		if value, ok := args[name]; ok {
			args[name] = v.settingWords("sender_failed", v.settingWords("spam_mail", v.settingWords("empty_subject", v.settingWords("auto_mail", value))))
		}
	}
	return args
}

// settingWords writes the values of a setting as its form does, when all of them are values of that setting.
func (v *visit) settingWords(setting, list string) string {
	values := strings.Split(list, ", ")
	for i, value := range values {
		key := "choice." + setting + "." + value
		if !v.l.Has(key) {
			return list
		}
		values[i] = v.l.T(key)
	}
	return strings.Join(values, ", ")
}
