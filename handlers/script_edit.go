package handlers

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/models"
)

// scriptView is what the page of the script of an inbox shows beside its fields.
type scriptView struct {
	gateway.InboxView
	May      bool // The person may change and try it.
	Keys     []string
	Tried    *scriptTrial
	Shared   []option // The scripts that it can use instead of one of its own.
	Conflict bool
}

// scriptTrial is what a script said to mails.
type scriptTrial struct {
	Rows   []scriptRow
	Failed int
}

// scriptRow is what a script said to one mail.
type scriptRow struct {
	models.Message
	Was, Now health
	Differs  bool
	Why      string
	Failure  string // In words; "" when there is a decision.
	Title    string // Of the issue, where the script changes it.
	Log      []string
	Millis   int64
	Asked    bool // The mail came as far as the script.
	Chapter  []chapter
}

// exampleScript is where an admin begins.
const exampleScript = `// Called for each mail that the rules let in. Return nothing to leave it as it is.
function onEmail(mail, ctx) {
  const text = mail.subject + "\n" + mail.text;
  if (/unsubscribe/i.test(mail.subject)) return { reject: "No newsletters here" };

  const number = /incident\s+(\d+)/i.exec(text);
  if (!number) return;
  log("incident", number[1]);
  return {
    title: "Incident " + number[1],
    priority: /urgent|dringend/i.test(text) ? "urgent" : "normal",
    labels: ["incident"],
    fields: { Incident: number[1] },
    key: number[1],
  };
}
`

func scriptFields() []string {
	return []string{"base", "uses", "script", "script_on_failure", "source", "count", "pasted"}
}

// scriptEdit shows the script of an inbox; with a message named, the trial begins with it.
func scriptEdit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	s := in.Rules.Script
	return v.showScript(http.StatusOK, in, v.newForm("script", map[string]string{
		"base": strconv.FormatInt(in.RuleVersion, 10), "uses": s.Uses, "script": s.Source, "script_on_failure": or(s.OnFailure, "set_aside"),
		"source": "latest", "count": "10", "pasted": "",
	}), scriptView{})
}

// scriptUpdate saves the script as a new version of the rules, or tries it.
func scriptUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readForm("script", scriptFields()...)
	if err != nil {
		return err
	}
	base, err := f.rulesBase()
	if err != nil {
		return err
	}
	draft := models.Script{Source: f.text("script"), Uses: f.get("uses"), OnFailure: f.get("script_on_failure")}
	data := scriptView{}
	switch v.Request.PostForm.Get("do") {
	case "example":
		f.values["script"] = exampleScript
	case "try":
		data.Tried, err = v.tryScript(in, f, draft)
	case "save":
		var version int64
		if version, err = v.h.Gateway.SaveScript(v.ctx(), v.me, in.ID, base, draft); err == nil {
			return v.rulesSaved(in, "script", base, version)
		}
	default:
		return errUnreadable
	}
	status, err := f.rulesRefused(in, err, func(path string) string {
		return or(map[string]string{"mail": "pasted", "source": "script", "on_failure": "script_on_failure"}[path], path)
	})
	if err != nil {
		return err
	}
	data.Conflict = status == http.StatusConflict
	return v.showScript(status, in, f, data)
}

// tryScript shows what the script in the form says to mails; nothing is written.
func (v *visit) tryScript(in gateway.InboxView, f *form, draft models.Script) (*scriptTrial, error) {
	all, err := triedOn(f,
		func(mail io.Reader) (gateway.Tried, error) {
			return v.h.Gateway.TryScript(v.ctx(), v.me, in.ID, draft, mail)
		},
		func(n int) ([]gateway.Tried, error) {
			return v.h.Gateway.TryScriptOnLatest(v.ctx(), v.me, in.ID, draft, n)
		})
	if err != nil {
		return nil, err
	}
	return v.scriptTrial(all, draft.Uses), nil
}

// triedOn tries a script on the mails that a form names: a pasted one, or the latest n.
func triedOn(f *form, pasted func(io.Reader) (gateway.Tried, error), latest func(n int) ([]gateway.Tried, error)) ([]gateway.Tried, error) {
	if f.get("source") == "pasted" {
		mail, err := pastedMail(f)
		if err != nil {
			return nil, err
		}
		one, err := pasted(mail)
		return []gateway.Tried{one}, err
	}
	n, err := strconv.Atoi(f.get("count"))
	if err != nil || !slices.Contains([]int{5, 10, 20}, n) {
		n = 10
	}
	return latest(n)
}

// scriptTrial shows what mails have come to. name is the shared script that is tried; "": that of an inbox.
func (v *visit) scriptTrial(all []gateway.Tried, name string) *scriptTrial {
	out := &scriptTrial{}
	for _, t := range all {
		row := scriptRow{Message: t.Message, Differs: t.Differs(), Was: v.decided(t.InForce), Now: v.decided(t.Draft), Why: v.why(t.Draft)}
		row.Chapter = v.run(models.Trace{Entries: t.Draft.Trace}).Chapter
		if t.Draft.Title != t.InForce.Title {
			row.Title = t.Draft.Title
		}
		if r := t.Draft.ScriptNamed(name); r != nil {
			row.Asked, row.Log, row.Millis = true, r.Log, r.Took.Milliseconds()
			if r.Failure != nil {
				out.Failed++
				row.Failure = v.failureOf(t.Draft.Trace)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// failureOf is the sentence about a script that failed.
func (v *visit) failureOf(trace []models.TraceEntry) string {
	for _, e := range trace {
		if strings.HasPrefix(e.Code, "match.script_failed") {
			return v.told(e)
		}
	}
	return ""
}

func (v *visit) showScript(status int, in gateway.InboxView, f *form, data scriptView) error {
	data.InboxView, data.May, data.Keys = in, v.access.Admin(), script.Keys()
	all, err := v.h.Gateway.SharedScripts(v.ctx())
	if err != nil {
		return err
	}
	data.Shared = []option{{"", v.l.T("script.own")}}
	for _, one := range all {
		data.Shared = append(data.Shared, option{one.Name, v.l.T("script.use", "name", one.Name)})
	}
	if uses := f.get("uses"); uses != "" && !slices.ContainsFunc(all, func(s models.SharedScript) bool { return s.Name == uses }) {
		data.Shared = append(data.Shared, option{uses, v.l.T("script.use_gone", "name", uses)})
	}
	return v.render(status, "script_edit", view{Title: v.l.T("script.title", "name", in.Name), Section: "inboxes", Form: f, Data: data})
}
